import type { JsonRequest } from '../http/fetch-json.js';

/**
 * How Hanko is asked about a session.
 * @param keepAlive whether this counts as activity of the user.
 * @param isOfTenant whether Hanko may say that there is no such tenant.
 */
export function question(token: string, keepAlive: boolean, isOfTenant: boolean): JsonRequest {
  const statuses = isOfTenant ? [200, 400, 404] : [200, 400];
  if (!keepAlive) return { statuses, headers: { authorization: `Bearer ${token}` } };
  return {
    statuses,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_token: token }),
  };
}
