import { OneAtATime, type Question } from '../util/one-at-a-time.js';
import { RecentMap } from '../util/recent-map.js';

/** Sessions in each half of what is remembered: some 20 MB at most. */
const MAX_HALF = 50_000;

/** A question to the store that is under way. */
interface StoreQuestion extends Question<void> {
  readonly askedAt: number;
}

/** Which sessions a store was asked about lately, and the questions that are under way. */
export class AskedLately {
  private readonly askedAt: RecentMap<number>;
  private readonly questions = new OneAtATime<void, StoreQuestion>();

  /**
   * @param maxAgeMs how long an answer holds, in milliseconds; 0 asks for each request.
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

  /** Asks, or shares a question that is young enough. */
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

  /** Where the clock was set back nobody knows how old an answer is. */
  private isYoung(askedAt: number): boolean {
    const age = this.now() - askedAt;
    return age >= 0 && age < this.maxAgeMs;
  }
}
