import { HankoConfigurationError, type ConfigurationFault } from '../errors/hanko.errors.js';
import { bearerTokenExtractor } from '../extraction/bearer.js';
import { cookieTokenExtractor } from '../extraction/cookie.js';
import type { TokenExtractor } from '../extraction/token-extractor.js';
import { parseJwkSet, type JwkSet } from '../jwks/jwk-set.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { HankoClaimsSchema } from '../user/claims-schema.js';
import type { HankoEnvironment } from './environment.js';
import type { ResolvedHankoOptions } from './hanko-options.js';
import { API_ONLY, FETCH_ONLY, OPTION_NAMES } from './option-names.js';
import { NUMBERS, readNumbers } from './numbers.js';
import { readSignatureCacheOptions } from './signature-cache-options.js';
import { readRevocationOptions, type ResolvedRevocationOptions } from './revocation-options.js';
import {
  type HankoSessionPolicy,
  isOnUnavailable,
  ON_UNAVAILABLE_HINT,
  type OnUnavailable,
  sessionPolicyFaults,
} from './session-policy.js';
import { isFunction, isObject, isOrigin, isText, kindOf } from '../util/value-checks.js';

/** RFC 6265 §4.1.1, RFC 9110 §5.6.2: a cookie's name is a token. */
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;

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
  const options = new OptionsReader(written, environment);
  options.refuseUnknown();

  const jwks = options.jwks();
  const numbers = options.numbers();
  const audience = options.audience();
  const onUnavailable = options.onUnavailable();
  const resolved: ResolvedHankoOptions = {
    apiUrl: options.apiUrl(),
    audience: audience ?? null,
    isAudienceOff: audience === null,
    issuer: options.issuer(),
    ...numbers,
    jwks,
    trustedOrigins: options.trustedOrigins(),
    extractors: options.extractors(),
    signatureCache: options.signatureCache(),
    session: options.session(),
    onUnavailable,
    revocation: options.revocation(onUnavailable),
    claimsSchema: options.claimsSchema(),
    logRoutes: options.logRoutes(),
    fetch: options.func('fetch') ?? null,
    now: options.func('now') ?? Date.now,
  };
  if (options.faults.length > 0) throw new HankoConfigurationError(options.faults);
  return resolved;
}

/** Reads one option after the other and collects what is wrong. */
class OptionsReader {
  readonly faults: ConfigurationFault[] = [];

  constructor(
    private readonly written: Readonly<Record<string, unknown>>,
    private readonly environment: HankoEnvironment,
  ) {}

  refuseUnknown(): void {
    for (const name of Object.keys(this.written)) {
      if (!OPTION_NAMES.has(name)) {
        this.fault(
          name,
          `is not an option. The options are ${[...OPTION_NAMES].toSorted().join(', ')}.`,
        );
      }
    }
  }

  apiUrl(): string | null {
    const { value, path } = this.read('apiUrl', 'HANKO_API_URL');
    if (value === undefined) {
      if (this.written.jwks === undefined) {
        this.fault(
          'apiUrl',
          'is missing. Write HankoModule.forRoot({ apiUrl }) or set the environment variable ' +
            'HANKO_API_URL to the API URL that the Hanko Console shows, ' +
            'or to the public address of your own server.',
        );
      }
      for (const name of API_ONLY) {
        if (this.written[name] === undefined || this.written[name] === 'offline') continue;
        this.fault(name, 'has no effect without apiUrl: there is nobody to ask.');
      }
      return null;
    }
    const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
    if (url === null || !(url.protocol === 'https:' || url.protocol === 'http:')) {
      this.fault(path, 'must be an absolute URL that begins with https:// or http://.');
      return null;
    }
    if (url.username !== '' || url.password !== '') {
      this.fault(path, 'must not hold a user name or password: end points used need none.');
    }
    if (url.search !== '' || url.hash !== '') {
      this.fault(path, 'must not have a query or a fragment: give the base address only.');
    }
    if (url.pathname.includes('/.well-known')) {
      this.fault(path, 'must be the base address, without /.well-known/jwks.json.');
    }
    // Built from the parts, so that the path of a tenant stays: new URL('/x', base) would drop it.
    return url.origin + url.pathname.replace(/\/+$/, '');
  }

  /** @returns undefined if nothing was said about it, null if the check was turned off. */
  audience(): readonly string[] | null | undefined {
    if (this.written.audience === null) return null;
    const { value, path } = this.read('audience', 'HANKO_AUDIENCE');
    if (value === undefined) return undefined;
    const isFromEnvironment = path === 'HANKO_AUDIENCE';
    const list =
      typeof value !== 'string'
        ? value
        : isFromEnvironment
          ? value.split(',').map((entry) => entry.trim())
          : [value];
    if (!Array.isArray(list) || list.length === 0 || !list.every(isText)) {
      this.fault(
        path,
        isFromEnvironment
          ? 'must be audiences separated by commas, none of them empty.'
          : 'must be a text or a list of texts, none of them empty; null turns the check off.',
      );
      return undefined;
    }
    return list;
  }

  issuer(): string | null {
    const { value, path } = this.read('issuer', 'HANKO_ISSUER');
    if (value === undefined) return null;
    if (isText(value)) return value;
    this.fault(path, 'must be a text: what session.issuer is set to on the server.');
    return null;
  }

  extractors(): readonly TokenExtractor[] {
    const { value: cookieName, path } = this.read('cookieName', 'HANKO_COOKIE_NAME');
    if (cookieName !== undefined && !(isText(cookieName) && COOKIE_NAME.test(cookieName))) {
      this.fault(path, "must be the name of a cookie: letters, digits and !#$%&'*+-.^_`|~.");
    }
    const { extractors } = this.written;
    if (extractors === undefined) {
      return [bearerTokenExtractor(), cookieTokenExtractor(cookieName as string | undefined)];
    }
    if (cookieName !== undefined) {
      this.fault(path, 'has no effect beside extractors: use cookieTokenExtractor(name) there.');
    }
    if (!Array.isArray(extractors) || extractors.length === 0) {
      this.fault('extractors', 'must be a list of at least one TokenExtractor.');
      return [];
    }
    extractors.forEach((extractor: unknown, index) => {
      if (!(isObject(extractor) && isText(extractor.name) && isFunction(extractor.extract))) {
        this.fault(
          `extractors[${index}]`,
          'must be a TokenExtractor: an object with a name and a method extract(request).',
        );
      }
    });
    return extractors;
  }

  trustedOrigins(): ReadonlySet<string> {
    const { trustedOrigins = [] } = this.written;
    if (!Array.isArray(trustedOrigins)) {
      this.fault('trustedOrigins', 'must be a list of origins such as https://app.example.org.');
      return new Set();
    }
    trustedOrigins.forEach((origin: unknown, index) => {
      if (!isOrigin(origin)) {
        this.fault(
          `trustedOrigins[${index}]`,
          'must be exactly scheme://host or scheme://host:port in lower case, ' +
            'without path, slash at the end, default port or wildcard.',
        );
      }
    });
    return new Set(trustedOrigins);
  }

  jwks(): JwkSet | JwksProvider | null {
    const { jwks } = this.written;
    if (jwks === undefined) return null;
    for (const name of FETCH_ONLY) {
      if (this.written[name] !== undefined) {
        this.fault(name, 'has no effect beside jwks, whose keys are not fetched: leave one out.');
      }
    }
    if (isObject(jwks) && isFunction(jwks.getKey)) return jwks as unknown as JwksProvider;
    const set = parseJwkSet(jwks);
    if (set === null) {
      this.fault(
        'jwks',
        'must be a JWK Set { keys: […] } or a JwksProvider: an object with getKey(kid).',
      );
      return null;
    }
    for (const { index, fault } of set.faults) this.fault(`jwks.keys[${index}]`, `${fault}.`);
    const kids = set.usable.map(({ kid }) => kid);
    if (new Set(kids).size < kids.length) {
      this.fault('jwks.keys', 'must not have two keys with the same "kid".');
    }
    if (set.usable.length + set.faults.length === 0) this.fault('jwks.keys', 'must not be empty.');
    return jwks as JwkSet;
  }

  numbers(): Record<keyof typeof NUMBERS, number> {
    return readNumbers(this.written, NUMBERS, (name, hint) => this.fault(name, hint));
  }

  signatureCache(): ResolvedHankoOptions['signatureCache'] {
    const { signatureCache = {} } = this.written;
    return readSignatureCacheOptions(signatureCache, (name, hint) => this.fault(name, hint));
  }

  logRoutes(): boolean {
    const { logRoutes = false } = this.written;
    if (typeof logRoutes !== 'boolean') this.fault('logRoutes', 'must be true or false.');
    return logRoutes === true;
  }

  session(): HankoSessionPolicy {
    const { session = 'offline' } = this.written;
    this.faults.push(...sessionPolicyFaults(session, 'session'));
    return session as HankoSessionPolicy;
  }

  onUnavailable(): OnUnavailable {
    const { onUnavailable = 'reject' } = this.written;
    if (!isOnUnavailable(onUnavailable)) this.fault('onUnavailable', ON_UNAVAILABLE_HINT);
    return onUnavailable as OnUnavailable;
  }

  revocation(onUnavailable: OnUnavailable): ResolvedRevocationOptions {
    const { revocation = {} } = this.written;
    return readRevocationOptions(revocation, onUnavailable, (fault) => this.faults.push(fault));
  }

  claimsSchema(): HankoClaimsSchema | null {
    const { claimsSchema } = this.written;
    if (claimsSchema === undefined) return null;
    // Arktype's are functions.
    const standard = (Object(claimsSchema) as Record<string, unknown>)['~standard'];
    if (!isObject(standard) || standard.version !== 1 || !isFunction(standard.validate)) {
      this.fault(
        'claimsSchema',
        'must be a Standard Schema, version 1, as zod (from 3.24), valibot (from 1.0) and arktype (from 2.0) make them.',
      );
    }
    return claimsSchema as HankoClaimsSchema;
  }

  func<Name extends 'fetch' | 'now'>(name: Name): ResolvedHankoOptions[Name] | undefined {
    const value = this.written[name];
    if (value !== undefined && !isFunction(value)) this.fault(name, 'must be a function.');
    return value as ResolvedHankoOptions[Name] | undefined;
  }

  /** An option, else its environment variable; an empty variable counts as unset. */
  private read(name: string, variable: string): { value: unknown; path: string } {
    const value = this.written[name];
    if (value !== undefined) return { value, path: name };
    const fromEnvironment = this.environment(variable);
    return {
      value: fromEnvironment === '' || fromEnvironment === null ? undefined : fromEnvironment,
      path: variable,
    };
  }

  private fault(path: string, hint: string): void {
    this.faults.push({ path, hint });
  }
}
