import type { HankoConfig } from '../config/schema.js';

/** As a cookie says it. */
export const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const;

/**
 * A `Set-Cookie` field as Go writes it, in that order (hanko backend/session/session.go, Go net/http/cookie.go).
 * @param maxAge seconds; 0 takes the cookie away, null keeps it until the browser ends.
 */
export function sessionCookie(
  { cookie }: HankoConfig['session'],
  value: string,
  maxAge: number | null,
): string {
  return [
    `${cookie.name || 'hanko'}=${value}`,
    'Path=/',
    ...(cookie.domain ? [`Domain=${cookie.domain.replace(/^\./, '')}`] : []),
    ...(maxAge === null ? [] : [`Max-Age=${maxAge}`]),
    ...(cookie.http_only ? ['HttpOnly'] : []),
    ...(cookie.secure ? ['Secure'] : []),
    `SameSite=${SAME_SITE[cookie.same_site]}`,
  ].join('; ');
}
