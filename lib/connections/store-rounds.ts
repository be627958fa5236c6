import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoRevocation } from '../revocation/hanko-revocation.js';
import { eachOf } from './few.js';
import { ASK_AGAIN_MS } from './live-session.js';
import type { Due, Schedule } from './schedule.js';
import type { SessionIndex } from './session-index.js';
import type { Unasked } from './watch.js';

/** The shortest time between two rounds. */
const MIN_ROUND_MS = 1_000;

/** The time between two rounds where the store tells at once: for what it could not tell while it was out of reach. */
const TOLD_ROUND_MS = 30_000;

/** Reads the store for all watched sessions at once, as other instances may have revoked them. */
export class StoreRounds implements Due, Unasked {
  dueAt = Infinity;
  place = -1;
  readonly isInterval = true;
  private isReading = false;
  private isStopped = true;
  /** When the last round began that was answered, in milliseconds since 1970. */
  private answeredAt = -Infinity;
  /** Whether the last round had no answer. */
  private isUnanswered = false;

  constructor(
    private readonly options: ResolvedHankoOptions,
    private readonly schedule: Schedule,
    private readonly revocation: HankoRevocation,
    private readonly sessions: SessionIndex,
  ) {}

  private get everyMs(): number {
    const { isToldByStore } = this.revocation;
    return Math.max(
      this.options.revocation.maxAgeSeconds * 1000,
      isToldByStore ? TOLD_ROUND_MS : MIN_ROUND_MS,
    );
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

  hasRepliedSince(at: number): boolean {
    return this.answeredAt >= at;
  }

  private async read(): Promise<void> {
    const { now, revocation } = this.options;
    this.isReading = true;
    const askedAt = now();
    const isAnswered = await this.revocation.learnAll(this.sessions.all());
    this.isReading = false;
    if (this.isStopped) return;
    if (isAnswered) this.answeredAt = askedAt;
    if (isAnswered && this.isUnanswered) this.letAllOff();
    if (!isAnswered && revocation.onUnavailable === 'reject') this.outlastAll(now());
    this.isUnanswered = !isAnswered;
    this.schedule.set(
      this,
      now() + (isAnswered ? this.everyMs : Math.min(this.everyMs, ASK_AGAIN_MS)),
    );
  }

  private letAllOff(): void {
    for (const { watches } of this.sessions.all()) {
      for (const watch of eachOf(watches)) watch.letOff(this);
    }
  }

  private outlastAll(now: number): void {
    // If the clock was set back, it is unknown when that was; it counts from now on.
    this.answeredAt = Math.min(this.answeredAt, now);
    for (const session of this.sessions.all()) {
      // The store was asked for whoever was let in.
      session.seenAt = Math.min(session.seenAt, now);
      const aliveAt = Math.max(session.seenAt, this.answeredAt);
      for (const watch of eachOf(session.watches)) watch.outlast(aliveAt, this.everyMs, this);
    }
  }
}
