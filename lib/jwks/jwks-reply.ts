import type { HttpReply } from '../http/exchange.js';
import { FetchFailure } from '../http/fetch-failure.js';
import { parseJson } from '../http/fetch-json.js';
import { isObject } from '../util/value-checks.js';

/** How a JWKS is asked for. */
export const JWKS_REQUEST = {
  method: 'GET',
  headers: { accept: 'application/json' },
  body: undefined,
  statuses: [200, 404],
  isRepeatable: true,
} as const;

/** Hanko says that it has no such tenant (its backend/middleware/tenant.go). */
export class NoSuchTenant extends FetchFailure {}

/**
 * The JSON of a reply.
 * @throws NoSuchTenant, or another FetchFailure
 */
export function readJwksReply({ status, text }: HttpReply): unknown {
  if (status === 200) return parseJson(text);
  if (isNoTenant(text)) throw new NoSuchTenant('status 404: tenant not found', { status });
  throw FetchFailure.ofStatus(status);
}

function isNoTenant(text: string): boolean {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) && json.message === 'tenant not found';
  } catch {
    return false;
  }
}
