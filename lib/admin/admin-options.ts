import { HankoConfigurationError } from '../errors/hanko.errors.js';
import {
  callback,
  type Findings,
  type Option,
  wholeNumber,
  WrittenOption,
} from '../options/option.js';
import { isLoopback } from '../options/api-url.js';
import { readText } from '../options/text.js';
import { parseUrl } from '../util/parse-url.js';
import { isObject } from '../util/value-checks.js';

/** Options of `HankoAdminModule.forRoot()` and of `new HankoAdmin()`. */
export interface HankoAdminOptions {
  /**
   * Base URL of Hanko's Admin API, such as `http://hanko:8001`, with the tenant's id behind it where there are tenants.
   * Default: `HANKO_ADMIN_URL`; on Hanko Cloud `${HANKO_API_URL}/admin`.
   */
  readonly url?: string;
  /** API key of Hanko Cloud, a secret. A Hanko of your own has none. Default: `HANKO_ADMIN_API_KEY`. */
  readonly apiKey?: string;
  /**
   * Base URL of the management API, which a Hanko with tenants has, such as `http://hanko:8002`. The API key is not sent there.
   * Default: `HANKO_MANAGEMENT_URL`; without it `admin.management` throws.
   */
  readonly managementUrl?: string;
  /** Time-out of one call, in milliseconds. Default 10,000, range 1 to 60,000. */
  readonly timeoutMs?: number;
  /** Longer replies are refused, in bytes. Default 8,388,608, range 1,024 to 134,217,728. */
  readonly maxReplyBytes?: number;
  /** Makes the calls in place of Node's own client, as `fetch` does. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Checked, with defaults. */
export interface ResolvedAdminOptions {
  readonly url: string;
  readonly apiKey: string | null;
  readonly managementUrl: string | null;
  readonly timeoutMs: number;
  readonly maxReplyBytes: number;
  readonly fetch: typeof globalThis.fetch | null;
  readonly warnings: readonly string[];
}

const EXPECTED_URL = 'must be an absolute URL that begins with https:// or http://';

const url = (variable: `HANKO_${string}`): Option<string | null> => ({
  variable,
  read: (written) => {
    const text = readText(written, EXPECTED_URL);
    if (text === undefined) return null;
    const parsed = /^https?:\/\/[^/\\]/i.test(text) ? parseUrl(text) : null;
    if (parsed === null || text.includes('\\')) {
      written.fault(`${EXPECTED_URL}.`);
      return null;
    }
    if (parsed.username !== '' || parsed.password !== '') {
      written.fault('must not contain credentials: write the key into HANKO_ADMIN_API_KEY.');
    }
    if (parsed.search !== '' || parsed.hash !== '') {
      written.fault('must not have a query or a fragment: write the base URL only.');
    }
    return parsed.origin + parsed.pathname.replace(/\/+$/, '');
  },
});

const apiKey: Option<string | null> = {
  variable: 'HANKO_ADMIN_API_KEY',
  read: (written) => readText(written, 'must be the API key that the Hanko Console shows') ?? null,
};

const OPTIONS = {
  url: url('HANKO_ADMIN_URL'),
  apiKey,
  managementUrl: url('HANKO_MANAGEMENT_URL'),
  timeoutMs: wholeNumber([10_000, 1, 60_000]),
  maxReplyBytes: wholeNumber([8_388_608, 1_024, 134_217_728]),
  fetch: callback<typeof globalThis.fetch>(),
} satisfies Readonly<Record<keyof HankoAdminOptions, Option<unknown>>>;

/**
 * @param written what the app wrote; what it omits comes from the environment.
 * @param environment reads one variable.
 * @param path of the options, for errors.
 * @throws HankoConfigurationError with every fault.
 */
export function resolveAdminOptions(
  written: unknown,
  environment: (name: string) => unknown,
  path: string,
): ResolvedAdminOptions {
  const findings: Findings = { faults: [], warnings: [] };
  const options = isObject(written) ? written : {};
  const names = Object.keys(OPTIONS);
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    findings.faults.push({
      path: `${path}.${name}`,
      hint: `is not an option. The options are ${names.join(', ')}.`,
    });
  }
  const values = Object.fromEntries(
    Object.entries<Option<unknown>>(OPTIONS).map(([name, option]) => [
      name,
      option.read(writtenOption(name, option)),
    ]),
  ) as Omit<ResolvedAdminOptions, 'warnings'>;
  const adminUrl = values.url ?? cloudUrl(environment('HANKO_API_URL'));
  if (adminUrl === null && findings.faults.length === 0) {
    findings.faults.push({
      path: `${path}.url`,
      hint:
        'or HANKO_ADMIN_URL is required: the address of the Admin API, such as http://hanko:8001. On Hanko Cloud it follows ' +
        'from HANKO_API_URL.',
    });
  }
  if (adminUrl !== null) checkNetwork(adminUrl, values.apiKey, path, findings);
  if (findings.faults.length > 0) throw new HankoConfigurationError(findings.faults);
  return { ...values, url: adminUrl ?? '', warnings: findings.warnings };

  function writtenOption(name: string, { variable }: Option<unknown>): WrittenOption {
    if (options[name] !== undefined || variable === undefined) {
      return new WrittenOption(options[name], `${path}.${name}`, findings);
    }
    const value = environment(variable);
    return new WrittenOption(value === '' ? undefined : value, variable, findings);
  }
}

function cloudUrl(apiUrl: unknown): string | null {
  const parsed = typeof apiUrl === 'string' ? parseUrl(apiUrl.trim()) : null;
  return parsed?.hostname.endsWith('.hanko.io') === true ? `${parsed.origin}/admin` : null;
}

/** The Admin API has no guard of its own: a network must keep others out, or a key. */
function checkNetwork(
  adminUrl: string,
  key: string | null,
  path: string,
  { faults, warnings }: Findings,
): void {
  const { protocol, hostname } = new URL(adminUrl);
  const isNear = isPrivate(hostname);
  if (key !== null && protocol === 'http:' && !isLoopback({ hostname })) {
    faults.push({
      path: `${path}.url`,
      hint: 'must begin with https://: over http:// anyone on the network between can read the API key.',
    });
  } else if (key === null && !isNear) {
    warnings.push(
      "The Admin API's address is on the open net and there is no API key: whoever can reach it can do everything. Set " +
        'HANKO_ADMIN_API_KEY, or let only your own servers reach it.',
    );
  }
}

/** Names without a dot, of private networks, and addresses of RFC 1918 and RFC 4193. */
const isPrivate = (host: string): boolean =>
  isLoopback({ hostname: host }) ||
  !/[.:]/.test(host) ||
  /\.(?:internal|local|lan|svc|cluster\.local|intranet|home\.arpa)$/.test(host) ||
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(host) ||
  /^\[f[cd]/.test(host);
