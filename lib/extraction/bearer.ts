import { HankoCredentialsError, HankoTokenError } from '../errors/hanko.errors.js';
import { headerValues } from './request.js';
import type { TokenExtractor } from './token-extractor.js';

/** RFC 6750 §2.1: the scheme in any case (RFC 9110 §11.1), one or more spaces, the token. */
const BEARER = /^bearer(?: +(.*))?$/i;

/**
 * Reads `Authorization: Bearer <token>`, RFC 6750 §2.1. Other schemes are left alone.
 *
 * Throws `credentials_ambiguous` for two different bearers and `token_malformed` for a bare `Bearer`.
 */
export function bearerTokenExtractor(): TokenExtractor {
  return {
    name: 'bearer',
    extract(request) {
      let token: string | undefined;
      for (const value of headerValues(request, 'authorization')) {
        const match = BEARER.exec(value.trim());
        if (match === null) continue;
        const candidate = match[1] ?? '';
        if (token !== undefined && token !== candidate) {
          throw new HankoCredentialsError(
            'credentials_ambiguous',
            'The request has two Authorization headers with different bearer tokens',
          );
        }
        token = candidate;
      }
      if (token === '') {
        throw new HankoTokenError('token_malformed', 'The Authorization header has no token');
      }
      return token === undefined ? undefined : { tokens: [token], ambient: false };
    },
  };
}
