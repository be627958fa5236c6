import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { isCloud, isLoopback } from '../options/api-url.js';
import type { HankoEnvironment } from '../options/environment.js';
import {
  callback,
  type Findings,
  type Option,
  wholeNumber,
  WrittenOption,
} from '../options/option.js';
import { readText } from '../options/text.js';
import { isObject, kindOf } from '../util/value-checks.js';
import { adminUrl, cloudAdminUrl, isPrivate, managementUrl } from './admin-address.js';
import { metadataSchemas } from './metadata-option.js';
import type { HankoMetadataSchemas } from './objects/metadata.js';

/** Options of `HankoAdminModule.forRoot()` and of `new HankoAdmin()`. */
export interface HankoAdminOptions {
  /**
   * Base URL of Hanko's Admin API, such as `http://hanko:8001`, with the tenant's id behind it where there are tenants.
   * Default: `HANKO_ADMIN_URL`; on Hanko Cloud `${HANKO_API_URL}/admin`. One of them is required.
   */
  readonly url?: string;
  /**
   * API key of Hanko Cloud, a secret. It is sent by https:// alone, or to this machine. A Hanko of your own asks for none.
   * Default: `HANKO_ADMIN_API_KEY`.
   */
  readonly apiKey?: string;
  /**
   * Base URL of the management API, which a Hanko with tenants has, such as `http://hanko:8002`. The API key is not sent there.
   * Default: `HANKO_MANAGEMENT_URL`; without it `admin.management` throws.
   */
  readonly managementUrl?: string;
  /**
   * Time-out of one call as a whole, its repeats and the waits between them included, in milliseconds.
   * Default 10,000, range 1 to 60,000.
   */
  readonly timeoutMs?: number;
  /** Longer replies are refused, in bytes. Default 8,388,608, range 1,024 to 134,217,728. */
  readonly maxReplyBytes?: number;
  /**
   * Standard Schemas (zod, valibot, arktype, …) of public and private metadata; their types come from `HankoAdminRegister`. What does
   * not fit is an error `metadata_invalid` where a user or metadata is read. Each must accept an object without members, as that
   * is what a new user has. Default: metadata stays as it was stored.
   */
  readonly metadataSchemas?: HankoMetadataSchemas;
  /** Function that makes the calls, as `fetch` does. Default: Node's own client. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Makes the options: implemented by a class given to `HankoAdminModule.forRootAsync` as `useClass` or `useExisting`. */
export interface HankoAdminOptionsFactory {
  /** Called once, when the app starts. */
  createHankoAdminOptions(): HankoAdminOptions | Promise<HankoAdminOptions>;
}

/** Checked, with defaults. */
export interface ResolvedAdminOptions {
  readonly url: string;
  readonly apiKey: string | null;
  readonly managementUrl: string | null;
  readonly timeoutMs: number;
  readonly maxReplyBytes: number;
  readonly metadataSchemas: HankoMetadataSchemas | null;
  readonly fetch: typeof globalThis.fetch | null;
  readonly warnings: readonly string[];
}

const apiKey: Option<string | null> = {
  variable: 'HANKO_ADMIN_API_KEY',
  read: (written) => {
    const key = readText(written, 'must be the API key that the Hanko Console shows') ?? null;
    // It becomes a header field (RFC 6750 §2.1).
    if (key !== null && !/^[\x21-\x7e]+$/.test(key)) {
      written.fault('has a letter that no API key has: copy it from the Hanko Console again.');
    }
    return key;
  },
};

const OPTIONS = {
  url: adminUrl,
  apiKey,
  managementUrl,
  timeoutMs: wholeNumber([10_000, 1, 60_000]),
  maxReplyBytes: wholeNumber([8_388_608, 1_024, 134_217_728]),
  metadataSchemas,
  fetch: callback<typeof globalThis.fetch>(),
} satisfies Readonly<Record<keyof HankoAdminOptions, Option<unknown>>>;

/** Environment variables that the options have. */
export const ADMIN_VARIABLES: readonly string[] = Object.values<Option<unknown>>(OPTIONS)
  .map(({ variable }) => variable)
  .filter((variable) => variable !== undefined);

/**
 * @param written what the app wrote; what it omits comes from the environment.
 * @param environment reads one variable.
 * @param path of the options, for errors.
 * @throws HankoConfigurationError with every fault.
 */
export function resolveAdminOptions(
  written: unknown,
  environment: HankoEnvironment,
  path: string,
): ResolvedAdminOptions {
  if (!isObject(written)) {
    throw new HankoConfigurationError([
      { path, hint: `takes an object with options, got ${kindOf(written)}.` },
    ]);
  }
  const findings: Findings = { faults: unknownOptions(written, path), warnings: [] };
  const readOption = (name: string, option: Option<unknown>): unknown =>
    option.read(writtenOption(`${path}.${name}`, written[name], option, environment, findings));
  const values = Object.fromEntries(
    Object.entries<Option<unknown>>(OPTIONS).map(([name, option]) => [
      name,
      readOption(name, option),
    ]),
  ) as Omit<ResolvedAdminOptions, 'warnings'>;
  const url = values.url ?? cloudAdminUrl(environment('HANKO_API_URL'));
  if (url === null && findings.faults.length === 0) {
    findings.faults.push({ path: `${path}.url`, hint: missingUrl(environment) });
  }
  if (url === null || findings.faults.length > 0)
    throw new HankoConfigurationError(findings.faults);
  checkTogether({ ...values, url }, path, environment, findings);
  if (findings.faults.length > 0) throw new HankoConfigurationError(findings.faults);
  return { ...values, url, warnings: findings.warnings };
}

function unknownOptions(written: object, path: string): ConfigurationFault[] {
  const names = Object.keys(OPTIONS);
  return Object.keys(written)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      path: `${path}.${name}`,
      hint: `is not an option. The options are ${names.join(', ')}.`,
    }));
}

/** The option, else its environment variable; a variable that is empty counts as unset. */
function writtenOption(
  path: string,
  value: unknown,
  { variable }: Option<unknown>,
  environment: HankoEnvironment,
  findings: Findings,
): WrittenOption {
  if (value !== undefined || variable === undefined) {
    return new WrittenOption(value, path, findings);
  }
  const found = environment(variable);
  const isUnset = found === '' || found === null || found === undefined;
  return isUnset
    ? new WrittenOption(undefined, path, findings)
    : new WrittenOption(found, variable, findings);
}

/** What the options say together. The Admin API has no guard of its own: a network must keep others out, or a key. */
function checkTogether(
  { url, apiKey: key, managementUrl: management }: Checked,
  path: string,
  environment: HankoEnvironment,
  { faults, warnings }: Findings,
): void {
  const { protocol, hostname } = new URL(url);
  if (key !== null && protocol === 'http:' && !isLoopback({ hostname })) {
    faults.push({
      path: `${path}.url`,
      hint: 'must begin with https://: over http:// anyone on the network between can read the API key.',
    });
  }
  if (key === null && isCloud(new URL(url))) {
    faults.push({
      path: `${path}.apiKey`,
      hint: 'is missing. Hanko Cloud asks for an API key: make one in the Hanko Console, and set HANKO_ADMIN_API_KEY.',
    });
  } else if (key === null && !isPrivate(hostname)) {
    warnings.push(
      "The Admin API's address is on the open net and there is no API key: whoever can reach it can do everything. Set " +
        'HANKO_ADMIN_API_KEY, or let only your own servers reach it.',
    );
  }
  if (management !== null && !isPrivate(new URL(management).hostname)) {
    warnings.push(
      "The management API's address is on the open net, and that API asks for no key: whoever can reach it can read the " +
        'secrets of all tenants. Let only your own servers reach it.',
    );
  }
  if (url === withoutSlash(environment('HANKO_API_URL'))) {
    warnings.push(
      "The Admin API's address is HANKO_API_URL, where the public API is. The Admin API has an address of its own, by default port 8001.",
    );
  }
  if (url === management) {
    warnings.push(
      'The Admin API and the management API have one address. Each has a port of its own, by default 8001 and 8002.',
    );
  }
}

const withoutSlash = (value: unknown): unknown =>
  typeof value === 'string' ? value.trim().replace(/\/+$/, '') : undefined;

type Checked = Pick<ResolvedAdminOptions, 'url' | 'apiKey' | 'managementUrl'>;

const missingUrl = ({ hint }: HankoEnvironment): string =>
  'is missing. Set HANKO_ADMIN_URL, or this option, to the address of the Admin API, such as http://hanko:8001. On Hanko ' +
  `Cloud it follows from HANKO_API_URL.${hint === undefined ? '' : ` ${hint}`}`;
