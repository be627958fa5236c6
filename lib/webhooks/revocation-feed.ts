import type { Revoker } from '../revocation/tenant-revocation.js';
import { isObject, isUuid } from '../util/value-checks.js';
import { type HankoEvent, isUnder } from './hanko-events.js';

/** An event that Hanko signed does not say whom to revoke. */
export class UnusableEvent extends Error {
  override readonly name = 'UnusableEvent';
}

/** What the feed needs, apart from the event. */
interface FeedOptions {
  readonly revokeOnPasswordChange: boolean;
  /** Called when a session had to be revoked for longer than its token is valid. */
  readonly warn: (warning: string) => void;
}

/**
 * Revokes what an event says has ended. A `session.delete` that Hanko rolls back later (docs/hanko.md, Webhooks)
 * still ends the session here: when in doubt, more is revoked.
 *
 * @throws UnusableEvent if there is no id to revoke
 * @throws HankoUnavailableError if the store does not take it.
 */
export async function feedRevocation(
  { name, tenantId, data, issuedAt }: HankoEvent,
  revocation: Revoker,
  { revokeOnPasswordChange, warn }: FeedOptions,
): Promise<void> {
  const isSession = isUnder(name, 'session.delete');
  const isUser =
    isUnder(name, 'user.delete') ||
    (revokeOnPasswordChange && isUnder(name, 'user.update.password'));
  if (!isSession && !isUser) return;
  const { id, expires_at } = isObject(data) ? data : {};
  if (!isUuid(id)) {
    throw new UnusableEvent(
      `A ${name} event has no UUID in data.id, so nothing was revoked. This version of Hanko may use another format.`,
    );
  }
  if (isUser) {
    // Hanko's clock also sets the tokens' iat, so no tolerance is needed.
    await revocation.endUser(id, issuedAt.getTime(), tenantId);
    return;
  }
  const expiresAt = readTime(expires_at);
  if (Number.isNaN(expiresAt)) {
    warn(
      `The expires_at of a ${name} event cannot be read: its session is revoked for maxSessionLifetimeSeconds.`,
    );
  }
  await revocation.endSession(id, Number.isNaN(expiresAt) ? undefined : expiresAt, tenantId);
}

/** @returns undefined if Hanko does not say; NaN for an invalid time, such as Go's zero time (the year 1). */
function readTime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return time > 0 ? time : Number.NaN;
}
