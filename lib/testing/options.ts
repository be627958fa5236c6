/** Options of `FakeHanko.start`; the defaults are Hanko's own. */
export interface FakeHankoOptions {
  /** The `aud` claim of every token. Default `localhost`. */
  readonly audience?: string | readonly string[];
  /** The `iss` claim of session tokens. Default none. */
  readonly issuer?: string;
  /** Life of a session, in seconds. Default 43,200 (12 h). */
  readonly lifespanSeconds?: number;
  /** Sessions a user can have; a new one ends the oldest. Default 5. */
  readonly sessionLimit?: number;
  /** Name of the session cookie. Default `hanko`. */
  readonly cookieName?: string;
  /** Bits of the RSA keys. Default 2048, which is quick to make; real servers use 4096. */
  readonly modulusLength?: 2048 | 4096;
  /** A UUID: everything then lives under `/<tenantId>`, as on a multi-tenant server. Default none. */
  readonly tenantId?: string;
  /** Address to listen on; loopback only. Default `127.0.0.1`. */
  readonly host?: '127.0.0.1' | '::1' | 'localhost';
  /** Port of the public API. Default 0: any free one. */
  readonly port?: number;
  /** Port of the Admin API. Default 0: any free one. */
  readonly adminPort?: number;
  /** The time, in milliseconds since 1970. Default `Date.now`, also where a test has replaced it. */
  readonly now?: () => number;
}

/** The options with defaults. */
export interface FakeHankoSettings {
  readonly audience: readonly string[];
  readonly issuer: string | undefined;
  readonly lifespanSeconds: number;
  readonly sessionLimit: number;
  readonly cookieName: string;
  readonly modulusLength: 2048 | 4096;
  readonly tenantId: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly now: () => number;
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** RFC 6265 §4.1.1 */
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const LOOPBACK: readonly unknown[] = ['127.0.0.1', '::1', 'localhost'];

/** @throws TypeError that names the wrong option and what it may be. */
export function checkOptions(options: FakeHankoOptions): FakeHankoSettings {
  const {
    audience = 'localhost',
    issuer,
    lifespanSeconds = 43_200,
    sessionLimit = 5,
    cookieName = 'hanko',
    modulusLength = 2048,
    tenantId,
    host = '127.0.0.1',
    port = 0,
    adminPort = 0,
    // Looked up anew on each call: fake timers replace the global.
    now = () => Date.now(),
    ...unknown
  } = options;
  const audiences = ([] as readonly string[]).concat(audience);
  checkNoMore(unknown, 'option');
  check(LOOPBACK.includes(host), 'host must be 127.0.0.1, ::1 or localhost: it is no login server');
  check(isCount(lifespanSeconds), 'lifespanSeconds must be a whole number above 0');
  check(isCount(sessionLimit), 'sessionLimit must be a whole number above 0');
  check(modulusLength === 2048 || modulusLength === 4096, 'modulusLength must be 2048 or 4096');
  check(tenantId === undefined || UUID.test(tenantId), 'tenantId must be a UUID');
  check(
    audiences.length > 0 && audiences.every(isText),
    'audience must be text, or a list of texts that is not empty',
  );
  check(issuer === undefined || isText(issuer), 'issuer must be text');
  check(isText(cookieName) && COOKIE_NAME.test(cookieName), 'cookieName must name a cookie');
  check(typeof now === 'function', 'now must be a function');
  check(isPort(port), 'port must be 0 to 65535');
  check(isPort(adminPort), 'adminPort must be 0 to 65535');
  return {
    audience: audiences,
    issuer,
    lifespanSeconds,
    sessionLimit,
    cookieName,
    modulusLength,
    tenantId,
    host,
    port,
    adminPort,
    now,
  };
}

/** @throws TypeError */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(`FakeHanko: ${message}.`);
}

/** Refuses what nobody reads: a misspelled name would be silence. @throws TypeError */
export function checkNoMore(unknown: object, what: string): void {
  const names = Object.keys(unknown).join(', ');
  check(names === '', `${names} is no ${what}`);
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '';
const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536;
