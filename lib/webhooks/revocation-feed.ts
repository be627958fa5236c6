import { isObject, isUuid } from '../util/value-checks.js';
import type { HankoRevocation } from '../revocation/hanko-revocation.js';
import { type HankoEvent, isUnder } from './hanko-events.js';

/**
 * Revokes what an event says has ended. A `session.delete` that Hanko rolls back later (contract §6.4) ends the
 * session here nevertheless: in doubt it is refused.
 *
 * @throws HankoUnavailableError if the store does not take it.
 */
export async function feedRevocation(
  { name, data, issuedAt }: HankoEvent,
  revocation: HankoRevocation,
  { revokeOnPasswordChange }: { readonly revokeOnPasswordChange: boolean },
): Promise<void> {
  const { id, expires_at } = isObject(data) ? data : {};
  if (!isUuid(id)) return;
  if (isUnder(name, 'session.delete')) {
    const until = typeof expires_at === 'string' ? new Date(expires_at) : undefined;
    await revocation.revoke(id, until && Number.isNaN(until.getTime()) ? undefined : until);
  } else if (
    isUnder(name, 'user.delete') ||
    (revokeOnPasswordChange && isUnder(name, 'user.update.password'))
  ) {
    await revocation.revokeUser(id, issuedAt);
  }
}
