import { isObject } from '../util/value-checks.js';

/** What is known of a failed fetch. */
interface FailureDetails {
  /** The status of a reply that is not wanted. */
  readonly status?: number;
  /** The platform's code, such as `ECONNREFUSED`. */
  readonly code?: string;
  /** Whether it says something of the server, and not of this request alone. */
  readonly isOutage?: boolean;
  /** What kind of failure it is, where neither status nor code says it. */
  readonly type?: 'timeout' | 'not_called';
}

/** Why a fetch brought nothing usable. Its message never holds an address: it may be logged. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly status: number | undefined;
  readonly code: string | undefined;
  /**
   * Whether other requests would fail too: no connection, no reply in time, a reset, 5xx, 429. All else, such as
   * a gateway that refuses one long header or a reply that is too long, may be the fault of this request.
   */
  readonly isOutage: boolean;
  /** Whether the request had been sent before, on a connection that broke. */
  isSecond = false;
  /** One of few words for metrics: the status, the code, `timeout`, `not_called` or `_OTHER`. */
  readonly type: string;

  constructor(message: string, { status, code, isOutage = false, type }: FailureDetails = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.isOutage = isOutage;
    this.type = type ?? status?.toString() ?? code ?? '_OTHER';
  }

  static ofStatus(status: number): FetchFailure {
    return new FetchFailure(`status ${status}`, {
      status,
      isOutage: status >= 500 || status === 429,
    });
  }

  /** The platform's errors name host and port in their message: only their code is kept. */
  static from(error: unknown): FetchFailure {
    if (error instanceof FetchFailure) return error;
    const code = codeOf(error);
    return code === undefined
      ? new FetchFailure('the request failed', { isOutage: true })
      : new FetchFailure(code, { code, isOutage: !OF_ONE_REQUEST.test(code) });
  }
}

/** Hanko says that it has no such tenant (its backend/middleware/tenant.go). */
export class NoSuchTenant extends FetchFailure {
  constructor() {
    super('status 404: tenant not found', { status: 404 });
  }

  /** @param json the body of a reply with the status 404. */
  static isSaidBy(json: unknown): boolean {
    return isObject(json) && json.message === 'tenant not found';
  }
}

/** The parser's complaints about a reply, and the platform's about a request; errors of TLS are no such. */
const OF_ONE_REQUEST =
  /^HPE_|^ERR_(?!SSL_|TLS_|STREAM_PREMATURE_CLOSE)|^UND_ERR_(?!CONNECT_TIMEOUT|SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT|CLOSED|DESTROYED)|^Z_/;

/** `fetch` wraps the error of the socket in one of its own. Read by shape: it may be of another realm. */
function codeOf(error: unknown): string | undefined {
  let at = error;
  for (let depth = 0; depth < 3 && typeof at === 'object' && at !== null; depth++) {
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    if (typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)) return code;
    at = cause;
  }
  return undefined;
}
