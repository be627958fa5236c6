import type { HttpReply } from '../http/exchange.js';
import { FetchFailure, NoSuchTenant } from '../http/fetch-failure.js';
import { parseJson } from '../http/fetch-json.js';

/** How a JWKS is asked for. */
export const JWKS_REQUEST = {
  method: 'GET',
  headers: { accept: 'application/json' },
  body: undefined,
  statuses: [200, 404],
  isRepeatable: true,
} as const;

/**
 * The JSON of a reply.
 * @throws NoSuchTenant, or another FetchFailure
 */
export function readJwksReply({ status, text }: HttpReply): unknown {
  if (status === 200) return parseJson(text);
  if (status === 404 && isNoTenant(text)) throw new NoSuchTenant();
  throw FetchFailure.ofStatus(status);
}

function isNoTenant(text: string): boolean {
  try {
    return NoSuchTenant.isSaidBy(JSON.parse(text));
  } catch {
    return false;
  }
}
