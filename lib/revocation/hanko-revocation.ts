import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Observable, Subject } from 'rxjs';
import { HankoTokenError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoUser } from '../user/hanko-user.js';
import type { MaybePromise } from '../util/maybe-promise.js';
import { whereThrown } from '../util/where-thrown.js';
import { AskedLately } from './asked-lately.js';
import { GuardedObservable } from './guarded-observable.js';
import { scopedId } from '../util/scoped-id.js';
import { checkedTenant, refuseTenants } from './named-tenant.js';
import { RevocationLists } from './revocation-lists.js';
import type { HankoRevoked, RevocationStatus } from './revoked.js';
import { StoreClient } from './store-client.js';
import { type RevocationEntry, type StoredSession, StoreEntries } from './store-entries.js';
import { StoreOutage } from './store-outage.js';
import { StoreSubscription } from './store-subscription.js';
import { HankoTenantRevocation } from './tenant-revocation.js';

/**
 * Ends sessions before their tokens expire, without a call to Hanko per request. `nestjs-hanko/webhooks`
 * feeds it; your own code may too.
 */
@Injectable()
export class HankoRevocation implements OnModuleDestroy {
  /**
   * Emits every revocation that this instance learns of, once: its own, and those of other instances, when the store
   * can `subscribe` or when a request of the session comes. The error of a subscriber is logged once, and it stays
   * subscribed.
   *
   * ```ts
   * const revocation = app.get(HankoRevocation);
   * revocation.revoked$.subscribe(({ kind }) => console.log('ended: a', kind)); // close sockets and streams
   * ```
   */
  readonly revoked$: Observable<HankoRevoked>;
  /**
   * The store that instances share; null if the app has none.
   * @internal
   */
  readonly storeClient: StoreClient | null;
  private readonly logger = new Logger('HankoRevocation');
  private readonly revoked = new Subject<HankoRevoked>();
  private readonly lists: RevocationLists;
  private readonly own: HankoTenantRevocation;
  private readonly entries: StoreEntries | null;
  private readonly askedLately: AskedLately;
  private readonly subscription: StoreSubscription | null;
  /** Failures of other code, which are logged once each. */
  private readonly logged = new Set<string>();
  private readonly outage: StoreOutage;

  constructor(@Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions) {
    const { revocation, now } = options;
    const { store } = revocation;
    this.revoked$ = new GuardedObservable(this.revoked, (error) => {
      this.logOnce(`A subscriber of revoked$ failed: ${whereThrown(error)}`);
    });
    this.lists = new RevocationLists(options);
    this.own = new HankoTenantRevocation(options, this, undefined);
    this.outage = new StoreOutage(this.logger, revocation.onUnavailable);
    this.askedLately = new AskedLately(revocation.maxAgeSeconds * 1000, now);
    this.storeClient = store && new StoreClient(store, now);
    this.entries = this.storeClient && new StoreEntries(this.storeClient, now);
    this.subscription =
      store &&
      new StoreSubscription(
        store,
        (entry) => this.learn(entry),
        (line) => this.logOnce(line),
      );
  }

  /** Ends `revoked$`, and all that is done for the store. */
  onModuleDestroy(): void {
    this.storeClient?.close();
    this.subscription?.close();
    this.revoked.complete();
  }

  /**
   * Whether the store tells of revocations at once. It may turn out later.
   * @internal
   */
  get isToldByStore(): boolean {
    return this.subscription?.isActive === true;
  }

  /** @internal */
  get status(): RevocationStatus {
    const { lists, storeClient } = this;
    return {
      entries: lists.size,
      store: storeClient === null ? 'none' : storeClient.isFailing ? 'failing' : 'answering',
      storeFailedAt: storeClient?.failedAt ?? null,
    };
  }

  /**
   * Revokes one session by its id. Resolves once the store has it, so that a restart does not forget it.
   *
   * ```ts
   * const user = await hanko.authenticate(request);
   * await app.get(HankoRevocation).revoke(user.sessionId, user.expiresAt);
   * ```
   *
   * @param sessionId the `session_id` claim, a UUID, as in `user.sessionId`. Other ids are UUIDs too, and cannot be
   * recognized: they revoke nothing.
   * @param until when the session's token expires, as in `user.expiresAt`; default `maxSessionLifetimeSeconds`
   * from now. After that the session is forgotten.
   * @throws TypeError if `sessionId` is not a UUID or `until` is not a valid `Date`
   * @throws RangeError if `until` has passed
   * @throws HankoUnavailableError `hanko_unavailable` if the store does not take it; this instance knows it all the same
   * @throws HankoConfigurationError `configuration_invalid` in an app with the option `tenants`: there it is `tenant(id)` that revokes
   */
  async revoke(sessionId: string, until?: Date): Promise<void> {
    refuseTenants(this.options, 'revoke()');
    await this.own.revoke(sessionId, until);
  }

  /**
   * Revokes all sessions of a user that began up to now. Resolves once the store has it.
   *
   * ```ts
   * const user = await hanko.authenticate(request);
   * await app.get(HankoRevocation).revokeUser(user.id); // after a changed role: the next login has the new one
   * ```
   *
   * @param userId the `sub` claim, a UUID, as in `user.id`. Other ids are UUIDs too, and cannot be recognized: they
   * revoke nothing.
   * @param issuedUpTo tokens that were issued up to then are no longer valid. Default: now plus
   * `clockToleranceSeconds`, because Hanko's clock may be ahead of ours. So a session that begins within these
   * seconds is revoked too. At most `maxSessionLifetimeSeconds` from now, in either direction.
   * @throws TypeError if `userId` is not a UUID or `issuedUpTo` is not a valid `Date`
   * @throws RangeError if `issuedUpTo` is too far away
   * @throws HankoUnavailableError `hanko_unavailable` as `revoke` does.
   * @throws HankoConfigurationError `configuration_invalid` in an app with the option `tenants`: there it is `tenant(id)` that revokes
   */
  async revokeUser(userId: string, issuedUpTo?: Date): Promise<void> {
    refuseTenants(this.options, 'revokeUser()');
    await this.own.revokeUser(userId, issuedUpTo);
  }

  /**
   * Ends sessions of one tenant, in an app with the option `tenants`.
   *
   * ```ts
   * const user = await hanko.authenticate(request);
   * await app.get(HankoRevocation).tenant(user.tenantId!).revokeUser(user.id);
   * ```
   *
   * @param tenantId as `tenants.resolve()` names it, and `user.tenantId` says it.
   * @throws TypeError if it is no id of a tenant
   * @throws HankoConfigurationError `configuration_invalid` without the option `tenants`
   */
  tenant(tenantId: string): HankoTenantRevocation {
    const id = checkedTenant(this.options, tenantId);
    return new HankoTenantRevocation(this.options, this, id);
  }

  /**
   * @param expiresAt when its token expires, in milliseconds since 1970; default the longest life of a session.
   * @param tenantId undefined without the option `tenants`.
   * @throws HankoUnavailableError `hanko_unavailable`
   * @internal
   */
  async endSession(sessionId: string, expiresAt?: number, tenantId?: string): Promise<void> {
    // The verifier accepts tokens for the tolerance longer.
    const until = (expiresAt ?? this.options.now() + this.longestMs) + this.toleranceMs;
    await this.end({ kind: 'session', tenantId, sessionId: sessionId.toLowerCase(), until });
  }

  /**
   * @param issuedUpTo milliseconds since 1970.
   * @param tenantId undefined without the option `tenants`.
   * @throws HankoUnavailableError `hanko_unavailable`
   * @internal
   */
  async endUser(userId: string, issuedUpTo: number, tenantId?: string): Promise<void> {
    const until = Math.max(this.options.now(), issuedUpTo) + this.longestMs + this.toleranceMs;
    await this.end({ kind: 'user', tenantId, userId: userId.toLowerCase(), issuedUpTo, until });
  }

  /**
   * Notes, in this instance, that Hanko says that a session has ended. The store is not told: each instance can ask
   * Hanko, and a caller who sends tokens of ended sessions must not fill the store.
   * @internal
   */
  noteEnded({ tenantId, sessionId, expiresAt }: HankoUser): void {
    const until = expiresAt.getTime() + this.toleranceMs;
    this.learn({ kind: 'session', tenantId, sessionId: sessionId.toLowerCase(), until });
  }

  /**
   * Passes if neither the session nor its user was revoked. Returns no promise if that is known already.
   *
   * @throws HankoTokenError `session_revoked`, or rejects with it
   * @throws HankoUnavailableError `hanko_unavailable` if the store does not reply
   * @internal
   */
  check(user: HankoUser): MaybePromise<void> {
    this.refuseKnown(user);
    if (this.entries === null || this.askedLately.has(keyOf(user))) return undefined;
    return this.ask(this.entries, user);
  }

  /**
   * Whether this instance knows that the session, or its user, was revoked.
   * @internal
   */
  isKnownOf({ tenantId, sessionId, id, authenticatedAt }: RevocableUser): boolean {
    const list = this.lists.find(tenantId);
    return (
      list !== undefined && list.has({ sessionId, userId: id, issuedAt: authenticatedAt.getTime() })
    );
  }

  /**
   * Reads the store for many sessions at once, while no request waits: what it says is told by `revoked$`. It never rejects.
   * @returns whether the store replied.
   * @internal
   */
  async learnAll(sessions: readonly StoredSession[]): Promise<boolean> {
    if (this.entries === null) return true;
    try {
      for (const entry of await this.entries.findAll(sessions)) this.learn(entry);
      return true;
    } catch {
      return false;
    }
  }

  private async ask(entries: StoreEntries, user: HankoUser): Promise<void> {
    const { tenantId, sessionId, id: userId } = user;
    try {
      await this.askedLately.ask(keyOf(user), async () => {
        for (const entry of await entries.find({ tenantId, sessionId, userId })) this.learn(entry);
      });
    } catch {
      const error = this.outage.failed();
      // This instance may have learned of the revocation in the meantime.
      this.refuseKnown(user);
      if (this.options.revocation.onUnavailable === 'accept') return;
      throw error;
    }
    this.outage.ended();
    this.refuseKnown(user);
  }

  private refuseKnown(user: HankoUser): void {
    if (!this.isKnownOf(user)) return;
    throw new HankoTokenError('session_revoked', 'The session, or its user, was revoked');
  }

  /** This instance refuses the session even if the store does not take the entry. */
  private async end(entry: RevocationEntry): Promise<void> {
    this.learn(entry);
    if (this.entries === null || entry.until <= this.options.now()) return;
    try {
      await this.entries.keep(entry);
    } catch {
      throw this.outage.failed();
    }
  }

  private learn(entry: RevocationEntry): void {
    if (entry.until <= this.options.now()) return;
    const news = this.lists.add(entry);
    if (news !== null) this.revoked.next(news);
  }

  private get toleranceMs(): number {
    return this.options.clockToleranceSeconds * 1000;
  }

  /** How long a token can live. */
  private get longestMs(): number {
    return this.options.revocation.maxSessionLifetimeSeconds * 1000;
  }

  private logOnce(line: string): void {
    if (this.logged.has(line) || this.logged.size >= MAX_LOGGED) return;
    this.logged.add(line);
    this.logger.error(line);
  }
}

/** Who can be revoked. */
type RevocableUser = Pick<HankoUser, 'id' | 'sessionId' | 'authenticatedAt'> & {
  readonly tenantId?: string | undefined;
};

const keyOf = ({ tenantId, sessionId }: HankoUser): string =>
  tenantId === undefined ? sessionId : scopedId(tenantId, sessionId);

/** Bounds the set above: error messages of other code may differ each time. */
const MAX_LOGGED = 100;
