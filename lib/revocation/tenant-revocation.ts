import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { checkId, readTime } from './revocation-arguments.js';

/** What ends sessions and users. */
export interface Revoker {
  endSession(sessionId: string, expiresAt?: number, tenantId?: string): Promise<void>;
  endUser(userId: string, issuedUpTo: number, tenantId?: string): Promise<void>;
}

/**
 * Ends sessions of one tenant before their tokens expire: `app.get(HankoRevocation).tenant(id)`. Sessions and users of other
 * tenants with the same ids go on.
 */
export class HankoTenantRevocation {
  /** @internal */
  constructor(
    private readonly options: Pick<
      ResolvedHankoOptions,
      'now' | 'clockToleranceSeconds' | 'revocation'
    >,
    private readonly revoker: Revoker,
    private readonly tenantId: string | undefined,
  ) {}

  /**
   * Revokes one session by its id, as `HankoRevocation.revoke()`.
   * @throws TypeError if `sessionId` is not a UUID or `until` is not a valid `Date`
   * @throws RangeError if `until` has passed
   * @throws HankoUnavailableError `hanko_unavailable` if the store does not take it; this instance knows it all the same
   */
  async revoke(sessionId: string, until?: Date): Promise<void> {
    checkId('revoke()', sessionId);
    const { now, clockToleranceSeconds } = this.options;
    const expiresAt = readTime('until', until, {
      earliest: now() - clockToleranceSeconds * 1000,
      why: 'must be in the future: it is when the token of the session expires. Omit it to revoke the session for maxSessionLifetimeSeconds.',
    });
    await this.revoker.endSession(sessionId, expiresAt, this.tenantId);
  }

  /**
   * Revokes all sessions of a user that began up to now, as `HankoRevocation.revokeUser()`.
   * @throws TypeError if `userId` is not a UUID or `issuedUpTo` is not a valid `Date`
   * @throws RangeError if `issuedUpTo` is too far away
   * @throws HankoUnavailableError `hanko_unavailable` as `revoke` does.
   */
  async revokeUser(userId: string, issuedUpTo?: Date): Promise<void> {
    checkId('revokeUser()', userId);
    const { now: clock, clockToleranceSeconds, revocation } = this.options;
    const now = clock();
    const longestMs = revocation.maxSessionLifetimeSeconds * 1000;
    const moment = readTime('issuedUpTo', issuedUpTo, {
      earliest: now - longestMs,
      latest: now + longestMs,
      why: 'is further from now than maxSessionLifetimeSeconds: no session can have begun then. A Date is made from milliseconds, not from seconds.',
    });
    await this.revoker.endUser(userId, moment ?? now + clockToleranceSeconds * 1000, this.tenantId);
  }
}
