import {
  type HankoAuthError,
  HankoTokenError,
  HankoUnavailableError,
} from '../errors/hanko.errors.js';
import type { OnUnavailable } from '../options/on-unavailable.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import type { SessionLiveness } from '../session/session-liveness.js';
import type { LiveConnection } from '../transports/transport.js';
import type { SessionCheck } from '../session/session-checks.js';
import type { HankoUser } from '../user/hanko-user.js';
import type { Due, Schedule } from './schedule.js';

/** The shortest time between two questions to Hanko about one session. */
const MIN_ASK_MS = 30_000;

/** How much longer than a policy says its last good reply is used while there is none. */
export const GRACE_MS = 300_000;

/** What nobody could ask about for too long does not end at one moment: all of it will connect again. */
export const SPREAD_MS = 30_000;

/** What sessions and watches need of the whole. */
export interface SessionAsker {
  readonly now: () => number;
  readonly schedule: Schedule;
  readonly liveness: Pick<SessionLiveness, 'check'>;
  end(watch: Watch, error: HankoAuthError): void;
}

/** One connection, and the session that it hangs on. It is due when the token expires, or earlier if that is decided. */
export class Watch implements Due {
  dueAt = Infinity;
  place = -1;
  session!: LiveSession;
  /** When the token expires, in milliseconds since 1970. */
  expiresAt = Infinity;
  /** How the call that was let in was checked; null if its policy never asks Hanko. */
  check: SessionCheck | null = null;
  /** Why it ends before its token expires, and who could not be asked. */
  private early: { readonly error: HankoAuthError; readonly unasked: object } | null = null;

  constructor(
    readonly connection: LiveConnection,
    private readonly asker: SessionAsker,
  ) {}

  hangOn(session: LiveSession, expiresAt: number): void {
    this.session = session;
    this.expiresAt = expiresAt;
    this.check = null;
    this.early = null;
    this.asker.schedule.set(this, expiresAt);
  }

  /** Ends it soon, unless whoever could not be asked replies before. */
  endSoon(error: HankoAuthError, unasked: object): void {
    if (this.early !== null) return;
    this.early = { error, unasked };
    const dueAt = this.asker.now() + Math.random() * SPREAD_MS;
    this.asker.schedule.set(this, Math.min(dueAt, this.expiresAt));
  }

  letOff(unasked: object): void {
    if (this.early?.unasked !== unasked) return;
    this.early = null;
    this.asker.schedule.set(this, this.expiresAt);
  }

  onDue(): void {
    this.asker.end(this, this.early?.error ?? expired());
  }
}

export const expired = (): HankoTokenError =>
  new HankoTokenError('token_expired', 'The token has expired');

/** Ends a connection if nobody could say for too long whether its session is alive. */
export function outlast(
  watch: Watch,
  unasked: object,
  {
    onUnavailable,
    aliveAt,
    everyMs,
    now,
  }: {
    readonly onUnavailable: OnUnavailable;
    /** When it was known last, in milliseconds since 1970. */
    readonly aliveAt: number;
    /** How often somebody is asked. */
    readonly everyMs: number;
    readonly now: number;
  },
): void {
  if (onUnavailable === 'accept' || now - aliveAt <= everyMs + GRACE_MS) return;
  watch.endSoon(
    new HankoUnavailableError('For too long nobody could say whether the session is alive', 1),
    unasked,
  );
}

/** A session that connections hang on. It is due when Hanko is asked about it, if a policy asks. */
export class LiveSession implements Due {
  dueAt = Infinity;
  place = -1;
  /** In lower case, as `userId`: Hanko reads UUIDs in any. */
  readonly id: string;
  readonly userId: string;
  readonly watches = new Set<Watch>();
  /** Of `HankoLiveSessions.signal()`. */
  controller: AbortController | undefined;
  /** When a call of it was let in last, in milliseconds since 1970. */
  seenAt: number;
  /** When Hanko said last that it is alive, in milliseconds since 1970. */
  private aliveAt: number;
  private token = '';

  constructor(
    readonly user: HankoUser,
    private readonly asker: SessionAsker,
  ) {
    this.id = user.sessionId.toLowerCase();
    this.userId = user.id.toLowerCase();
    this.seenAt = this.aliveAt = asker.now();
  }

  /** A call was let in, and how it was checked. The connection's strictest check counts. */
  askAs(watch: Watch, check: SessionCheck | null): void {
    const now = this.asker.now();
    this.seenAt = now;
    if (check === null) return;
    const { policy, token } = check;
    if (policy.onUnavailable === 'reject') this.aliveAt = now;
    this.token = token;
    if (watch.check !== null && watch.check.policy.refreshMs <= policy.refreshMs) return;
    watch.check = check;
    const dueAt = now + askEveryMs(check);
    if (this.place === -1 || dueAt < this.dueAt) this.asker.schedule.set(this, dueAt);
  }

  onDue(): void {
    void this.ask();
  }

  /** An open connection is no activity of its user: an idle session ends all the same. */
  private async ask(): Promise<void> {
    const everyMs = Math.min(...[...this.watches].map(({ check }) => askEveryMs(check)));
    if (everyMs === Infinity) return;
    const { now, liveness, schedule } = this.asker;
    const askedAt = now();
    try {
      await liveness.check(this.token, this.user, AS_IT_IS);
      this.aliveAt = askedAt;
      for (const watch of this.watches) watch.letOff(this);
    } catch (error) {
      this.onFailure(error, everyMs);
    }
    if (this.watches.size > 0) schedule.set(this, now() + everyMs);
  }

  private onFailure(error: unknown, everyMs: number): void {
    const isOver = error instanceof HankoTokenError;
    const { aliveAt } = this;
    const now = this.asker.now();
    for (const watch of this.watches) {
      const { check } = watch;
      if (check === null) continue;
      if (isOver) this.asker.end(watch, error);
      else
        outlast(watch, this, { onUnavailable: check.policy.onUnavailable, aliveAt, everyMs, now });
    }
  }
}

const askEveryMs = (check: SessionCheck | null): number =>
  check === null ? Infinity : Math.max(check.policy.refreshMs, MIN_ASK_MS);

const AS_IT_IS: ResolvedSessionPolicy = {
  refreshMs: 0,
  keepAlive: false,
  onUnavailable: 'reject',
};
