import {
  BadRequestException,
  ForbiddenException,
  NotFoundException,
  NotImplementedException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { HANKO_ERROR } from '../hanko.constants.js';
import { ANSWERS, type HankoAnswerCode, unmetDetails } from './error-codes.js';
import type { HankoConfigurationError } from './configuration.error.js';
import { HankoAuthError, standOn } from './hanko-auth.error.js';
import type { HankoUnmetRequirement } from '../requirements/demands.js';

export { type ConfigurationFault, HankoConfigurationError } from './configuration.error.js';
export { HankoAuthError } from './hanko-auth.error.js';

/** No credential (401), or two that contradict each other (400). RFC 6750 §3.1. */
export class HankoCredentialsError extends HankoAuthError {
  static {
    standOn(this, UnauthorizedException);
  }

  /**
   * Extractors of your own throw it too.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(
    override readonly code: 'credentials_missing' | 'credentials_ambiguous',
    reason: string,
  ) {
    super(code, reason);
    if (code === 'credentials_ambiguous') {
      Object.setPrototypeOf(this, onBadRequest(new.target.prototype));
    }
  }
}

/** The only class with two statuses: its prototypes once more, on the other exception of Nest's. */
function onBadRequest(prototype: object): object {
  const isLast = prototype === HankoCredentialsError.prototype;
  return Object.create(
    isLast
      ? BadRequestException.prototype
      : onBadRequest(Object.getPrototypeOf(prototype) as object),
    Object.getOwnPropertyDescriptors(prototype),
  ) as object;
}

/**
 * The caller's token is not a valid session token, or its session has ended (`session_revoked`):
 * 401 `invalid_token`, RFC 6750 §3.1.
 */
export class HankoTokenError extends HankoAuthError {
  static {
    standOn(this, UnauthorizedException);
  }

  /**
   * Extractors and a `JwksProvider` of your own throw it too.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(
    override readonly code: Extract<HankoAnswerCode, `token_${string}` | 'session_revoked'>,
    reason: string,
  ) {
    super(code, reason);
  }
}

/** A page of another site made the browser send the cookie along: 403, RFC 9110 §15.5.4. */
export class HankoCrossSiteError extends HankoAuthError {
  static {
    standOn(this, ForbiddenException);
  }

  override readonly code = 'cross_site_request';

  /**
   * Thrown by this package only; do not construct it in application code.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(reason: string) {
    super('cross_site_request', reason);
  }
}

/**
 * The route demands a login that is stronger or more recent (`mfa`, `amr`, `maxAgeSeconds`): 401
 * `insufficient_user_authentication`, RFC 9470 §3. The body holds `unmet` and `authenticatedAt`.
 */
export class HankoStepUpError extends HankoAuthError {
  static {
    standOn(this, UnauthorizedException);
  }

  override readonly code = 'step_up_required';

  /**
   * `HankoAuthService.assertRequirements()` throws it too.
   * @param unmet every requirement that is not met.
   * @param authenticatedAt when the user logged in. If a new login is answered with the same `unmet`, another
   * one will be too: on a device that it trusts Hanko asks for no second factor.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(
    readonly unmet: readonly HankoUnmetRequirement[],
    readonly authenticatedAt: Date,
    reason: string,
  ) {
    super('step_up_required', reason, {
      headers: stepUpHeaders(unmet),
      body: unmetDetails(unmet, authenticatedAt),
    });
  }
}

function stepUpHeaders(unmet: readonly HankoUnmetRequirement[]): Record<string, string> {
  const age = unmet.find(({ requirement }) => requirement === 'maxAgeSeconds');
  if (age?.requirement !== 'maxAgeSeconds') return {};
  const { challenge } = ANSWERS.step_up_required;
  return { 'WWW-Authenticate': `${challenge}, max_age="${age.needed}"` };
}

/**
 * The user is known and lacks something that no new login would bring (`verifiedEmail`, `claims`): 403
 * `insufficient_scope`, RFC 6750 §3.1. The body holds `unmet`.
 */
export class HankoRequirementError extends HankoAuthError {
  static {
    standOn(this, ForbiddenException);
  }

  override readonly code = 'requirement_not_met';

  /**
   * `HankoAuthService.assertRequirements()` throws it too.
   * @param unmet every requirement that is not met.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(
    readonly unmet: readonly HankoUnmetRequirement[],
    reason: string,
  ) {
    super('requirement_not_met', reason, { body: unmetDetails(unmet) });
  }
}

/**
 * The request belongs to no tenant that this app trusts: 404, RFC 9110 §15.5.5. Only with the option `tenants`. It says
 * nothing of the credential, which was not looked at.
 */
export class HankoTenantError extends HankoAuthError {
  static {
    standOn(this, NotFoundException);
  }

  override readonly code = 'tenant_unknown';

  /**
   * `tenants.resolve()` and `tenants.trust()` of your own may throw it too.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(reason: string) {
    super('tenant_unknown', reason);
  }
}

/**
 * Hanko cannot be asked, so we cannot tell: 503 (RFC 9110 §15.6.4) with `Retry-After` (§10.2.3), never the
 * caller's fault.
 */
export class HankoUnavailableError extends HankoAuthError {
  static {
    standOn(this, ServiceUnavailableException);
  }

  override readonly code = 'hanko_unavailable';

  /**
   * A `JwksProvider` of your own throws it too.
   * @param reason the precise cause, for operators; callers are not told.
   * @param message what callers are told. Default: that the login server cannot be reached.
   */
  constructor(
    reason: string,
    /** Whole seconds until the next try can succeed. */
    readonly retryAfterSeconds: number,
    message?: string,
  ) {
    super('hanko_unavailable', reason, {
      headers: { 'Retry-After': String(retryAfterSeconds) },
      ...(message !== undefined && { body: { message } }),
    });
  }
}

/**
 * A handler is called in a way that no transport knows, and it is not `@Public()`: 501, RFC 9110 §15.6.2. The option
 * `transports` adds one.
 */
export class HankoContextError extends HankoAuthError {
  static {
    standOn(this, NotImplementedException);
  }

  override readonly code = 'context_unsupported';

  /**
   * Thrown by this package only; do not construct it in application code.
   * @param contextType the kind of handler, as `ExecutionContext.getType()` says it.
   * @param handler `Controller.method`.
   * @param supported the kinds of handlers that can be authenticated; or why a call of such a kind cannot, and what to
   * change.
   */
  constructor(
    contextType: string,
    handler: string,
    supported: readonly string[] | string = ['http'],
  ) {
    const why =
      typeof supported === 'string' ? `: ${supported}` : ` ${unknownKind(contextType, supported)}`;
    super(
      'context_unsupported',
      `${handler}${why} It stays closed. To open it, mark it with @Public().`,
    );
  }
}

function unknownKind(contextType: string, supported: readonly string[]): string {
  const kinds = supported.map((kind) => `"${kind}"`).join(', ');
  const what = supported.includes(contextType)
    ? `was called as a "${contextType}" handler in a way that shows no request and no metadata of the caller`
    : `is a "${contextType}" handler, and only ${kinds} handlers can be authenticated`;
  return (
    `${what}. To have it authenticated, give HankoModule.forRoot() a transport that finds the token: ` +
    `transports: [{ type: '${contextType}', open: (context) => ({ params: { token } }) }].`
  );
}

/** Every error this package throws. `switch (error.code)` narrows to the class. */
export type HankoError =
  | HankoCredentialsError
  | HankoTokenError
  | HankoCrossSiteError
  | HankoStepUpError
  | HankoRequirementError
  | HankoTenantError
  | HankoUnavailableError
  | HankoContextError
  | HankoConfigurationError;

/** Every value of an error's `code`. */
export type HankoErrorCode = HankoError['code'];

/**
 * Recognizes errors of this package, also those of another copy of it in the same process, where `instanceof` fails.
 *
 * ```ts
 * try {
 *   await hanko.verifyToken(token);
 * } catch (error) {
 *   if (isHankoError(error) && error.code === 'token_expired') console.log('sign in again');
 *   else throw error;
 * }
 * ```
 */
export function isHankoError(value: unknown): value is HankoError {
  return typeof value === 'object' && value !== null && HANKO_ERROR in value;
}
