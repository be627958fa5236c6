import { applyDecorators, UseInterceptors } from '@nestjs/common';
import { RequireAuth } from 'nestjs-hanko';
import { AdminErrors } from './admin-errors.interceptor.js';
import { LogChanges } from './log-changes.interceptor.js';

declare module 'nestjs-hanko' {
  interface HankoClaims {
    /** From public metadata, which only the Admin API writes: `session.jwt_template` in Hanko's configuration. */
    readonly role?: 'admin' | '';
  }
}

/**
 * Closes a controller for all but administrators: those who have the role in their token, and signed in with a second factor
 * or a passkey. A stolen password is not enough.
 */
export const ForAdministrators = () =>
  applyDecorators(
    RequireAuth({ claims: { role: 'admin' }, mfa: true }),
    UseInterceptors(LogChanges, AdminErrors),
  );
