import type { EXTRACTED_FROM } from '../hanko.constants.js';
import type { IncomingRequest } from './request.js';

/** What an extractor found. */
export interface ExtractedCredential {
  /**
   * The candidates, first come first. More than one only where a client cannot help sending several
   * (cookies of one name on two domains): all are verified, and two good ones of two users are refused.
   */
  readonly tokens: readonly string[];
  /**
   * True if a browser attaches it by itself, as it does with cookies. Then the request must not come
   * from a foreign site, and on `@OptionalAuth()` routes an expired one counts as none.
   */
  readonly ambient: boolean;
}

/**
 * Finds the session token in a request. Extractors are asked in order; the first that finds something
 * decides, whether or not that something is any good: a bad bearer never falls through to the cookie.
 */
export interface TokenExtractor {
  /** Where it looks (`bearer`, `cookie`): for logs and diagnostics. */
  readonly name: string;
  /**
   * Looks into one request.
   * @returns what was found, or undefined to let the next extractor look.
   * @throws HankoCredentialsError `credentials_ambiguous` for several credentials that contradict each other
   * @throws HankoTokenError `token_malformed`, or another `token_…` code, for one that is there but unusable
   */
  extract(request: IncomingRequest): ExtractedCredential | undefined;
}

/** One of ours. Those of an app do not say where they look. */
export interface TellingExtractor extends TokenExtractor {
  readonly [EXTRACTED_FROM]:
    { readonly in: 'bearer' } | { readonly in: 'cookie'; readonly name: string };
}
