import type { IncomingMessage } from 'node:http';

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** What pages may read besides the body, as Hanko lists it (hanko backend/middleware/cors.go). */
const EXPOSED = [
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Session-Lifetime',
  'X-Session-Retention',
];
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Which pages may call it from a browser, with cookies: those get the fields, all others none. */
export class Cors {
  private readonly exposed: string;
  private readonly allowedOrigins: readonly RegExp[];

  /** @param allowOrigins may have wildcards, as Hanko's `cors.allow_origins`. */
  constructor(allowOrigins: 'loopback' | readonly string[], tokenTransport: 'cookie' | 'header') {
    const token = tokenTransport === 'header' ? ['X-Auth-Token'] : [];
    this.allowedOrigins = patternsOf(allowOrigins);
    this.exposed = [...EXPOSED, ...token].join(',');
  }

  /** For any answer; also that to a page that may not read it, for the request is carried out. */
  fieldsFor(request: IncomingMessage): Headers {
    const origin = this.allowed(request);
    if (origin === null) return { vary: 'Origin' };
    const allowed = {
      'access-control-allow-credentials': 'true',
      'access-control-allow-origin': origin,
    };
    if (request.method !== 'OPTIONS') {
      return { ...allowed, 'access-control-expose-headers': this.exposed, vary: 'Origin' };
    }
    const asked = request.headers['access-control-request-headers'];
    return {
      ...allowed,
      ...(asked !== undefined && { 'access-control-allow-headers': asked }),
      'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE,OPTIONS',
      'access-control-max-age': '7200',
      vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
    };
  }

  private allowed(request: IncomingMessage): string | null {
    const { origin } = request.headers;
    if (origin === undefined) return null;
    const isAllowed = this.allowedOrigins.some((allowed) => allowed.test(origin));
    return isAllowed ? origin : null;
  }
}

/** Whether pages of an origin may call the public API. */
export const isAllowedOrigin = (
  allowOrigins: 'loopback' | readonly string[],
  origin: string,
): boolean => patternsOf(allowOrigins).some((allowed) => allowed.test(origin));

const patternsOf = (allowOrigins: 'loopback' | readonly string[]): readonly RegExp[] =>
  allowOrigins === 'loopback' ? [LOOPBACK_ORIGIN] : allowOrigins.map(pattern);

/** `*` is any text, `?` any letter, all else itself (labstack/echo middleware/cors.go). */
const pattern = (origin: string): RegExp =>
  new RegExp(
    `^${origin
      .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
