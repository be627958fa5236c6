import { RecentMap } from '../util/recent-map.js';
import { SharedQuestion } from '../util/shared-question.js';

/** Sessions in each half of what is remembered: some 20 MB at most. */
const MAX_HALF = 50_000;

/** Which sessions a store was asked about lately, and the questions that are under way. */
export class AskedLately {
  private readonly askedAt: RecentMap<number>;
  private readonly questions: SharedQuestion<void>;

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
    this.questions = new SharedQuestion(now);
  }

  has(sessionId: string): boolean {
    const askedAt = this.askedAt.get(sessionId);
    if (askedAt === undefined) return false;
    const age = this.now() - askedAt;
    // Where the clock was set back nobody knows how old an answer is.
    return age >= 0 && age < this.maxAgeMs;
  }

  /** Asks, or shares a question that is young enough. */
  ask(sessionId: string, ask: () => Promise<void>): Promise<void> {
    return this.questions.ask(sessionId, () => this.note(sessionId, ask), this.maxAgeMs);
  }

  private async note(sessionId: string, ask: () => Promise<void>): Promise<void> {
    const askedAt = this.now();
    await ask();
    this.askedAt.set(sessionId, askedAt);
  }
}
