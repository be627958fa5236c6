import { OneAtATime, type Question } from '../util/one-at-a-time.js';
import { RecentMap } from '../util/recent-map.js';

/** Bounds the memory for times. */
const MAX_HALF = 50_000;

/** A read of the store that has not finished. */
interface StoreQuestion extends Question<void> {
  readonly askedAt: number;
}

/** The sessions for which the store was read recently, and the reads that are under way. */
export class AskedLately {
  private readonly askedAt: RecentMap<number>;
  private readonly questions = new OneAtATime<void, StoreQuestion>();

  /**
   * @param maxAgeMs how long a reply is used, in milliseconds; 0 reads the store for each request.
   * @param maxHalf sessions in each half of what is remembered.
   */
  constructor(
    private readonly maxAgeMs: number,
    private readonly now: () => number,
    maxHalf = MAX_HALF,
  ) {
    this.askedAt = new RecentMap(maxHalf);
  }

  has(sessionId: string): boolean {
    const askedAt = this.askedAt.get(sessionId);
    return askedAt !== undefined && this.isYoung(askedAt);
  }

  /** Reads the store, or shares a read that is recent enough. */
  ask(sessionId: string, ask: () => Promise<void>): Promise<void> {
    return this.questions.ask(sessionId, {
      fits: ({ askedAt }, isOlder) => !isOlder || this.isYoung(askedAt),
      begin: () => {
        const askedAt = this.now();
        return { isSent: true, askedAt, answer: this.note(sessionId, askedAt, ask) };
      },
    });
  }

  private async note(sessionId: string, askedAt: number, ask: () => Promise<void>): Promise<void> {
    await ask();
    this.askedAt.set(sessionId, askedAt);
  }

  /** If the clock was set back, the age of a reply is unknown: it counts as too old. */
  private isYoung(askedAt: number): boolean {
    const age = this.now() - askedAt;
    return age >= 0 && age < this.maxAgeMs;
  }
}
