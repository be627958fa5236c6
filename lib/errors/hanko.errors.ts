import { HttpException } from '@nestjs/common';
import { HANKO_ERROR } from '../hanko.constants.js';
import { ANSWERS, answerFor, type HankoAnswerCode } from './answers.js';
import type { HankoUnmetRequirement } from './unmet-requirement.js';

/** What one answer has beyond its row in the table. */
interface AnswerDetails {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/**
 * Base of every error that answers a caller. Nest turns it into the response by itself:
 * status (RFC 9110 §15) and the body `{ statusCode, code, message }`.
 *
 * It never holds a token, a cookie or an address: it can be logged as it is.
 */
export abstract class HankoAuthError extends HttpException {
  /** One literal per situation: `switch (error.code)` narrows. */
  abstract readonly code: HankoAnswerCode;

  /**
   * Header fields that belong to the answer (`WWW-Authenticate`, `Retry-After`). The guard and the
   * parameter decorators have set them on the response already; middleware, which gets no response
   * from us, copies them itself.
   */
  readonly headers: Readonly<Record<string, string>>;

  /** The precise cause, for operators. It is not part of the response. */
  readonly reason: string;

  protected constructor(
    code: HankoAnswerCode,
    reason: string,
    { headers = {}, body = {} }: AnswerDetails = {},
  ) {
    const { status, challenge, message } = answerFor(code);
    super({ statusCode: status, code, message, ...body }, status, { errorCode: code });
    this.reason = reason;
    this.headers = challenge ? { 'WWW-Authenticate': challenge, ...headers } : headers;
    brand(this);
  }
}

/** No credential (401), or two that contradict each other (400). RFC 6750 §3.1. */
export class HankoCredentialsError extends HankoAuthError {
  /**
   * Extractors of your own throw it too.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(
    override readonly code: 'credentials_missing' | 'credentials_ambiguous',
    reason: string,
  ) {
    super(code, reason);
  }
}

/**
 * The caller's token is not a good session token, or its session has ended (`session_revoked`):
 * 401 `invalid_token`, RFC 6750 §3.1.
 */
export class HankoTokenError extends HankoAuthError {
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
  override readonly code = 'cross_site_request';

  /**
   * This package alone throws it.
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
  override readonly code = 'step_up_required';

  /**
   * `HankoAuthService.check()` throws it too.
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
      body: { unmet, authenticatedAt: authenticatedAt.toISOString() },
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
  override readonly code = 'requirement_not_met';

  /**
   * `HankoAuthService.check()` throws it too.
   * @param unmet every requirement that is not met.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(
    readonly unmet: readonly HankoUnmetRequirement[],
    reason: string,
  ) {
    super('requirement_not_met', reason, { body: { unmet } });
  }
}

/**
 * Hanko cannot be asked, so we cannot tell: 503 (RFC 9110 §15.6.4) with `Retry-After` (§10.2.3), never the
 * caller's fault.
 */
export class HankoUnavailableError extends HankoAuthError {
  override readonly code = 'hanko_unavailable';

  /**
   * A `JwksProvider` of your own throws it too.
   * @param reason the precise cause, for operators; callers are not told.
   */
  constructor(
    reason: string,
    /** Whole seconds until the next try can succeed. */
    readonly retryAfterSeconds: number,
  ) {
    super('hanko_unavailable', reason, { headers: { 'Retry-After': String(retryAfterSeconds) } });
  }
}

/**
 * A handler of a kind that cannot be authenticated yet (GraphQL, WebSocket, RPC, …) is not `@Public()`:
 * 501, RFC 9110 §15.6.2.
 */
export class HankoContextError extends HankoAuthError {
  override readonly code = 'context_unsupported';

  /**
   * This package alone throws it.
   * @param contextType the kind of handler, as `ExecutionContext.getType()` says it.
   * @param handler `Controller.method`.
   */
  constructor(contextType: string, handler: string) {
    super(
      'context_unsupported',
      `${handler} is a "${contextType}" handler, and only "http" handlers can be authenticated. ` +
        'It stays closed. To open it, mark it with @Public(); to protect it otherwise, use ' +
        'HankoAuthService.verifyToken() in a guard of your own beside @Public().',
    );
  }
}

/** One wrong option: where it is and what to do. */
export interface ConfigurationFault {
  /** An option (`jwksTimeoutMs`, `trustedOrigins[1]`) or an environment variable (`HANKO_API_URL`). */
  readonly path: string;
  /** What is wrong and how to mend it. Never holds the value itself. */
  readonly hint: string;
}

/** The app is set up wrongly. Thrown while it starts, or, where only a request can show it, answered with 500. */
export class HankoConfigurationError extends Error {
  /** The one code it has. */
  readonly code = 'configuration_invalid';
  /** The name of the class, whatever a minifier calls it. */
  override readonly name = 'HankoConfigurationError';
  /** Every fault that was found, not only the first. */
  readonly faults: readonly ConfigurationFault[];

  /**
   * This package alone throws it.
   * @param faults every fault; the message has a line for each.
   */
  constructor(faults: readonly ConfigurationFault[]) {
    super(
      ['nestjs-hanko is not set up correctly:']
        .concat(faults.map(({ path, hint }) => `  - ${path}: ${hint}`))
        .join('\n'),
    );
    this.faults = faults;
    brand(this);
  }
}

/** Every error this package throws. `switch (error.code)` narrows to the class. */
export type HankoError =
  | HankoCredentialsError
  | HankoTokenError
  | HankoCrossSiteError
  | HankoStepUpError
  | HankoRequirementError
  | HankoUnavailableError
  | HankoContextError
  | HankoConfigurationError;

/** Every value of an error's `code`. */
export type HankoErrorCode = HankoError['code'];

/**
 * True for an error of this package, also one of another copy of it in the same process,
 * where `instanceof` fails.
 */
export function isHankoError(value: unknown): value is HankoError {
  return typeof value === 'object' && value !== null && HANKO_ERROR in value;
}

/** Not enumerable: it does not show in logs and JSON. */
function brand(error: object): void {
  Object.defineProperty(error, HANKO_ERROR, { value: true });
}
