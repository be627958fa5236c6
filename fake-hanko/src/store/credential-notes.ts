import { randomUUID } from 'node:crypto';
import type { Credentials } from './records.js';

/** Notes since when there is the password and the authenticator app, as Hanko's tables do. */
export function withNotes(before: Credentials, after: Credentials, at: string): Credentials {
  const { password: oldPassword, otp: oldOtp, ...others } = after;
  const isSamePassword = before.passwordHash === after.passwordHash && oldPassword !== undefined;
  const password = isSamePassword
    ? oldPassword
    : { id: randomUUID(), created_at: at, ...oldPassword, updated_at: at };
  const isSameApp = before.totp?.secret === after.totp?.secret && oldOtp !== undefined;
  const otp = isSameApp ? oldOtp : { id: randomUUID(), created_at: at };
  return {
    ...others,
    ...(after.passwordHash !== undefined && { password }),
    ...(after.totp !== undefined && { otp }),
  };
}
