import { RecentMap } from '../util/recent-map.js';

/** Sessions in each half of what is remembered: some 20 MB at most. */
const MAX_HALF = 50_000;

/**
 * Which sessions were asked about lately, so that a store is asked once per session and `maxAge`, and once
 * for all who come together.
 */
export class FreshAnswers {
  private readonly askedAt = new RecentMap<number>(MAX_HALF);
  private readonly underWay = new Map<string, Promise<void>>();

  /** @param maxAgeMs milliseconds; 0 asks each time. */
  constructor(
    private readonly maxAgeMs: number,
    private readonly now: () => number,
  ) {}

  has(sessionId: string): boolean {
    const askedAt = this.askedAt.get(sessionId);
    if (askedAt === undefined) return false;
    const age = this.now() - askedAt;
    // Where the clock was set back nobody knows how old an answer is.
    return age >= 0 && age < this.maxAgeMs;
  }

  /** Joins the question that is under way for this session, or asks. */
  renew(sessionId: string, ask: () => Promise<void>): Promise<void> {
    const joined = this.underWay.get(sessionId);
    if (joined !== undefined) return joined;
    const question = this.ask(sessionId, ask).finally(() => this.underWay.delete(sessionId));
    this.underWay.set(sessionId, question);
    return question;
  }

  private async ask(sessionId: string, ask: () => Promise<void>): Promise<void> {
    const askedAt = this.now();
    await ask();
    this.askedAt.set(sessionId, askedAt);
  }
}
