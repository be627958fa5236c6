/** A question that is under way. */
export interface Question<T> {
  /** Whether it was sent. Until then its answer is as good for a request that comes now as one of its own. */
  readonly isSent: boolean;
  readonly answer: Promise<T>;
}

/** What somebody wants to know. */
export interface Inquiry<T, Q extends Question<T>> {
  /**
   * Whether the answer to this question will do.
   * @param isOlder whether it was sent before the inquiry began: something may have changed in between.
   */
  fits(question: Q, isOlder: boolean): boolean;
  /** Asks. It must not throw. */
  begin(): Q;
  /** Whether an answer will do, though its question did not fit. Default: none will. */
  isFinal?(answer: T): boolean;
}

/**
 * One question per key at a time. Whoever comes meanwhile shares it if it fits; the others wait for its end, and
 * share the next one.
 */
export class OneAtATime<T, Q extends Question<T>> {
  private readonly underWay = new Map<string, Q>();

  async ask(key: string, inquiry: Inquiry<T, Q>): Promise<T> {
    const before = this.underWay.get(key);
    const isOlder = before?.isSent === true;
    let question = before;
    while (question !== undefined) {
      if (inquiry.fits(question, isOlder && question === before)) return question.answer;
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      const answer = await question.answer.catch(() => undefined);
      if (answer !== undefined && inquiry.isFinal?.(answer) === true) return answer;
      question = this.underWay.get(key);
    }
    return this.begin(key, inquiry.begin()).answer;
  }

  private begin(key: string, question: Q): Q {
    this.underWay.set(key, question);
    const end = (): void => void this.underWay.delete(key);
    question.answer.then(end, end);
    return question;
  }
}
