import { HankoTenantError, HankoTokenError } from '../errors/hanko.errors.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import type { SessionCheck } from '../session/session-checks.js';
import type { SessionLiveness } from '../session/session-liveness.js';
import { scopedId } from '../util/scoped-id.js';
import { eachOf, type Few, withoutOne, withOne } from './few.js';
import type { LiveUser } from './live-arguments.js';
import type { Due } from './schedule.js';
import { MIN_ASK_MS, type Unasked, type Watch, type Watcher } from './watch.js';

/** What a session needs of the whole. */
export interface SessionAsker extends Watcher<LiveSession> {
  readonly liveness: {
    readonly check: SessionLiveness['check'];
    aliveAt(tenantId: string | undefined, sessionId: string): number | null;
  };
  /** Asks about it when it is its turn. */
  readonly line: { enter(session: LiveSession): void; leave(session: LiveSession): void };
}

/** A session that connections hang on. It is due when Hanko is asked about it, if a policy asks. */
export class LiveSession implements Due, Unasked {
  dueAt = Infinity;
  place = -1;
  readonly isInterval = true;
  /** In lower case, as `userId`: Hanko reads UUIDs in any. */
  readonly sessionId: string;
  readonly userId: string;
  /** Undefined in an app without tenants. */
  readonly tenantId: string | undefined;
  /** When its token was issued, in milliseconds since 1970. */
  readonly issuedAt: number;
  watches: Few<Watch<LiveSession>>;
  /** Aborts the signal that `HankoLiveSessions.signal()` shares. */
  controller: AbortController | undefined;
  /** When a call of it was let in last, in milliseconds since 1970. */
  seenAt: number;
  /** When it was alive last as far as this knows, in milliseconds since 1970. */
  private checkedAt: number;
  /** By which Hanko is asked; null if no policy asks. */
  private check: SessionCheck | null = null;
  /** Whether it waits for its turn, or for the reply. */
  private isAsking = false;

  constructor(
    { id, sessionId, tenantId, authenticatedAt }: LiveUser,
    private readonly asker: SessionAsker,
  ) {
    this.sessionId = sessionId.toLowerCase();
    this.userId = id.toLowerCase();
    this.tenantId = tenantId;
    this.issuedAt = authenticatedAt.getTime();
    this.seenAt = this.checkedAt = asker.now();
  }

  /** Its id among those of all tenants, and that of its user. */
  get key(): string {
    return scopedId(this.tenantId, this.sessionId);
  }

  get userKey(): string {
    return scopedId(this.tenantId, this.userId);
  }

  add(watch: Watch<LiveSession>): void {
    this.watches = withOne(this.watches, watch);
  }

  /** @returns whether it was the last one. */
  remove(watch: Watch<LiveSession>): boolean {
    this.watches = withoutOne(this.watches, watch);
    if (this.watches !== undefined) return false;
    this.asker.schedule.delete(this);
    this.asker.line.leave(this);
    return true;
  }

  /** A call was let in, and how it was checked. */
  admitted(watch: Watch<LiveSession>, check: SessionCheck | null): void {
    this.seenAt = this.asker.now();
    if (check === null) return;
    this.check = check;
    this.checkedAt = this.seenAt;
    watch.askBy(check.policy);
    const dueAt = this.aliveAt() + this.askEveryMs();
    if (this.isAsking || (this.place !== -1 && dueAt >= this.dueAt)) return;
    this.asker.schedule.set(this, dueAt);
  }

  onDue(): void {
    const { now, schedule, line } = this.asker;
    // Requests of the session may have asked meanwhile.
    const dueAt = this.aliveAt() + this.askEveryMs();
    if (dueAt > now()) {
      if (dueAt < Infinity) schedule.set(this, dueAt);
      return;
    }
    this.isAsking = true;
    line.enter(this);
  }

  /** A request of the session may have asked. */
  hasRepliedSince(at: number): boolean {
    const { now, liveness } = this.asker;
    const toldAt = liveness.aliveAt(this.tenantId, this.sessionId);
    // Not what a clock that was set back makes late.
    return toldAt !== null && toldAt >= at && toldAt <= now();
  }

  /** Asks Hanko, and is due again. An open connection is no activity of its user: an idle session ends all the same. */
  async ask(): Promise<void> {
    const { token, user } = this.check as SessionCheck;
    const { now, liveness, schedule } = this.asker;
    const askedAt = now();
    let nextAt: number;
    try {
      await liveness.check(token, user, AS_IT_IS);
      for (const watch of eachOf(this.watches)) watch.letOff(this);
      this.checkedAt = askedAt;
      nextAt = askedAt + this.askEveryMs();
    } catch (error) {
      nextAt = now() + (this.onFailure(error) ? ASK_AGAIN_MS : MIN_ASK_MS);
    }
    this.isAsking = false;
    if (this.watches !== undefined && nextAt < Infinity) schedule.set(this, nextAt);
  }

  /** @returns whether a reply that comes soon can still let some off. */
  private onFailure(error: unknown): boolean {
    const isOver = error instanceof HankoTokenError || error instanceof HankoTenantError;
    const aliveAt = this.aliveAt();
    let isEnding = false;
    for (const watch of eachOf(this.watches)) {
      if (!isOver) watch.outlastHanko(aliveAt, this);
      else if (watch.askEveryMs < Infinity) this.asker.end(watch, error);
      isEnding ||= watch.isEnding;
    }
    return isEnding;
  }

  /** When Hanko said last that it is alive, in milliseconds since 1970. */
  private aliveAt(): number {
    const { now, liveness } = this.asker;
    const at = now();
    // If the clock was set back, it is unknown when that was; it counts from now on.
    this.checkedAt = Math.min(this.checkedAt, at);
    const toldAt = liveness.aliveAt(this.tenantId, this.sessionId);
    return toldAt !== null && toldAt <= at ? toldAt : this.checkedAt;
  }

  private askEveryMs(): number {
    let everyMs = Infinity;
    for (const watch of eachOf(this.watches)) everyMs = Math.min(everyMs, watch.askEveryMs);
    return everyMs;
  }
}

/** The time between two questions about what is about to end for want of a reply. */
export const ASK_AGAIN_MS = 5_000;

const AS_IT_IS: ResolvedSessionPolicy = {
  refreshMs: 0,
  keepAlive: false,
  onUnavailable: 'reject',
};
