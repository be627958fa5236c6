import { describe, expect, it } from 'vitest';
import { type Inquiry, OneAtATime, type Question } from '../../../lib/util/one-at-a-time.js';

class Asked implements Question<string> {
  isSent = false;
  readonly answer: Promise<string>;
  resolve!: (answer: string) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const setUp = (
  rest: Partial<Inquiry<string, Asked>> = {},
): { asked: Asked[]; ask: (key?: string) => Promise<string> } => {
  const questions = new OneAtATime<string, Asked>();
  const asked: Asked[] = [];
  const inquiry: Inquiry<string, Asked> = {
    fits: (_question, isOlder) => !isOlder,
    begin: () => {
      const question = new Asked();
      asked.push(question);
      return question;
    },
    ...rest,
  };
  return { asked, ask: (key = 'key') => questions.ask(key, inquiry) };
};

describe('a question', () => {
  it('that was not sent yet is shared', async () => {
    const { asked, ask } = setUp();
    const answers = [ask(), ask(), ask()];
    asked[0]?.resolve('yes');

    expect(await Promise.all(answers)).toEqual(['yes', 'yes', 'yes']);
    expect(asked).toHaveLength(1);
  });

  it('that was sent before is not: those who came since share the next one', async () => {
    const { asked, ask } = setUp();
    const first = ask();
    (asked[0] as Asked).isSent = true;
    const later = [ask(), ask(), ask()];
    await turn();
    expect(asked).toHaveLength(1);

    asked[0]?.resolve('alive');
    expect(await first).toBe('alive');
    await turn();
    expect(asked).toHaveLength(2);
    // It was sent after they came.
    (asked[1] as Asked).isSent = true;
    asked[1]?.resolve('ended');

    expect(await Promise.all(later)).toEqual(['ended', 'ended', 'ended']);
    expect(asked).toHaveLength(2);
  });

  it('that was sent before is shared by those whom it fits', async () => {
    const { asked, ask } = setUp({ fits: () => true });
    const first = ask();
    (asked[0] as Asked).isSent = true;
    const later = ask();
    asked[0]?.resolve('yes');

    expect(await Promise.all([first, later])).toEqual(['yes', 'yes']);
    expect(asked).toHaveLength(1);
  });

  it('that fails says nothing to those who only waited for its end', async () => {
    const { asked, ask } = setUp();
    const first = ask().catch((error: Error) => error.message);
    (asked[0] as Asked).isSent = true;
    const later = ask();
    asked[0]?.reject(new Error('no'));
    expect(await first).toBe('no');
    await turn();
    asked[1]?.resolve('yes');

    expect(await later).toBe('yes');
  });

  it('that has a final answer settles it for all', async () => {
    const { asked, ask } = setUp({ isFinal: (answer) => answer === 'ended' });
    const first = ask();
    (asked[0] as Asked).isSent = true;
    const later = ask();
    asked[0]?.resolve('ended');

    expect(await Promise.all([first, later])).toEqual(['ended', 'ended']);
    expect(asked).toHaveLength(1);
  });

  it('is of its key alone', async () => {
    const { asked, ask } = setUp();
    const answers = [ask('a'), ask('b')];
    asked[0]?.resolve('a');
    asked[1]?.resolve('b');

    expect(await Promise.all(answers)).toEqual(['a', 'b']);
  });

  it('is over once it was answered, or failed', async () => {
    const { asked, ask } = setUp();
    const first = ask();
    asked[0]?.resolve('one');
    await first;
    const second = ask().catch(() => 'failed');
    asked[1]?.reject(new Error('no'));
    await second;
    const third = ask();
    asked[2]?.resolve('three');

    expect(await third).toBe('three');
  });
});
