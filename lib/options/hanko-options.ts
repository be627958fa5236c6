import type { TokenExtractor } from '../extraction/token-extractor.js';
import type { JwkSet } from '../jwks/jwk-set.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { HankoClaimsSchema } from '../user/claims-schema.js';
import type { ResolvedRevocationOptions, RevocationOptions } from './revocation-options.js';
import type { HankoSessionPolicy, OnUnavailable } from './session-policy.js';

/**
 * Options of `HankoModule.forRoot`. All are optional: what is left out comes from the environment
 * (through `@nestjs/config` where it is installed) or has a default.
 *
 * A wrong value, and an option that does not exist, is a {@link HankoConfigurationError} at start-up.
 */
export interface HankoModuleOptions {
  /**
   * Base address of Hanko's public API, such as `https://<id>.hanko.io` or, for one tenant of a
   * multi-tenant server, `https://login.example.com/<tenant id>`. Default: `HANKO_API_URL`. One of them
   * is required, unless `jwks` holds the keys.
   */
  readonly apiUrl?: string;

  /**
   * Audiences this service accepts: a token passes if its `aud` claim (RFC 7519 §4.1.3) has one of them.
   * Default: `HANKO_AUDIENCE` (comma-separated). Unset is a warning at start-up; `null` turns the
   * check off on purpose.
   */
  readonly audience?: string | readonly string[] | null;

  /**
   * The one accepted `iss` claim (RFC 7519 §4.1.1). Set it only if the server sets `session.issuer`:
   * by default Hanko sends none. Default: `HANKO_ISSUER`, else not checked.
   */
  readonly issuer?: string;

  /** Name of the session cookie. Default: `HANKO_COOKIE_NAME`, else `hanko`. */
  readonly cookieName?: string;

  /** Tolerance for `exp`, `nbf` and `iat`, in seconds. Default 5, range 0 to 300. */
  readonly clockToleranceSeconds?: number;

  /** Longer tokens are refused unread, in bytes. Default 8,192, range 1,024 to 1,048,576. */
  readonly maxTokenBytes?: number;

  /**
   * Verification keys of your own instead of fetching Hanko's: a JWK Set (RFC 7517 §5), which is
   * pinned and needs no network, or a {@link JwksProvider}. Default none.
   */
  readonly jwks?: JwkSet | JwksProvider;

  /** How long fetched keys are fresh, in seconds. Default 600, as Hanko's `Cache-Control` says; range 1 to 86,400. */
  readonly jwksCacheSeconds?: number;

  /**
   * At most one fetch because of an unknown `kid` in this time, in seconds: bounds what forged tokens
   * can cause. Default 30, range 1 to 3,600.
   */
  readonly jwksCooldownSeconds?: number;

  /** Time-out of one fetch of the keys, in milliseconds. Default 5,000, range 1 to 60,000. */
  readonly jwksTimeoutMs?: number;

  /** Largest accepted answer, in bytes. Default 262,144, range 1,024 to 16,777,216. */
  readonly jwksMaxBytes?: number;

  /**
   * While Hanko cannot be reached, its last good keys are used for this long after the last good
   * fetch, in seconds. Default 86,400 (a day), range 0 to 2,678,400 (31 days).
   */
  readonly staleIfErrorSeconds?: number;

  /**
   * Origins (RFC 6454 §6.2, such as `https://app.example.org`) of other sites that may use the session cookie
   * on unsafe methods. Default none; the same site is always allowed.
   */
  readonly trustedOrigins?: readonly string[];

  /**
   * Where to look for a token, in order. Default
   * `[bearerTokenExtractor(), cookieTokenExtractor(cookieName)]`.
   */
  readonly extractors?: readonly TokenExtractor[];

  /**
   * Bounds of what is remembered of verified tokens, so that RSA is computed once per token and not once
   * per request. Only the signature is remembered: times, audience, issuer and key are checked on
   * every request. Default on, with the bounds' own defaults; `false`, or 0 for either, remembers nothing.
   */
  readonly signatureCache?: SignatureCacheOptions | false;

  /**
   * Whether Hanko is asked if a session is still alive, and how often; `@RequireAuth({ session })` says
   * otherwise for a route. Default `'offline'`: never, so a logout takes effect when the token expires.
   */
  readonly session?: HankoSessionPolicy;

  /**
   * Time-out of one question whether a session is alive, in milliseconds.
   * Default 3,000, range 1 to 60,000.
   */
  readonly validateTimeoutMs?: number;

  /**
   * What session policies do while Hanko does not answer, unless they say it themselves: `'reject'`
   * answers 503, `'accept'` goes by the token alone, except for sessions that are known to have ended.
   * Default `'reject'`.
   */
  readonly onUnavailable?: OnUnavailable;

  /**
   * Sessions that ended before their tokens expired, as webhooks and your own code tell, on each request of
   * every policy. Default: kept in memory; a store shares them between instances.
   */
  readonly revocation?: RevocationOptions;

  /**
   * A Standard Schema (zod, valibot, arktype, …) that the claims of each verified token are put through, once
   * per token: what it makes of them is `user.claims`; claims that it does not mention stay as they were sent,
   * and Hanko's own cannot be changed. A token that it refuses is answered 401 `token_claims_invalid`.
   * Default: claims are what was sent.
   */
  readonly claimsSchema?: HankoClaimsSchema;

  /**
   * Whether each route and what protects it is logged when the app starts (context `HankoRoutes`), problems
   * as warnings. Default false.
   */
  readonly logRoutes?: boolean;

  /**
   * `fetch` to use for calls to Hanko. Default: Node's own HTTP client with its global agents, which takes
   * less than half of the CPU time of `globalThis.fetch`.
   */
  readonly fetch?: typeof globalThis.fetch;

  /** The time, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** Bounds of the option `signatureCache`. A token takes some 2.5 kB, its claims included. */
export interface SignatureCacheOptions {
  /** Tokens at most. Default 10,000, range 0 to 1,000,000. */
  readonly maxEntries?: number;
  /** Memory at most, in bytes, as estimated. Default 33,554,432 (32 MiB), range 0 to 1,073,741,824. */
  readonly maxBytes?: number;
}

/** What a class given to `forRootAsync` as `useClass` or `useExisting` implements. */
export interface HankoOptionsFactory {
  /** Makes the options, once, when the app starts. */
  createHankoOptions(): HankoModuleOptions | Promise<HankoModuleOptions>;
}

/** The options with environment and defaults, checked. */
export interface ResolvedHankoOptions {
  /** Without a slash at its end; null only if `jwks` makes it unnecessary. */
  readonly apiUrl: string | null;
  /** null = not checked. */
  readonly audience: readonly string[] | null;
  /** True if the audience was turned off in words rather than forgotten. */
  readonly isAudienceOff: boolean;
  readonly issuer: string | null;
  readonly clockToleranceSeconds: number;
  readonly maxTokenBytes: number;
  /** null = fetched from `apiUrl`. */
  readonly jwks: JwkSet | JwksProvider | null;
  readonly jwksCacheSeconds: number;
  readonly jwksCooldownSeconds: number;
  readonly jwksTimeoutMs: number;
  readonly jwksMaxBytes: number;
  readonly staleIfErrorSeconds: number;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly extractors: readonly TokenExtractor[];
  /** All zero = off. */
  readonly signatureCache: { readonly maxEntries: number; readonly maxBytes: number };
  readonly session: HankoSessionPolicy;
  readonly validateTimeoutMs: number;
  readonly onUnavailable: OnUnavailable;
  readonly revocation: ResolvedRevocationOptions;
  /** null = claims stay as they were sent. */
  readonly claimsSchema: HankoClaimsSchema | null;
  readonly logRoutes: boolean;
  /** null = Node's HTTP client. */
  readonly fetch: typeof globalThis.fetch | null;
  readonly now: () => number;
}
