import { HankoCredentialsError, HankoTokenError } from '../errors/hanko.errors.js';
import { headerValues } from './request.js';
import type { TokenExtractor } from './token-extractor.js';

const SCHEME = 'bearer';

/** RFC 9110 §5.6.2: what a scheme is made of. */
const TOKEN_CHARACTER = /[!#$%&'*+\-.^_`|~\w]/;

/**
 * RFC 9110 §11.4: a scheme and what follows it. Whatever follows `Bearer` counts as a bearer credential, also
 * if it is set apart wrongly: a bad bearer must not pass for none.
 */
const isBearer = (credentials: string): boolean =>
  credentials.slice(0, SCHEME.length).toLowerCase() === SCHEME &&
  !TOKEN_CHARACTER.test(credentials.charAt(SCHEME.length));

/**
 * Reads `Authorization: Bearer <token>`, RFC 6750 §2.1; the scheme in any case. Other schemes are left alone.
 *
 * ```ts
 * HankoModule.forRoot({ extractors: [bearerTokenExtractor()] }); // no cookies
 * ```
 *
 * @throws HankoCredentialsError `credentials_ambiguous` when it reads two different bearers
 * @throws HankoTokenError `token_malformed` when it reads a bare `Bearer`
 */
export function bearerTokenExtractor(): TokenExtractor {
  return {
    name: 'bearer',
    place: { in: 'bearer' },
    extract(request) {
      let token: string | undefined;
      for (const value of headerValues(request, 'authorization')) {
        const credentials = value.trim();
        if (!isBearer(credentials)) continue;
        let start = SCHEME.length;
        while (credentials[start] === ' ') start += 1;
        const candidate = credentials.slice(start);
        if (token !== undefined && token !== candidate) {
          throw new HankoCredentialsError(
            'credentials_ambiguous',
            'The request has two Authorization headers with different bearer tokens',
          );
        }
        token = candidate;
      }
      if (token === '') {
        throw new HankoTokenError(
          'token_malformed',
          'The Authorization header has the scheme Bearer and no token behind it',
        );
      }
      return token === undefined ? undefined : { tokens: [token], ambient: false };
    },
  };
}
