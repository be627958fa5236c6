import { bearerTokenExtractor } from '../extraction/bearer.js';
import { cookieTokenExtractor } from '../extraction/cookie.js';
import { isOrigin } from '../extraction/origin.js';
import type { TokenExtractor } from '../extraction/token-extractor.js';
import { isFunction, isObject, isText } from '../util/value-checks.js';
import type { Option } from './option.js';
import { readText } from './text.js';

/** Where session tokens are found, and from where a browser may send its cookie. */
export interface CredentialOptions {
  /** Name of the session cookie. Default: `HANKO_COOKIE_NAME`, else `hanko`. */
  readonly cookieName?: string;

  /**
   * Where to look for a token, in order. Default
   * `[bearerTokenExtractor(), cookieTokenExtractor(cookieName)]`.
   */
  readonly extractors?: readonly TokenExtractor[];

  /**
   * Origins (RFC 6454 §6.2, such as `https://app.example.org`) of other sites that may use the session cookie
   * on unsafe methods. Default none; the same site is always allowed.
   */
  readonly trustedOrigins?: readonly string[];
}

/** RFC 6265 §4.1.1, RFC 9110 §5.6.2: a cookie's name is a token. */
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;
const COOKIE_EXPECTED = "must be the name of a cookie: letters, digits and !#$%&'*+-.^_`|~";

/** @returns undefined if none is written. */
const cookieName: Option<string | undefined> = {
  variable: 'HANKO_COOKIE_NAME',
  read: (written) => {
    const name = readText(written, COOKIE_EXPECTED);
    if (name !== undefined && !COOKIE_NAME.test(name)) written.fault(`${COOKIE_EXPECTED}.`);
    return name;
  },
};

/** @returns undefined if none are written. */
const extractors: Option<readonly TokenExtractor[] | undefined> = {
  read: ({ value, fault }) => {
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length === 0) {
      fault('must be a list of at least one TokenExtractor.');
      return undefined;
    }
    // Copied, so that a gap in a sparse list is an entry like any other, and the app cannot change it later.
    const list: unknown[] = [...(value as unknown[])];
    for (const [index, extractor] of list.entries()) {
      const problem = extractorProblem(extractor);
      if (problem !== null) fault(problem, `[${index}]`);
    }
    return list as TokenExtractor[];
  },
};

function extractorProblem(extractor: unknown): string | null {
  if (!(isObject(extractor) && isText(extractor.name) && isFunction(extractor.extract))) {
    return 'must be a TokenExtractor: an object with a name and a method extract(request).';
  }
  if (extractor.extract.constructor.name === 'AsyncFunction') {
    return 'must not have an async extract(request): look only at the request, and return at once.';
  }
  if (extractor.place === undefined || isPlace(extractor.place)) return null;
  return "must have a place like { in: 'bearer' }, { in: 'cookie', name } or { in: 'header', name }, or none.";
}

const isPlace = (place: unknown): boolean =>
  isObject(place) &&
  (place.in === 'bearer' ||
    ((place.in === 'cookie' || place.in === 'header') && isText(place.name)));

const trustedOrigins: Option<ReadonlySet<string>> = {
  read: ({ value = [], fault }) => {
    if (!Array.isArray(value)) {
      fault('must be a list of origins such as https://app.example.org.');
      return new Set();
    }
    const origins = [...(value as unknown[])].map((it) =>
      typeof it === 'string' ? it.trim() : it,
    );
    for (const [index, origin] of origins.entries()) {
      if (isOrigin(origin)) continue;
      fault(
        'must be exactly scheme://host or scheme://host:port in lower case, ' +
          'without path, slash at the end, default port or wildcard.',
        `[${index}]`,
      );
    }
    return new Set(origins as string[]);
  },
};

export const credentialOptions = { cookieName, extractors, trustedOrigins };

/** The extractors as written, else those for the header and the cookie. */
export const extractorsOf = (
  written: readonly TokenExtractor[] | undefined,
  name: string | undefined,
): readonly TokenExtractor[] => written ?? [bearerTokenExtractor(), cookieTokenExtractor(name)];
