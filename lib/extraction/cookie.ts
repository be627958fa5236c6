import { HankoCredentialsError } from '../errors/hanko.errors.js';
import { headerValues, type IncomingRequest, wireValues } from './request.js';
import { MAX_CANDIDATES, type TokenExtractor } from './token-extractor.js';

/**
 * Reads the session cookie (RFC 6265 §4.2.1) from the `Cookie` header itself, so `cookie-parser` and `@fastify/cookie`
 * make no difference. A browser may send several cookies of one name (host and parent domain, two paths), some of them
 * expired: the SDK does not delete them. Up to eight different ones are returned.
 *
 * ```ts
 * HankoModule.forRoot({ extractors: [bearerTokenExtractor(), cookieTokenExtractor('__Host-hanko')] });
 * ```
 *
 * @param cookieName default `hanko`, as Hanko's `session.cookie.name`. A name that begins with `__Host-` cannot be
 * set by another subdomain.
 * @throws HankoCredentialsError `credentials_ambiguous` when it reads more than eight different ones
 */
export function cookieTokenExtractor(cookieName = 'hanko'): TokenExtractor {
  return {
    name: 'cookie',
    place: { in: 'cookie', name: cookieName },
    extract(request) {
      const tokens = cookieValues(request, cookieName);
      if (tokens.length > MAX_CANDIDATES) {
        throw new HankoCredentialsError(
          'credentials_ambiguous',
          `The request has more than ${MAX_CANDIDATES} different cookies "${cookieName}"`,
        );
      }
      return tokens.length === 0 ? undefined : { tokens, ambient: true };
    },
  };
}

function cookieValues(request: IncomingRequest, name: string): readonly string[] {
  // Several fields are one (RFC 6265bis §5.8.3, RFC 9113 §8.2.3).
  const fields = headerValues(request, 'cookie');
  if (fields.length > 0) return cookiesNamed(name, fields.join('; '));
  // A header that middleware has removed must not live on in what a parser made of it before, decoded or not.
  return wireValues(request, 'cookie').length > 0 ? [] : parsedCookie(request.cookies, name);
}

/** RFC 6265 §5.4. Looks at every pair, takes apart only those of this name, and stops at one too many. */
function cookiesNamed(name: string, header: string): readonly string[] {
  const values: string[] = [];
  let end = -1;
  while (end < header.length && values.length <= MAX_CANDIDATES) {
    const start = skipSpace(header, end + 1);
    end = header.indexOf(';', start);
    if (end === -1) end = header.length;
    if (!header.startsWith(name, start)) continue;
    const separator = skipSpace(header, start + name.length);
    if (separator >= end || header[separator] !== '=') continue;
    const value = unquote(trim(header.slice(separator + 1, end)));
    if (value !== '' && !values.includes(value)) values.push(value);
  }
  return values;
}

function parsedCookie(cookies: unknown, name: string): readonly string[] {
  if (typeof cookies !== 'object' || cookies === null || !Object.hasOwn(cookies, name)) return [];
  const value = (cookies as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? [value] : [];
}

function unquote(value: string): string {
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  return isQuoted ? value.slice(1, -1) : value;
}

/** RFC 6265 §5.2 knows two white spaces. `String.trim` knows more: it would make `\u00a0hanko` our cookie. */
const isSpace = (character: string | undefined): boolean => character === ' ' || character === '\t';

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text[at])) at += 1;
  return at;
}

function trim(text: string): string {
  let end = text.length;
  while (isSpace(text[end - 1])) end -= 1;
  return text.slice(skipSpace(text, 0), end);
}
