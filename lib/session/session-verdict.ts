import type { JsonReply } from '../http/fetch-json.js';
import { FetchFailure, NoSuchTenant } from '../http/fetch-failure.js';
import { isObject } from '../util/value-checks.js';

/** Hanko's verdict on a session. */
export type SessionVerdict =
  | {
      readonly isAlive: true;
      /** When the session ends without activity, in milliseconds since 1970; null without an idle timeout. */
      readonly idleExpiresAt: number | null;
    }
  | {
      readonly isAlive: false;
      /** True if Hanko could not read the token's claims: the session may exist. */
      readonly isUnreadable: boolean;
    };

/**
 * Reads a reply of `/sessions/validate`. Nothing in it says who is calling: the verified token does. It only has
 * to be about the same session.
 *
 * @throws NoSuchTenant, or FetchFailure for any other shape.
 */
export function parseValidation({ status, json }: JsonReply, sessionId: string): SessionVerdict {
  const body = isObject(json) ? json : {};
  // Hanko replies to claims that it cannot read with a 400 of this shape. A 400 of a gateway has another shape and says
  // nothing about the session; nor does a 400 about the tenant in `apiUrl`.
  if (status === 400 && body.code === 400 && body.message !== WRONG_TENANT)
    return { isAlive: false, isUnreadable: true };
  if (status === 404 && NoSuchTenant.isSaidBy(body)) throw new NoSuchTenant();
  if (status !== 200) throw FetchFailure.ofStatus(status);
  if (body.is_valid === false) return { isAlive: false, isUnreadable: false };
  if (body.is_valid !== true || !isObject(body.claims)) {
    throw new FetchFailure('the reply does not have the shape of /sessions/validate');
  }
  if (body.claims.session_id !== sessionId) {
    throw new FetchFailure('the reply is about another session');
  }
  const idleExpiresAt =
    typeof body.idle_expires_at === 'string' ? Date.parse(body.idle_expires_at) : NaN;
  return { isAlive: true, idleExpiresAt: Number.isNaN(idleExpiresAt) ? null : idleExpiresAt };
}

/** Hanko backend/middleware/tenant.go. */
const WRONG_TENANT = 'invalid tenant ID format';
