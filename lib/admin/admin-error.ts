/** Codes of {@link HankoAdminError}. */
export type HankoAdminErrorCode =
  | 'not_found'
  | 'conflict'
  | 'invalid'
  | 'unauthorized'
  | 'limited'
  | 'unavailable'
  | 'unexpected'
  | 'metadata_invalid';

const ADMIN_ERROR = Symbol.for('nestjs-hanko:admin-error');

/** Details of a {@link HankoAdminError}, as far as they are known. */
export interface HankoAdminErrorDetails {
  /** Status of Hanko's reply; undefined if there was none. */
  readonly status?: number | undefined;
  /** Id of the request (`X-Request-Id`), as in Hanko's log. */
  readonly requestId?: string | undefined;
  /** Reason in Hanko's words, for logs. */
  readonly reason?: string | undefined;
  /** Time until it may be tried again, in seconds from now. */
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * A call to Hanko's Admin API failed. It is no `HttpException`, so a user who is missing in Hanko does not become a 404 of
 * your own route. If nobody catches it, callers get 500; and for `unavailable` and `limited`, with HankoAdminModule, 503
 * `hanko_unavailable` with `Retry-After`, unless an exception filter of yours takes it.
 *
 * ```ts
 * await admin.sessions.revoke(user.id, user.sessionId).catch((error: unknown) => {
 *   if (!(error instanceof HankoAdminError && error.code === 'not_found')) throw error;
 * });
 * ```
 *
 * - `not_found` (404): no such user, session, or other object. With a wrong path in `url`, Hanko says so of everything.
 * - `conflict` (409): taken already, or a limit is reached.
 * - `invalid` (400, 413, 415, 422): Hanko refuses what was sent; `reason` is in its words.
 * - `unauthorized` (401, 403): the API key is missing, wrong, or not allowed to do this.
 * - `limited` (429): too many calls; `retryAfterSeconds` says when to come back, if Hanko says so.
 * - `unavailable`: no connection, no reply in time, 408 or 5xx. A call that writes may have been done all the same.
 * - `unexpected`: a reply that the Admin API does not give: a web page, a redirect, another shape.
 * - `metadata_invalid`: stored metadata does not fit the app's `metadataSchemas`. A call that writes was done all the same.
 */
export class HankoAdminError extends Error {
  // Whoever has both builds in one process, or a test in a realm of its own, asks by `instanceof`, too.
  static {
    Object.defineProperty(this.prototype, ADMIN_ERROR, { value: true });
    Object.defineProperty(this, Symbol.hasInstance, {
      value(this: Function, value: unknown): boolean {
        return this === HankoAdminError
          ? typeof value === 'object' && value !== null && ADMIN_ERROR in value
          : Object.prototype.isPrototypeOf.call(this.prototype as object, Object(value) as object);
      },
    });
  }

  /** Name of the class, also where the code was minified. */
  override readonly name = 'HankoAdminError';
  /** Literal code that says which kind of failure it is: compare this, and not the message. */
  readonly code: HankoAdminErrorCode;
  /** Status of Hanko's reply; absent if there was none. */
  declare readonly status?: number;
  /** Hanko's id of the request (`X-Request-Id`), for its log. */
  declare readonly requestId?: string;
  /** Why, in Hanko's words: for logs, not for users. */
  declare readonly reason?: string;
  /** When to try again, in seconds from now. */
  declare readonly retryAfterSeconds?: number;

  /**
   * Thrown by this package only; make one yourself in a test.
   * @param message must hold neither key nor body.
   */
  constructor(
    code: HankoAdminErrorCode,
    message: string,
    { status, requestId, reason, retryAfterSeconds }: HankoAdminErrorDetails = {},
  ) {
    super(message);
    this.code = code;
    if (status !== undefined) this.status = status;
    if (requestId !== undefined) this.requestId = requestId;
    if (reason !== undefined) this.reason = reason;
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds;
  }
}
