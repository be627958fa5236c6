import { check, checkNoMore, isText, UUID } from './check.js';
import { readConfig } from './config/read-config.js';
import type { FakeHankoConfig, HankoConfig } from './config/schema.js';
import type { FakeMail, NewFakeUser } from './store/records.js';
import { isHostName } from './server/allowed-hosts.js';
import { parseUrl } from './server/parse-url.js';
import { eventNames, type Hook } from './webhooks/event-names.js';

/** A receiver of webhooks, as in Hanko's `webhooks.hooks`. */
export interface FakeWebhook {
  /** Address of the receiver: plain HTTP on this machine, such as `http://localhost:3000/hook`. */
  readonly url: string;
  /** Names of Hanko's events and groups of events, such as `session.delete`. Default all. */
  readonly events?: readonly string[];
}

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
  /**
   * How long a session lives without being used, in seconds, as Hanko's `session.idle_timeout`: it ends
   * when somebody asks for it later than that. Default 0: for ever.
   */
  readonly idleTimeoutSeconds?: number;
  /** Name of the session cookie. Default `hanko`. */
  readonly cookieName?: string;
  /** Bits of the RSA keys. Default 2048, which is quick to make; real servers use 4096. */
  readonly modulusLength?: 2048 | 4096;
  /** A UUID: everything then lives under `/<tenantId>`, as on a multi-tenant server. Default none. */
  readonly tenantId?: string;
  /**
   * Address to listen on. Default `127.0.0.1`. A page in a browser wants `localhost`, the name under
   * which it is served itself. Anything but loopback needs `allowNonLoopback` too.
   */
  readonly host?: string;
  /**
   * Names under which it may be called, besides those of loopback and the address that it is reached
   * at: in Docker Compose, the name of its service. All others are answered 421, so that no web page
   * reaches it under a name of its own (DNS rebinding). Default none.
   */
  readonly hosts?: readonly string[];
  /** The one sentence that opens other addresses than loopback. Default `no`. */
  readonly allowNonLoopback?: 'no' | typeof NO_LOGIN_SERVER;
  /** Port of the public API. Default 0: any free one. */
  readonly port?: number;
  /** Port of the Admin API. Default 0: any free one. */
  readonly adminPort?: number;
  /** Users that are there from the start. Default none. */
  readonly users?: readonly NewFakeUser[];
  /** How a sign-in hands over its token: a cookie, or the `X-Auth-Token` header. Default `cookie`. */
  readonly tokenTransport?: 'cookie' | 'header';
  /**
   * Whether a sign-in offers a second factor, a passkey and to trust the device before it ends, as an
   * unconfigured Hanko does. Default `offered`.
   */
  readonly onboarding?: 'offered' | 'skipped';
  /**
   * Keys of Hanko's `config.yaml`, in the same words: `{ mfa: { enabled: false } }`. Default: those of an
   * unconfigured Hanko.
   */
  readonly config?: FakeHankoConfig;
  /**
   * The Hanko that it answers as, where two differ: the release `3.0.4`, or `main`, the next one. Default `main`.
   */
  readonly version?: '3.0.4' | 'main';
  /** Attempts per minute: 5 passwords, 3 passcodes to send, 3 TOTP codes. Default `on`, as Hanko's. */
  readonly rateLimits?: 'on' | 'off';
  /** Origins of the pages that may call it. Default `loopback`: all pages of this machine. */
  readonly allowOrigins?: 'loopback' | readonly string[];
  /** Receivers that are told of users, sessions and mails. Default none. */
  readonly webhooks?: readonly FakeWebhook[];
  /** Called with each mail that Hanko would send; what it throws fails the request. Default nobody. */
  readonly onMail?: (mail: FakeMail) => void;
  /** Webhooks of sessions: v3.0.4 and older have none, which is `off`. Default `on`. */
  readonly sessionEvents?: 'on' | 'off';
  /** A warning at start that this is no login server. Default `auto`: unless a test runner runs. */
  readonly banner?: 'auto' | 'on' | 'off';
  /** The time, in milliseconds since 1970. Default `Date.now`, also where a test has replaced it. */
  readonly now?: () => number;
}

/** The options with defaults. */
export interface FakeHankoSettings {
  readonly audience: readonly string[];
  readonly issuer: string | undefined;
  readonly lifespanSeconds: number;
  readonly sessionLimit: number;
  readonly idleTimeoutSeconds: number;
  readonly cookieName: string;
  readonly modulusLength: 2048 | 4096;
  readonly tenantId: string | undefined;
  readonly host: string;
  readonly hosts: readonly string[];
  readonly allowNonLoopback: 'no' | typeof NO_LOGIN_SERVER;
  readonly port: number;
  readonly adminPort: number;
  /** Checked when they are made. */
  readonly users: readonly unknown[];
  readonly tokenTransport: 'cookie' | 'header';
  readonly onboarding: 'offered' | 'skipped';
  readonly config: HankoConfig;
  readonly version: '3.0.4' | 'main';
  readonly rateLimits: 'on' | 'off';
  readonly allowOrigins: 'loopback' | readonly string[];
  readonly webhooks: readonly Hook[];
  readonly onMail: ((mail: FakeMail) => void) | undefined;
  readonly sessionEvents: 'on' | 'off';
  readonly banner: 'auto' | 'on' | 'off';
  readonly now: () => number;
}

const NO_LOGIN_SERVER = 'I know that this is no login server';

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
    idleTimeoutSeconds = 0,
    cookieName = 'hanko',
    modulusLength = 2048,
    tenantId,
    host = '127.0.0.1',
    hosts = [],
    allowNonLoopback = 'no',
    port = 0,
    adminPort = 0,
    users = [],
    tokenTransport = 'cookie',
    onboarding = 'offered',
    config = {},
    version = 'main',
    rateLimits = 'on',
    allowOrigins = 'loopback',
    webhooks = [],
    onMail,
    sessionEvents = 'on',
    banner = 'auto',
    // Looked up anew on each call: fake timers replace the global.
    now = () => Date.now(),
    ...unknown
  } = options;
  const audiences = ([] as readonly string[]).concat(audience);
  checkNoMore(unknown, 'option');
  checkOneOf({ allowNonLoopback }, ['no', NO_LOGIN_SERVER]);
  check(
    LOOPBACK.includes(host) || allowNonLoopback === NO_LOGIN_SERVER,
    'host must be 127.0.0.1, ::1 or localhost, unless allowNonLoopback says: I know that this is no login server',
  );
  check(isText(host), 'host must be the name or address to listen on');
  check(
    Array.isArray(hosts) && hosts.every((name) => isText(name) && isHostName(name)),
    'hosts must be a list of names without a port, such as hanko',
  );
  checkOneOf({ tokenTransport }, ['cookie', 'header']);
  checkOneOf({ onboarding }, ['offered', 'skipped']);
  checkOneOf({ version }, ['3.0.4', 'main']);
  checkOneOf({ rateLimits }, ['on', 'off']);
  checkOneOf({ banner }, ['auto', 'on', 'off']);
  checkOneOf({ sessionEvents }, ['on', 'off']);
  check(Array.isArray(users), 'users must be a list');
  check(
    allowOrigins === 'loopback' || (Array.isArray(allowOrigins) && allowOrigins.every(isOrigin)),
    'allowOrigins must be loopback, or a list of origins such as http://localhost:5173',
  );
  check(isCount(lifespanSeconds), 'lifespanSeconds must be a whole number above 0');
  check(isCount(sessionLimit), 'sessionLimit must be a whole number above 0');
  check(
    idleTimeoutSeconds === 0 || isCount(idleTimeoutSeconds),
    'idleTimeoutSeconds must be a whole number, or 0 for none',
  );
  check(modulusLength === 2048 || modulusLength === 4096, 'modulusLength must be 2048 or 4096');
  check(tenantId === undefined || UUID.test(tenantId), 'tenantId must be a UUID');
  check(
    audiences.length > 0 && audiences.every(isText),
    'audience must be text, or a list of texts that is not empty',
  );
  check(issuer === undefined || isText(issuer), 'issuer must be text');
  check(
    isText(cookieName) && COOKIE_NAME.test(cookieName),
    'cookieName must be a valid cookie name',
  );
  check(onMail === undefined || typeof onMail === 'function', 'onMail must be a function');
  check(typeof now === 'function', 'now must be a function');
  check(isPort(port), 'port must be 0 to 65535');
  check(isPort(adminPort), 'adminPort must be 0 to 65535');
  return {
    audience: audiences,
    issuer,
    lifespanSeconds,
    sessionLimit,
    idleTimeoutSeconds,
    cookieName,
    modulusLength,
    tenantId,
    host,
    hosts,
    allowNonLoopback,
    port,
    adminPort,
    users,
    tokenTransport,
    onboarding,
    config: readConfig(config),
    version,
    rateLimits,
    allowOrigins,
    webhooks: checkWebhooks(webhooks, eventNames(sessionEvents)),
    onMail,
    sessionEvents,
    banner,
    now,
  };
}

function checkOneOf(option: Readonly<Record<string, unknown>>, values: readonly string[]): void {
  for (const [name, value] of Object.entries(option)) {
    check(values.includes(value as string), `${name} must be ${values.join(' or ')}`);
  }
}

function checkWebhooks(
  webhooks: readonly FakeWebhook[],
  names: readonly string[],
): readonly Hook[] {
  check(Array.isArray(webhooks), 'webhooks must be a list of { url, events }');
  return webhooks.map(({ url, events = names, ...unknown }) => {
    checkNoMore(unknown, 'member of a webhook');
    checkWebhookUrl(url);
    check(
      Array.isArray(events) && events.every((event) => names.includes(event)),
      `the events of a webhook must be among ${names.join(', ')}`,
    );
    return [url, events];
  });
}

/** @throws TypeError for anything but plain HTTP to this machine. */
export function checkWebhookUrl(url: string): void {
  const { protocol, hostname } = parseUrl(url) ?? { protocol: '', hostname: '' };
  const isLocal = LOOPBACK.includes(hostname.replace(/^\[(.*)\]$/, '$1'));
  check(protocol === 'http:' && isLocal, 'the url of a webhook must be http:// on this machine');
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const isOrigin = (value: unknown): boolean => isText(value) && parseUrl(value)?.origin === value;
const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536;
