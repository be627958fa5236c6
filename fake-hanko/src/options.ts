import { check, checkNoMore, isText, UUID } from './check.js';
import { checkConfig } from './config/checks.js';
import { DEFAULT_TENANT_ID } from './config/settings.js';
import type { FakeHankoConfig } from './config/given-config.js';
import { readConfig } from './config/read-config.js';
import type { HankoConfig } from './config/schema.js';
import { withOverrides } from './config/overrides.js';
import { type ConfigSettings, settingsOf } from './config/settings.js';
import type { FakeMail, NewFakeUser } from './store/records.js';
import { isHostName } from './server/allowed-hosts.js';
import { isLocalUrl, LOOPBACK, parseUrl } from './server/parse-url.js';
import { eventNames } from './webhooks/event-names.js';

/** A receiver of webhooks, as in Hanko's `webhooks.hooks`. */
export interface FakeWebhook {
  /** Address of the receiver: plain HTTP on this machine, such as `http://localhost:3000/hook`. */
  readonly url: string;
  /** Names of Hanko's events and groups of events, such as `session.delete`. Default all. */
  readonly events?: readonly string[];
}

/** Options of `FakeHanko.start`; the defaults are Hanko's own. */
export interface FakeHankoOptions {
  /**
   * Configuration in Hanko's own words: the keys of its `config.yaml`. An option with a name of its own
   * overrides the key that it stands for. A key that Hanko has not is an error. Default: Hanko's defaults.
   */
  readonly config?: FakeHankoConfig;
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
  /**
   * A UUID: it is a multi-tenant server then, with a management API, and everything of this tenant lives under
   * `/<tenantId>`. Default none; with `multi_tenancy.enabled` in `config`, that of Hanko's own first tenant.
   */
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
  /** Port of the management API, which a server with tenants has. Default 0: any free one. */
  readonly managementPort?: number;
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
  /** Webhooks of sessions, which v3.0.4 does not have. Default `on`, with `version: '3.0.4'` `off`. */
  readonly sessionEvents?: 'on' | 'off';
  /** A warning at start that this is no login server. Default `auto`: unless a test runner runs. */
  readonly banner?: 'auto' | 'on' | 'off';
  /** The time, in milliseconds since 1970. Default `Date.now`, also where a test has replaced it. */
  readonly now?: () => number;
}

/** The options with defaults. */
export interface FakeHankoSettings extends ConfigSettings {
  readonly config: HankoConfig;
  readonly modulusLength: 2048 | 4096;
  readonly tenantId: string | undefined;
  readonly host: string;
  readonly hosts: readonly string[];
  readonly allowNonLoopback: 'no' | typeof NO_LOGIN_SERVER;
  readonly port: number;
  readonly adminPort: number;
  readonly managementPort: number;
  /** Checked when they are made. */
  readonly users: readonly unknown[];
  readonly version: '3.0.4' | 'main';
  readonly onMail: ((mail: FakeMail) => void) | undefined;
  readonly sessionEvents: 'on' | 'off';
  readonly banner: 'auto' | 'on' | 'off';
  readonly now: () => number;
}

const NO_LOGIN_SERVER = 'I know that this is no login server';

/** RFC 6265 §4.1.1 */
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** @throws TypeError that names the wrong option and what it may be. */
export function checkOptions(options: FakeHankoOptions): FakeHankoSettings {
  const {
    config = {},
    audience,
    issuer,
    lifespanSeconds,
    sessionLimit,
    idleTimeoutSeconds,
    cookieName,
    modulusLength = 2048,
    tenantId,
    host = '127.0.0.1',
    hosts = [],
    allowNonLoopback = 'no',
    port,
    adminPort,
    managementPort,
    users = [],
    tokenTransport,
    onboarding,
    rateLimits,
    allowOrigins,
    webhooks,
    version = 'main',
    onMail,
    sessionEvents = version === 'main' ? 'on' : 'off',
    banner = 'auto',
    // Looked up anew on each call: fake timers replace the global.
    now = () => Date.now(),
    ...unknown
  } = options;
  const audiences = audience === undefined ? undefined : ([] as readonly string[]).concat(audience);
  checkNoMore(unknown, 'option');
  const reading = readConfig(config);
  checkConfig(reading);
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
    allowOrigins === undefined ||
      allowOrigins === 'loopback' ||
      (Array.isArray(allowOrigins) && allowOrigins.every(isOrigin)),
    'allowOrigins must be loopback, or a list of origins such as http://localhost:5173',
  );
  check(isCount(lifespanSeconds ?? 1), 'lifespanSeconds must be a whole number above 0');
  check(isCount(sessionLimit ?? 1), 'sessionLimit must be a whole number above 0');
  check(
    (idleTimeoutSeconds ?? 0) === 0 || isCount(idleTimeoutSeconds),
    'idleTimeoutSeconds must be a whole number, or 0 for none',
  );
  check(modulusLength === 2048 || modulusLength === 4096, 'modulusLength must be 2048 or 4096');
  check(tenantId === undefined || UUID.test(tenantId), 'tenantId must be a UUID');
  check(
    audiences === undefined || (audiences.length > 0 && audiences.every(isText)),
    'audience must be text, or a list of texts that is not empty',
  );
  check(issuer === undefined || isText(issuer), 'issuer must be text');
  check(
    cookieName === undefined || (isText(cookieName) && COOKIE_NAME.test(cookieName)),
    'cookieName must be a valid cookie name',
  );
  check(onMail === undefined || typeof onMail === 'function', 'onMail must be a function');
  check(typeof now === 'function', 'now must be a function');
  for (const [name, value] of Object.entries({ port, adminPort, managementPort })) {
    check(value === undefined || isPort(value), `${name} must be 0 to 65535`);
  }
  const effective = withOverrides(reading.config, {
    audience: audiences,
    issuer,
    lifespanSeconds,
    sessionLimit,
    idleTimeoutSeconds,
    cookieName,
    tokenTransport,
    onboarding,
    rateLimits,
    allowOrigins,
    hooks: webhooks && readWebhooks(webhooks, eventNames(sessionEvents)),
  });
  const hookFault = hookFaultOf(effective, sessionEvents);
  check(hookFault === null, `config.${hookFault}`);
  return {
    ...settingsOf(effective),
    config: effective,
    modulusLength,
    tenantId: tenantId ?? (effective.multi_tenancy.enabled ? DEFAULT_TENANT_ID : undefined),
    host,
    hosts,
    allowNonLoopback,
    port: port ?? portOf(effective.server.public.address),
    adminPort: adminPort ?? portOf(effective.server.admin.address),
    managementPort: managementPort ?? portOf(effective.server.management.address),
    users,
    version,
    onMail,
    sessionEvents,
    banner,
    now,
  };
}

function checkOneOf(option: Readonly<Record<string, unknown>>, values: readonly string[]): void {
  for (const [name, value] of Object.entries(option)) {
    check(
      value === undefined || values.includes(value as string),
      `${name} must be ${values.join(' or ')}`,
    );
  }
}

function readWebhooks(
  webhooks: readonly FakeWebhook[],
  names: readonly string[],
): HankoConfig['webhooks']['hooks'] {
  check(Array.isArray(webhooks), 'webhooks must be a list of { url, events }');
  return webhooks.map(({ url, events = names, ...unknown }) => {
    checkNoMore(unknown, 'member of a webhook');
    checkWebhookUrl(url);
    check(
      Array.isArray(events) && events.every((event) => names.includes(event)),
      `the events of a webhook must be among ${names.join(', ')}`,
    );
    return { callback: url, events };
  });
}

/** What is wrong with the receivers of a configuration: one that is not on this machine, or an unknown event. */
export function hookFaultOf(
  { webhooks: { enabled, hooks } }: HankoConfig,
  sessionEvents: 'on' | 'off',
): string | null {
  const names = eventNames(sessionEvents);
  for (const [index, { callback, events }] of (enabled ? hooks : []).entries()) {
    const path = `webhooks.hooks.${index}`;
    if (!isLocalUrl(callback)) return `${path}.callback must be http:// on this machine`;
    const unknown = events.find((event) => !names.includes(event));
    if (unknown !== undefined) return `${path}.events has ${unknown}, which is no event of Hanko`;
  }
  return null;
}

/** @throws TypeError for anything but plain HTTP to this machine. */
export function checkWebhookUrl(url: string): void {
  check(isLocalUrl(url), 'the url of a webhook must be http:// on this machine');
}

/** The port of an address such as `:8000` or `localhost:8000`; 0 if there is none. Where it listens, `host` says. */
const portOf = (address: string): number => Number(/:(\d{1,5})$/.exec(address)?.[1] ?? 0);

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const isOrigin = (value: unknown): boolean => isText(value) && parseUrl(value)?.origin === value;
const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536;
