import { randomUUID } from 'node:crypto';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { FakeHankoOptions } from '../options.js';
import type { NewFakeUser } from '../store/records.js';

/** A flag that was not understood; the text says what to write instead. */
export class FlagError extends Error {}

interface Flag {
  /** What stands for its value in the help; none for a flag without one. */
  readonly value?: string;
  readonly help: string;
  /** Whether it may be given more than once. */
  readonly isRepeatable?: true;
}

/** In the order of the help. */
export const FLAGS = {
  port: { value: 'number', help: 'port of the public API, 0 for any free one (default 8000)' },
  'admin-port': {
    value: 'number',
    help: 'port of the Admin API and of the page with mails (default 0: any free one)',
  },
  user: {
    value: 'email[:password]',
    help: 'a user that exists from the start; without a password it signs in with passcodes',
    isRepeatable: true,
  },
  users: {
    value: 'file',
    help: 'users in a JSON file: a list of { email, password, username, metadata, ... }',
  },
  config: {
    value: 'file',
    help: "Hanko's own configuration, its config.yaml: flags override it",
  },
  'hanko-version': {
    value: '3.0.4|main',
    help: 'which Hanko it answers as, where they differ (default main)',
  },
  audience: {
    value: 'name',
    help: 'the aud claim of every token (default localhost)',
    isRepeatable: true,
  },
  issuer: { value: 'text', help: 'the iss claim of session tokens (default none)' },
  'lifespan-seconds': {
    value: 'number',
    help: 'how long a session lasts (default 43200, 12 hours)',
  },
  'idle-timeout-seconds': {
    value: 'number',
    help: 'how long a session may be idle (default 0: no limit)',
  },
  'cookie-name': { value: 'name', help: 'name of the session cookie (default hanko)' },
  'token-transport': {
    value: 'cookie|header',
    help: 'how a sign-in returns its token (default cookie)',
  },
  onboarding: {
    value: 'offered|skipped',
    help: 'whether a sign-in offers a second factor and a passkey (default offered)',
  },
  'rate-limits': { value: 'on|off', help: 'limits on attempts (default on)' },
  'allow-origin': {
    value: 'origin',
    help: 'origin of a page that may call it, such as https://app.test (default: pages of this machine)',
    isRepeatable: true,
  },
  webhook: {
    value: 'url',
    help: 'receiver of webhooks: http:// on this machine',
    isRepeatable: true,
  },
  'tenant-id': {
    value: 'uuid',
    help: 'makes it a multi-tenant server; paths begin with it; each tenant gets the users',
    isRepeatable: true,
  },
  'management-port': {
    value: 'number',
    help: 'port of the management API of a multi-tenant server (default 0: any free one)',
  },
  'modulus-length': {
    value: '2048|4096',
    help: 'bits of the RSA keys (default 2048, quick to make; Hanko has 4096)',
  },
  host: { value: 'address', help: 'address to listen on (default localhost)' },
  'allowed-host': {
    value: 'name',
    help: 'another host name that requests may use, such as a service of Docker Compose',
    isRepeatable: true,
  },
  'allow-non-loopback': {
    value: 'sentence',
    help: 'needed for a host that other machines reach: "I know that this is no login server"',
  },
  help: { help: 'prints this' },
  version: { help: 'prints the version' },
} as const satisfies Readonly<Record<string, Flag>>;

type FlagName = keyof typeof FLAGS;

/** Options whose flags are called otherwise: a flag that can be repeated names one of many. */
const OTHER_NAMES: Readonly<Record<string, FlagName>> = {
  allowOrigins: 'allow-origin',
  hosts: 'allowed-host',
  version: 'hanko-version',
};

/** What `FakeHanko.start` says of an option, said of its flag. */
export function inFlags(message: string): string {
  return message.replace(/^\w+(?= must )/, (option) => {
    const name = OTHER_NAMES[option] ?? option.replace(/[A-Z]/g, (it) => `-${it.toLowerCase()}`);
    return name in FLAGS ? `--${name}` : option;
  });
}

/** What to do: print something, or start. */
export type Command =
  | { readonly print: 'help' | 'version' }
  | {
      readonly start: FakeHankoOptions;
      /** Ids of tenants to be made besides that of `start`. */
      readonly tenants: readonly string[];
      /** Names of files to be read. */
      readonly files: { readonly config?: string; readonly users?: string };
      /** A command to run beside it, with its arguments. */
      readonly beside?: readonly string[];
    };

/** @throws FlagError */
export function readFlags(args: readonly string[]): Command {
  const end = args.indexOf('--');
  const beside = end === -1 ? undefined : args.slice(end + 1);
  if (beside?.length === 0)
    throw new FlagError('-- needs a command after it, such as -- npm start');
  const values = parse(end === -1 ? args : args.slice(0, end));
  if (values.help !== undefined) return { print: 'help' };
  if (values.version !== undefined) return { print: 'version' };
  const one = (name: FlagName): string | undefined => values[name]?.[0];
  const files = { config: one('config'), users: one('users') };
  const [tenantId, ...tenants] = values['tenant-id'] ?? [];
  const ids = [tenantId, ...tenants].map((id) => id?.toLowerCase());
  if (new Set(ids).size < ids.length) throw new FlagError('--tenant-id names a tenant twice');
  const options = {
    // A file can say it too.
    port: wholeNumber('port', one('port') ?? (files.config === undefined ? '8000' : undefined)),
    adminPort: wholeNumber('admin-port', one('admin-port')),
    managementPort: wholeNumber('management-port', one('management-port')),
    tenantId,
    modulusLength: wholeNumber('modulus-length', one('modulus-length')),
    version: one('hanko-version'),
    users: (values.user ?? []).map(readUser),
    audience: values.audience,
    issuer: one('issuer'),
    lifespanSeconds: wholeNumber('lifespan-seconds', one('lifespan-seconds')),
    idleTimeoutSeconds: wholeNumber('idle-timeout-seconds', one('idle-timeout-seconds')),
    cookieName: one('cookie-name'),
    tokenTransport: one('token-transport'),
    onboarding: one('onboarding'),
    rateLimits: one('rate-limits'),
    allowOrigins: values['allow-origin'],
    webhooks: values.webhook?.map((url) => ({ url })),
    // The name under which pages are served: cookies belong to it.
    host: one('host') ?? 'localhost',
    hosts: values['allowed-host'],
    allowNonLoopback: one('allow-non-loopback'),
    banner: 'on',
  };
  // `FakeHanko.start` checks what each may be.
  return {
    start: present(options) as FakeHankoOptions,
    tenants,
    files: present(files),
    ...(beside && { beside }),
  };
}

const present = <T extends object>(all: T): { [Name in keyof T]?: NonNullable<T[Name]> } =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: NonNullable<T[Name]>;
  };

type Values = { readonly [Name in FlagName]?: readonly string[] };

function parse(args: readonly string[]): Values {
  const flags: Readonly<Record<string, Flag>> = FLAGS;
  const options: ParseArgsConfig['options'] = Object.fromEntries(
    Object.entries(flags).map(([name, { value }]) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', multiple: true },
    ]),
  );
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }));
  } catch (error) {
    // Node's first sentence says what is wrong, the rest how to escape it.
    throw new FlagError((error as Error).message.split('\n', 1)[0]?.split('. ', 1)[0]);
  }
  for (const [name, given] of Object.entries(values)) {
    const list = given as readonly unknown[];
    if (list.length > 1 && !flags[name]?.isRepeatable)
      throw new FlagError(`--${name} is given twice`);
    if (list.includes('')) throw new FlagError(`--${name} needs a value: ${flags[name]?.value}`);
  }
  return values;
}

function wholeNumber(name: FlagName, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new FlagError(`--${name} must be a whole number, not ${text}`);
  return Number(text);
}

/** A password may hold colons, an address cannot. */
function readUser(text: string): NewFakeUser {
  const [, email = '', password] = /^([^:]*)(?::([^]*))?$/.exec(text) ?? [];
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new FlagError(
      '--user must be an address and an optional password, such as ada@example.test:secret',
    );
  }
  if (password === '') {
    throw new FlagError(
      `--user ${email}: has no password after the colon. Omit the colon for a user without one`,
    );
  }
  const id = randomUUID();
  return password === undefined ? { id, email } : { id, email, password };
}
