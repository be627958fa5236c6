import { HttpException } from '@nestjs/common';
import { HANKO_ERROR } from '../hanko.constants.js';
import { answerFor, type HankoAnswerCode, refusalBody } from './error-codes.js';
import { brand } from './error-brand.js';

/** What one answer has beyond its row in the table. */
interface AnswerDetails {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** `errors[].extensions` of a GraphQL response. */
export interface HankoErrorExtensions {
  /** Named after the status: `UNAUTHENTICATED` (401), `FORBIDDEN` (403), `BAD_REQUEST` (400), else `INTERNAL_SERVER_ERROR`. */
  readonly code: string;
  /** The HTTP status, where `code` is `INTERNAL_SERVER_ERROR`. */
  readonly status?: number;
  /** The body that an HTTP response has; its `code` is that of the error. */
  readonly originalError: {
    readonly statusCode: number;
    readonly code: HankoAnswerCode;
    readonly message: string;
  };
}

const GRAPHQL_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
};

/**
 * Base of every error that answers a caller. Nest turns it into the response by itself:
 * status (RFC 9110 §15) and the body `{ statusCode, code, message }`.
 *
 * Each is also the exception of Nest that has its status, so `@Catch(UnauthorizedException)` catches every 401.
 * `@Catch(HankoAuthError)` catches all of them, also those of another copy of this package in the same process.
 *
 * | code                                                | class                   | Nest's exception              |
 * | --------------------------------------------------- | ----------------------- | ----------------------------- |
 * | `credentials_missing`                               | `HankoCredentialsError` | `UnauthorizedException`       |
 * | `credentials_ambiguous`                             | `HankoCredentialsError` | `BadRequestException`         |
 * | any `token_…` code, `session_revoked`               | `HankoTokenError`       | `UnauthorizedException`       |
 * | `step_up_required`                                  | `HankoStepUpError`      | `UnauthorizedException`       |
 * | `requirement_not_met`                               | `HankoRequirementError` | `ForbiddenException`          |
 * | `cross_site_request`                                | `HankoCrossSiteError`   | `ForbiddenException`          |
 * | `tenant_unknown`                                    | `HankoTenantError`      | `NotFoundException`           |
 * | `hanko_unavailable`                                 | `HankoUnavailableError` | `ServiceUnavailableException` |
 * | `context_unsupported`                               | `HankoContextError`     | `NotImplementedException`     |
 *
 * It never holds a token, a cookie or an address: it can be logged as it is. It has no stack trace: `reason` says the cause.
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
    const { status, challenge } = answerFor(code);
    const limit = Error.stackTraceLimit;
    suspendStackTraces(0);
    super({ ...refusalBody(code), ...body }, status, { errorCode: code });
    suspendStackTraces(limit);
    this.reason = reason;
    this.headers = challenge ? { 'WWW-Authenticate': challenge, ...headers } : headers;
  }

  /**
   * GraphQL copies it to `errors[].extensions`: `code` as Nest's Apollo driver names the status, and in `originalError`
   * the body that an HTTP response has. It is the same with each driver, over HTTP and WebSockets.
   */
  get extensions(): HankoErrorExtensions {
    const status = this.getStatus();
    const originalError = this.getResponse() as HankoErrorExtensions['originalError'];
    const code = GRAPHQL_CODES[status];
    return code === undefined
      ? { code: 'INTERNAL_SERVER_ERROR', status, originalError }
      : { code, originalError };
  }
}

/**
 * A refusal is no fault of the program, and its stack trace would cost as much as all the rest of it: bench, scenario
 * `guard-alone`. Where a program has frozen `Error`, errors have one.
 */
function suspendStackTraces(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // Frozen.
  }
}

/**
 * Nest picks exception filters by `instanceof`. A class has one parent only, so the prototypes of ours stand on
 * Nest's exceptions, and whether something is one of ours is told by its brand and its constructor.
 */
Object.defineProperty(HankoAuthError, Symbol.hasInstance, {
  value(this: Function, value: unknown): boolean {
    if (!isAuthError(value)) return false;
    const { constructor } = value;
    return (
      this === HankoAuthError ||
      this === constructor ||
      Object.prototype.isPrototypeOf.call(this, constructor)
    );
  },
});

/** Makes a class of ours a kind of Nest's exception, too. */
export function standOn(errorClass: Function, exception: Function): void {
  // What it loses with the prototype of its parent.
  const { constructor: _, ...inherited } = Object.getOwnPropertyDescriptors(
    HankoAuthError.prototype,
  );
  Object.defineProperties(errorClass.prototype, inherited);
  Object.setPrototypeOf(errorClass.prototype, exception.prototype as object);
  brand(errorClass);
}

/** One that answers a caller. By its brand: a `JwksProvider` may throw errors of another copy of this package. */
const isAuthError = (value: unknown): value is HankoAuthError =>
  typeof value === 'object' && value !== null && HANKO_ERROR in value && 'getStatus' in value;
