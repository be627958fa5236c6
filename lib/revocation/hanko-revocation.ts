import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Observable, Subject } from 'rxjs';
import { HankoTokenError, HankoUnavailableError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { MaybePromise } from '../util/maybe-promise.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoUser } from '../user/hanko-user.js';
import { FreshAnswers } from './fresh-answers.js';
import { GuardedStore } from './guarded-store.js';
import { RevocationList } from './revocation-list.js';
import { deliveryKey, readStored, sessionKey, userKey } from './stored-revocation.js';

/** Something was revoked: here, or on another instance that shares the store. */
export type HankoRevoked =
  | { readonly kind: 'session'; readonly sessionId: string }
  | {
      readonly kind: 'user';
      readonly userId: string;
      /** Tokens that were issued up to then are no longer good. */
      readonly issuedUpTo: Date;
    };

/** How things stand with the list. */
export interface RevocationStatus {
  /** Entries that this instance knows. */
  readonly entries: number;
  /** `none` if the app has no store. */
  readonly store: 'none' | 'answering' | 'failing';
  /** Milliseconds since 1970; null if it never failed. */
  readonly storeFailedAt: number | null;
}

/**
 * Ends sessions before their tokens expire, without a call to Hanko per request. `nestjs-hanko/webhooks`
 * feeds it; your own code may too.
 */
@Injectable()
export class HankoRevocation implements OnModuleDestroy {
  /**
   * Every revocation that this instance learns of, once: its own, and those from afar where the store can
   * `subscribe` or a request comes for them.
   */
  readonly revoked$: Observable<HankoRevoked>;
  private readonly logger = new Logger('HankoRevocation');
  private readonly revoked = new Subject<HankoRevoked>();
  private readonly list: RevocationList;
  private readonly store: GuardedStore | null;
  private readonly fresh: FreshAnswers;
  private readonly unsubscribe: () => void;
  private hasWarned = false;

  constructor(@Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions) {
    const { revocation, now } = options;
    this.revoked$ = this.revoked.asObservable();
    this.list = new RevocationList(now);
    this.fresh = new FreshAnswers(revocation.maxAgeSeconds * 1000, now);
    this.store = revocation.store === null ? null : new GuardedStore(revocation.store, now);
    this.unsubscribe = this.store?.subscribe((key, value) => this.learn(key, value)) ?? NOTHING;
  }

  /** Ends `revoked$`. */
  onModuleDestroy(): void {
    this.unsubscribe();
    this.revoked.complete();
  }

  /** @internal */
  get status(): RevocationStatus {
    const { list, store } = this;
    return {
      entries: list.size,
      store: store === null ? 'none' : store.isFailing ? 'failing' : 'answering',
      storeFailedAt: store?.failedAt ?? null,
    };
  }

  /**
   * Ends one session. It resolves once the store has it, so that no restart forgets it.
   * @param sessionId the `session_id` claim.
   * @param until when its token expires; default `maxSessionLifetimeSeconds` from now.
   * @throws HankoUnavailableError `hanko_unavailable` if the store does not take it. This instance
   * knows it nevertheless.
   */
  async revoke(sessionId: string, until?: Date): Promise<void> {
    const key = sessionKey(sessionId);
    // Tokens are good for the tolerance longer.
    const end = timeOf(until, this.options.now() + this.longestMs) + this.toleranceMs;
    this.learn(key, { until: end });
    await this.keep(key, end, {});
  }

  /**
   * Ends all sessions of a user that began up to now. It resolves once the store has it.
   * @param issuedUpTo tokens that were issued up to then are no longer good; default now.
   * @throws HankoUnavailableError `hanko_unavailable` as `revoke` does.
   */
  async revokeUser(userId: string, issuedUpTo?: Date): Promise<void> {
    const key = userKey(userId);
    const now = this.options.now();
    const moment = timeOf(issuedUpTo, now);
    const end = Math.max(now, moment) + this.longestMs + this.toleranceMs;
    this.learn(key, { issuedUpTo: moment, until: end });
    await this.keep(key, end, { issuedUpTo: moment });
  }

  /**
   * Notes, in this instance, that Hanko says of a session that it has ended, until its token expires. The store
   * is not told: each instance may ask Hanko itself, and whoever sends dead tokens must not fill it.
   * @internal
   */
  noteEnded({ sessionId, expiresAt }: HankoUser): void {
    this.learn(sessionKey(sessionId), { until: expiresAt.getTime() + this.toleranceMs });
  }

  /**
   * Passes if neither the session nor its user was revoked; without a promise if that is known.
   *
   * @throws HankoTokenError `session_revoked`; now, or by the promise
   * @throws HankoUnavailableError `hanko_unavailable` if the store does not say
   * @internal
   */
  check(user: HankoUser): MaybePromise<void> {
    this.refuseKnown(user);
    if (this.store === null || this.fresh.has(user.sessionId)) return undefined;
    return this.ask(this.store, user);
  }

  /**
   * Whether an instance that shares the store has remembered this; without a store, nobody has.
   * @throws HankoUnavailableError `hanko_unavailable`
   * @internal
   */
  async recalls(id: string): Promise<boolean> {
    return (await this.recall(deliveryKey(id))) !== undefined;
  }

  /**
   * @param untilMs milliseconds since 1970.
   * @throws HankoUnavailableError `hanko_unavailable`
   * @internal
   */
  async remember(id: string, untilMs: number): Promise<void> {
    await this.keep(deliveryKey(id), untilMs, {});
  }

  private async ask(store: GuardedStore, user: HankoUser): Promise<void> {
    const { sessionId, id } = user;
    const keys = [sessionKey(sessionId), userKey(id)];
    try {
      await this.fresh.renew(sessionId, async () => {
        const values = await store.getMany(keys);
        keys.forEach((key, index) => this.learn(key, values[index]));
      });
    } catch {
      const error = this.storeUnavailable();
      // What this instance has heard of meanwhile counts.
      this.refuseKnown(user);
      if (this.options.revocation.onUnavailable === 'accept') return;
      throw error;
    }
    this.hasWarned = false;
    this.refuseKnown(user);
  }

  private refuseKnown({ sessionId, id, authenticatedAt }: HankoUser): void {
    if (this.list.size === 0) return;
    const isRevoked = this.list.has({
      sessionId,
      userId: id,
      issuedAt: authenticatedAt.getTime(),
    });
    if (isRevoked) {
      throw new HankoTokenError('session_revoked', 'The session, or its user, was revoked');
    }
  }

  /** What somebody wrote under a key, here or elsewhere. */
  private learn(key: string, value: unknown): void {
    const entry = readStored(key, value);
    if (entry === null || entry.until <= this.options.now()) return;
    if (entry.kind === 'session') {
      const isNews = this.list.addSession(entry.sessionId, entry.until);
      if (isNews) this.revoked.next({ kind: 'session', sessionId: entry.sessionId });
    } else if (this.list.addUser(entry.userId, entry.issuedUpTo, entry.until)) {
      const issuedUpTo = new Date(entry.issuedUpTo);
      this.revoked.next({ kind: 'user', userId: entry.userId, issuedUpTo });
    }
  }

  /** @throws HankoUnavailableError */
  private async recall(key: string): Promise<unknown> {
    if (this.store === null) return undefined;
    try {
      const [value] = await this.store.getMany([key]);
      return value ?? undefined;
    } catch {
      throw this.storeUnavailable();
    }
  }

  /**
   * Keeps an entry for as long as it holds. Events come in any order, so what stands there already is not
   * made less.
   * @throws HankoUnavailableError
   */
  private async keep(key: string, until: number, more: { issuedUpTo?: number }): Promise<void> {
    if (this.store === null) return;
    const before = ((await this.recall(key)) ?? {}) as Readonly<Record<string, unknown>>;
    const latest = (name: string, own: number): number => {
      const other = before[name];
      return Number.isFinite(other) && (other as number) > own ? (other as number) : own;
    };
    const entry: Record<string, number> = { until: latest('until', until) };
    if (more.issuedUpTo !== undefined) {
      entry.issuedUpTo = latest('issuedUpTo', more.issuedUpTo);
    }
    const ttlMs = (entry.until as number) - this.options.now();
    if (ttlMs <= 0) return;
    try {
      await this.store.set(key, entry, Math.ceil(ttlMs));
    } catch {
      throw this.storeUnavailable();
    }
  }

  private get toleranceMs(): number {
    return this.options.clockToleranceSeconds * 1000;
  }

  /** How long a token can live. */
  private get longestMs(): number {
    return this.options.revocation.maxSessionLifetimeSeconds * 1000;
  }

  /** Warns once per outage. */
  private storeUnavailable(): HankoUnavailableError {
    if (!this.hasWarned) {
      this.hasWarned = true;
      this.logger.warn(
        'The revocation store does not answer: ' +
          (this.options.revocation.onUnavailable === 'accept'
            ? 'revocations that another instance learned of are not seen.'
            : 'requests with a token are answered 503.'),
      );
    }
    return new HankoUnavailableError('The revocation store does not answer', RETRY_AFTER_SECONDS);
  }
}

/** Of a date that is none, the alternative: in doubt more is revoked, not less. */
function timeOf(date: Date | undefined, alternative: number): number {
  const time = date?.getTime();
  return Number.isFinite(time) ? (time as number) : alternative;
}

const NOTHING = (): void => undefined;

const RETRY_AFTER_SECONDS = 1;
