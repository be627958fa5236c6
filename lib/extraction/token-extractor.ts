import type { IncomingRequest } from './request.js';

/** More different tokens than this in one request are nobody's honest set-up: it is refused. */
export const MAX_CANDIDATES = 8;

/** The credential that an extractor found in a request. */
export interface ExtractedCredential {
  /**
   * The candidates, first come first. More than one only where a client cannot help sending several
   * (cookies of one name on two domains): all are verified, and two good ones of two users are refused, as
   * are more than eight different ones.
   */
  readonly tokens: readonly string[];
  /**
   * True if a browser attaches it by itself, as it does with cookies. Then the request must not come
   * from a foreign site, and on `@OptionalAuth()` routes one that is not good counts as none.
   */
  readonly ambient: boolean;
}

/** Where an extractor looks: an OpenAPI document and the log tell it. */
export type TokenPlace =
  | { readonly in: 'bearer' }
  | { readonly in: 'cookie'; readonly name: string }
  | { readonly in: 'header'; readonly name: string };

/**
 * Finds the session token in a request. Extractors are asked in order; the first that finds something
 * decides, whether or not that something is any good: a bad bearer never falls through to the cookie.
 */
export interface TokenExtractor {
  /** Names it (`bearer`, `cookie`) in logs and diagnostics. */
  readonly name: string;
  /** Place where the extractor looks. If omitted, an OpenAPI document has no security scheme for it. */
  readonly place?: TokenPlace;
  /**
   * Looks into one request. It may be asked several times for one request, and must not wait for anything.
   * @returns what was found, or undefined to let the next extractor look. Anything else is a
   * HankoConfigurationError, and answered 500.
   * @throws HankoCredentialsError `credentials_ambiguous` for several credentials that contradict each other
   * @throws HankoTokenError `token_malformed`, or another `token_…` code, for one that is there but unusable
   */
  extract(request: IncomingRequest): ExtractedCredential | undefined;
}
