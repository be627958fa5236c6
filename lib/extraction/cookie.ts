import { EXTRACTED_FROM } from '../hanko.constants.js';
import { headerValues, type IncomingRequest } from './request.js';
import type { TellingExtractor, TokenExtractor } from './token-extractor.js';

/**
 * A browser may send several cookies of one name (host and parent domain, two paths), among them a
 * dead one that the SDK left behind. More than this many is nobody's honest set-up.
 */
const MAX_CANDIDATES = 3;

/**
 * Reads the session cookie (RFC 6265 §4.2.1) straight from the `Cookie` header, so that the answer
 * is the same with `cookie-parser`, `@fastify/cookie` or neither.
 *
 * @param cookieName default `hanko`, as Hanko's `session.cookie.name`.
 */
export function cookieTokenExtractor(cookieName = 'hanko'): TokenExtractor {
  const extractor: TellingExtractor = {
    name: 'cookie',
    [EXTRACTED_FROM]: { in: 'cookie', name: cookieName },
    extract(request) {
      const tokens = cookieValues(request, cookieName);
      return tokens.length === 0 ? undefined : { tokens, ambient: true };
    },
  };
  return extractor;
}

function cookieValues(request: IncomingRequest, name: string): readonly string[] {
  // Several fields are one (RFC 6265bis §5.8.3, RFC 9113 §8.2.3).
  const fields = headerValues(request, 'cookie');
  return fields.length === 0
    ? parsedCookie(request.cookies, name)
    : cookiesNamed(name, fields.join('; '));
}

/** RFC 6265 §5.4. Looks at every pair and takes apart only those of this name. */
function cookiesNamed(name: string, header: string): readonly string[] {
  const values: string[] = [];
  let end = -1;
  while (end < header.length && values.length < MAX_CANDIDATES) {
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
