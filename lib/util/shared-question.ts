/** A question that was put and is not answered yet. */
interface UnderWay<Answer> {
  readonly askedAt: number;
  readonly answer: Promise<Answer>;
}

/**
 * Puts one question per key at a time, for all who want to know. Whoever comes while one is under way shares
 * its answer only if that may be as old as the question is; the others wait, and share the next one. So
 * nobody is told what was true before they asked, unless they accept that.
 */
export class SharedQuestion<Answer> {
  private readonly underWay = new Map<string, UnderWay<Answer>>();
  /** Questions that begin when the one under way is over, however that ends. */
  private readonly next = new Map<string, Promise<Answer>>();

  /** @param now milliseconds since 1970. */
  constructor(private readonly now: () => number) {}

  /**
   * @param ask begins the question; called only if there is none to share.
   * @param maxAgeMs how old the answer may be, in milliseconds; 0 shares no question that has begun.
   */
  ask(key: string, ask: () => Promise<Answer>, maxAgeMs: number): Promise<Answer> {
    const current = this.underWay.get(key);
    if (current !== undefined && this.isYounger(current, maxAgeMs)) return current.answer;
    const waiting = this.next.get(key);
    if (waiting !== undefined) return waiting;
    return current === undefined ? this.begin(key, ask) : this.beginAfter(current, key, ask);
  }

  private isYounger({ askedAt }: UnderWay<Answer>, maxAgeMs: number): boolean {
    const age = this.now() - askedAt;
    // Where the clock was set back nobody knows how old a question is.
    return age >= 0 && age < maxAgeMs;
  }

  private beginAfter(
    current: UnderWay<Answer>,
    key: string,
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    const begin = (): Promise<Answer> => {
      this.next.delete(key);
      return this.begin(key, ask);
    };
    const answer = current.answer.then(begin, begin);
    this.next.set(key, answer);
    return answer;
  }

  private begin(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const askedAt = this.now();
    const answer = ask().finally(() => this.underWay.delete(key));
    this.underWay.set(key, { askedAt, answer });
    return answer;
  }
}
