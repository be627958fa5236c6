import type { IncomingRequest } from './request.js';
import type { TokenExtractor } from './token-extractor.js';

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
  return {
    name: 'cookie',
    extract(request) {
      const tokens = cookieValues(request, cookieName);
      return tokens.length === 0 ? undefined : { tokens, ambient: true };
    },
  };
}

function cookieValues(request: IncomingRequest, name: string): readonly string[] {
  const header = request.headers.cookie;
  if (header === undefined) return parsedCookie(request.cookies, name);
  const pairs = (typeof header === 'string' ? header : header.join('; ')).split(';');

  const values = new Set<string>();
  for (const pair of pairs) {
    const separator = pair.indexOf('=');
    if (separator < 0 || trim(pair.slice(0, separator)) !== name) continue;
    const value = unquote(trim(pair.slice(separator + 1)));
    if (value !== '') values.add(value);
    if (values.size === MAX_CANDIDATES) break;
  }
  return [...values];
}

function parsedCookie(cookies: unknown, name: string): readonly string[] {
  if (typeof cookies !== 'object' || cookies === null || !Object.hasOwn(cookies, name)) return [];
  const value = (cookies as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? [value] : [];
}

const unquote = (value: string): string => /^"(.*)"$/.exec(value)?.[1] ?? value;

/** RFC 6265 §5.2 knows two white spaces. `String.trim` knows more: it would make `\u00a0hanko` our cookie. */
const trim = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '');
