import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import type { TokenExtractor } from '../extraction/token-extractor.js';
import { isObject, kindOf } from '../util/value-checks.js';
import { apiUrlOption, type ApiUrlOptions } from './api-url.js';
import { clockOption } from './clock.js';
import { type CredentialOptions, credentialOptions, extractorsOf } from './credential-options.js';
import type { HankoEnvironment } from './environment.js';
import { type JwksOptions, jwksOptions } from './jwks-options.js';
import { callback, type Findings, flag, type Option, WrittenOption } from './option.js';
import { revocationOption, type RevocationOptions } from './revocation-options.js';
import {
  type ResolvedSessionPolicy,
  resolveSessionPolicy,
  type SessionOptions,
  sessionOptions,
} from './session-policy.js';
import { signatureCacheOption, type SignatureCacheOptions } from './signature-cache-options.js';
import { addressProblem, type HankoTenantsOptions, tenantsOption } from './tenants-option.js';
import { type TokenOptions, tokenOptions, UNCHECKED } from './token-options.js';
import { type TransportOptions, transportsOption } from './transports-option.js';

/**
 * Options that configure `HankoModule.forRoot()`. All are optional: what is omitted comes from the environment
 * (through `@nestjs/config` where it is installed) or has a default. White space around a text is removed.
 *
 * A wrong value, and an option that does not exist, is a {@link HankoConfigurationError} at start-up.
 */
export interface HankoModuleOptions
  extends
    ApiUrlOptions,
    TokenOptions,
    CredentialOptions,
    JwksOptions,
    SessionOptions,
    TransportOptions {
  /**
   * Limits the cache of verified signatures, by which RSA is computed once per token and not once per request.
   * Only the signature is cached: times, audience, issuer and key are checked on every request. Default on, with the
   * limits' own defaults; `false`, or 0 for either limit, turns it off.
   */
  readonly signatureCache?: SignatureCacheOptions | false;

  /**
   * Sessions that ended before their tokens expired, as webhooks and your own code report. They are refused on
   * each request of every policy. Default: kept in memory; a store shares them between instances.
   */
  readonly revocation?: RevocationOptions;

  /**
   * Names the Hanko that a request belongs to, where there are several, or one with tenants. Keys, sessions, revocations and
   * webhooks of one tenant have no effect on another. Default: the app has one Hanko.
   */
  readonly tenants?: HankoTenantsOptions;

  /**
   * Whether each route and what protects it is logged when the app starts (context `HankoRoutes`), problems
   * as warnings. Default false.
   */
  readonly logRoutes?: boolean;

  /**
   * `fetch` to use for calls to Hanko. Default: Node's own HTTP client with its global agents. Give
   * `globalThis.fetch` for a dispatcher that undici's `setGlobalDispatcher` has set.
   */
  readonly fetch?: typeof globalThis.fetch;

  /**
   * The time, in milliseconds since 1970. Default `Date.now`, also where a test has replaced it since the app
   * started. A return value that is not a number is an error, never a time.
   */
  readonly now?: () => number;
}

/** Creates the options: implemented by a class given to `forRootAsync` as `useClass` or `useExisting`. */
export interface HankoOptionsFactory {
  /** Called once, when the app starts. */
  createHankoOptions(): HankoModuleOptions | Promise<HankoModuleOptions>;
}

/**
 * Every option there is: its check, its default, its environment variable.
 */
export const OPTIONS = {
  apiUrl: apiUrlOption,
  ...tokenOptions,
  ...credentialOptions,
  ...jwksOptions,
  signatureCache: signatureCacheOption,
  ...sessionOptions,
  revocation: revocationOption,
  transports: transportsOption,
  tenants: tenantsOption,
  logRoutes: flag(false),
  fetch: callback<typeof globalThis.fetch>('apiUrl'),
  now: clockOption,
} satisfies Readonly<Record<keyof HankoModuleOptions, Option<unknown>>>;

type Values = {
  readonly [Name in keyof typeof OPTIONS]: ReturnType<(typeof OPTIONS)[Name]['read']>;
};

/** The options with environment and defaults, checked. */
export interface ResolvedHankoOptions extends Omit<
  Values,
  'cookieName' | 'extractors' | 'session'
> {
  readonly extractors: readonly TokenExtractor[];
  /** Whether nobody has said which audience is accepted, so that each is. */
  readonly isAudienceUnset: boolean;
  /** Whether the app wrote them: then the name of the cookie has no effect. */
  readonly hasOwnExtractors: boolean;
  /** null = makes no calls. */
  readonly session: ResolvedSessionPolicy | null;
  /** What an operator should know, for the log at start-up. */
  readonly warnings: readonly string[];
}

/**
 * Completes options from environment and defaults, and checks them.
 *
 * @param written what the app gave to `forRoot` or returned from its factory.
 * @throws HankoConfigurationError with every fault, never only the first.
 */
export function resolveOptions(
  written: unknown,
  environment: HankoEnvironment,
): ResolvedHankoOptions {
  if (!isObject(written)) {
    throw new HankoConfigurationError([
      { path: 'options', hint: `must be an object, got ${kindOf(written)}.` },
    ]);
  }
  const findings: Findings = { faults: unknownOptions(written), warnings: [] };
  const values = readAll(written, environment, findings);
  if (findings.faults.length > 0) throw new HankoConfigurationError(findings.faults);
  const { cookieName, extractors, session, ...others } = values;
  const isAudienceUnset = findings.warnings.includes(UNCHECKED);
  // Each tenant may name its own: who does not is warned of when it comes.
  const isOfTenants = others.tenants !== null && others.tenants.trust !== null;
  return {
    ...others,
    extractors: extractorsOf(extractors, cookieName),
    hasOwnExtractors: extractors !== undefined,
    isAudienceUnset,
    session: resolveSessionPolicy(session, others.onUnavailable),
    warnings: isOfTenants
      ? findings.warnings.filter((warning) => warning !== UNCHECKED)
      : findings.warnings,
  };
}

/** Whether there is a Hanko that can be asked about sessions. */
export const canAskHanko = ({
  apiUrl,
  tenants,
}: Pick<ResolvedHankoOptions, 'apiUrl' | 'tenants'>): boolean =>
  apiUrl !== null || tenants !== null;

function unknownOptions(written: object): ConfigurationFault[] {
  const names = Object.keys(OPTIONS);
  return Object.keys(written)
    .filter((name) => !names.includes(name))
    .map((path) => ({
      path,
      hint: `is not an option. The options are ${names.toSorted().join(', ')}.`,
    }));
}

function readAll(
  written: Readonly<Record<string, unknown>>,
  environment: HankoEnvironment,
  findings: Findings,
): Values {
  const options: [string, Option<unknown>][] = Object.entries(OPTIONS);
  const all = new Map(
    options.map(([name, { variable }]) => [
      name,
      writtenOption(name, written[name], variable, environment, findings),
    ]),
  );
  const values = options.map(([name, option]) => {
    const found = all.get(name) as WrittenOption;
    refuseWithoutEffect(name, found, option, all);
    return [name, option.read(found)];
  });
  refuseMissingUrl(all, environment);
  const read = Object.fromEntries(values) as Values;
  checkAddressOfTenants(read, all.get('apiUrl') as WrittenOption);
  return read;
}

function checkAddressOfTenants(
  { tenants, apiUrl }: Values,
  { fault, warn, path }: WrittenOption,
): void {
  const problem = tenants && addressProblem(tenants, apiUrl);
  if (!problem) return;
  if (problem.isFault) fault(problem.hint);
  else warn(`${path} ${problem.hint}`);
}

/** The option, else its environment variable; a variable that is empty counts as unset. */
function writtenOption(
  name: string,
  value: unknown,
  variable: string | undefined,
  environment: HankoEnvironment,
  findings: Findings,
): WrittenOption {
  if (value !== undefined || variable === undefined)
    return new WrittenOption(value, name, findings);
  const found = environment(variable);
  const isUnset = found === '' || found === null || found === undefined;
  return new WrittenOption(isUnset ? undefined : found, isUnset ? name : variable, findings);
}

function refuseWithoutEffect(
  name: string,
  { value, fault }: WrittenOption,
  { needs }: Option<unknown>,
  all: ReadonlyMap<string, WrittenOption>,
): void {
  const isWritten = (other: string): boolean => all.get(other)?.value !== undefined;
  if (value === undefined || value === 'offline') return;
  if (needs === 'fetchedKeys' && isWritten('jwks')) {
    fault('has no effect beside jwks, whose keys are not fetched: omit one of the two.');
  }
  if (needs === 'apiUrl' && !isWritten('apiUrl') && !namesAddresses(all)) {
    fault('has no effect without apiUrl or HANKO_API_URL: set one of them, or omit this option.');
  }
  if (name === 'tenants' && isWritten('jwks')) {
    fault(
      'has no effect beside jwks: each tenant has keys of its own, which are fetched. Omit jwks.',
    );
  }
  if (name === 'cookieName' && isWritten('extractors')) {
    fault('has no effect beside extractors: use cookieTokenExtractor(name) there.');
  }
}

/** Whether each tenant may have an address of its own. */
function namesAddresses(all: ReadonlyMap<string, WrittenOption>): boolean {
  const tenants = all.get('tenants')?.value;
  return isObject(tenants) && tenants.trust !== undefined;
}

function refuseMissingUrl(
  all: ReadonlyMap<string, WrittenOption>,
  { hint }: HankoEnvironment,
): void {
  const apiUrl = all.get('apiUrl');
  if (apiUrl?.value !== undefined || all.get('jwks')?.value !== undefined) return;
  if (namesAddresses(all)) return;
  apiUrl?.fault(
    'is missing. Write HankoModule.forRoot({ apiUrl }) or set the environment variable ' +
      'HANKO_API_URL to the API URL that the Hanko Console shows, ' +
      `or to the public URL of your own server.${hint === undefined ? '' : ` ${hint}`}`,
  );
}
