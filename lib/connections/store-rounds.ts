import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoRevocation } from '../revocation/hanko-revocation.js';
import { type LiveSession, outlast } from './live-session.js';
import type { Due, Schedule } from './schedule.js';

/** The shortest time between two rounds. */
const MIN_ROUND_MS = 1_000;

/** The time between two rounds where the store tells at once: for what it could not tell while it was out of reach. */
const SUBSCRIBED_ROUND_MS = 30_000;

/** Reads the store for all watched sessions at once, as other instances may have revoked them. */
export class StoreRounds implements Due {
  dueAt = Infinity;
  place = -1;
  private readonly everyMs: number;
  private isReading = false;
  private isStopped = true;
  /** When the last round began that was answered. */
  private answeredAt = -Infinity;

  constructor(
    private readonly options: ResolvedHankoOptions,
    private readonly schedule: Schedule,
    private readonly revocation: HankoRevocation,
    private readonly sessions: ReadonlyMap<string, LiveSession>,
  ) {
    const { maxAgeSeconds, store } = options.revocation;
    const everyMs = Math.max(maxAgeSeconds * 1000, MIN_ROUND_MS);
    this.everyMs =
      store?.subscribe === undefined ? everyMs : Math.max(everyMs, SUBSCRIBED_ROUND_MS);
  }

  /** Goes on until it is stopped. */
  start(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    if (!this.isReading) this.schedule.set(this, this.options.now() + this.everyMs);
  }

  stop(): void {
    this.isStopped = true;
    this.schedule.delete(this);
  }

  onDue(): void {
    void this.read();
  }

  private async read(): Promise<void> {
    this.isReading = true;
    const askedAt = this.options.now();
    const sessions = [...this.sessions.values()];
    const isAnswered = await this.revocation.learnAll(sessions.map(({ user }) => user));
    this.isReading = false;
    if (this.isStopped) return;
    if (isAnswered) this.answeredAt = askedAt;
    const { onUnavailable } = this.options.revocation;
    const now = this.options.now();
    for (const session of sessions) {
      const aliveAt = Math.max(session.seenAt, this.answeredAt);
      for (const watch of session.watches) {
        if (isAnswered) watch.letOff(this);
        else outlast(watch, this, { onUnavailable, aliveAt, everyMs: this.everyMs, now });
      }
    }
    this.schedule.set(this, now + this.everyMs);
  }
}
