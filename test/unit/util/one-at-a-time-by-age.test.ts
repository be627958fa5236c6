import { beforeEach, describe, expect, it } from 'vitest';
import { OneAtATime, type Question } from '../../../lib/util/one-at-a-time.js';
import { settled, START } from '../../support/revocation.js';
import { TestClock } from '../../support/verifier.js';

interface Aged extends Question<number> {
  readonly askedAt: number;
}

let clock: TestClock;
let shared: OneAtATime<number, Aged>;
/** One per question that was put, to answer it or to let it fail. */
let questions: { readonly answer: () => void; readonly fail: () => void }[];

beforeEach(() => {
  clock = new TestClock(START);
  shared = new OneAtATime();
  questions = [];
});

/** Answers count from 0, in the order of the questions. */
const put = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const which = questions.length;
    questions.push({
      answer: () => resolve(which),
      fail: () => reject(new Error(`failed ${which}`)),
    });
  });

/** Shares what has begun only if it is younger than that. */
const askOf = (key: string, begin: () => Promise<number>, maxAgeMs: number): Promise<number> =>
  shared.ask(key, {
    fits: ({ askedAt }, isOlder) => {
      const age = clock.now() - askedAt;
      return !isOlder || (age >= 0 && age < maxAgeMs);
    },
    begin: () => ({ isSent: true, askedAt: clock.now(), answer: begin() }),
  });

const ask = (maxAgeMs: number, key = 'a'): Promise<number | string> =>
  askOf(key, put, maxAgeMs).catch((error: Error) => error.message);

describe('a question whose age counts', () => {
  it('is shared by all who accept its age', async () => {
    const first = ask(100);
    clock.advanceMs(99);
    const second = ask(100);
    questions[0]?.answer();

    expect(await Promise.all([first, second])).toEqual([0, 0]);
    expect(questions).toHaveLength(1);
  });

  it.each([
    ['that began at the same time, to those who accept no age', 0, 0],
    ['that is as old as they accept', 100, 100],
    ['whose age nobody knows', -1, 100],
  ])('%s is not shared: they share the next one', async (_, advanceMs, maxAgeMs) => {
    const first = ask(1_000);
    clock.advanceMs(advanceMs);
    const others = [ask(maxAgeMs), ask(maxAgeMs), ask(maxAgeMs)];
    await settled();
    expect(questions).toHaveLength(1);
    questions[0]?.answer();
    await settled();
    expect(questions).toHaveLength(2);
    questions[1]?.answer();

    expect(await Promise.all([first, ...others])).toEqual([0, 1, 1, 1]);
  });

  it('of another key is another one', async () => {
    const both = [ask(100, 'a'), ask(100, 'b')];
    for (const { answer } of questions) answer();

    expect(await Promise.all(both)).toEqual([0, 1]);
  });

  it('that is answered is over', async () => {
    const first = ask(100);
    questions[0]?.answer();
    await first;
    const second = ask(100);
    questions[1]?.answer();

    expect(await second).toBe(1);
  });

  it('that fails, fails for those who share it, and the next one begins all the same', async () => {
    const outcomes = [ask(100), ask(100), ask(0)];
    questions[0]?.fail();
    await settled();
    questions[1]?.answer();

    expect(await Promise.all(outcomes)).toEqual(['failed 0', 'failed 0', 1]);
  });

  it('is never put while another one of its key is under way', async () => {
    let underWay = 0;
    let most = 0;
    let begun = 0;
    const slow = async (): Promise<number> => {
      begun += 1;
      underWay += 1;
      most = Math.max(most, underWay);
      for (let turn = 0; turn < begun % 4; turn += 1) {
        // oxlint-disable-next-line no-await-in-loop -- some take longer
        await Promise.resolve();
      }
      underWay -= 1;
      return begun;
    };
    const all: Promise<void>[] = [];
    for (let n = 0; n < 200; n += 1) {
      const begunBefore = begun;
      // Whoever accepts no age gets an answer to a question that began after it came.
      all.push(askOf('a', slow, 0).then((which) => expect(which).toBeGreaterThan(begunBefore)));
      // oxlint-disable-next-line no-await-in-loop -- they come at different moments
      if (n % 3 === 0) await Promise.resolve();
    }
    await Promise.all(all);

    expect(most).toBe(1);
    expect(begun).toBeLessThan(200);
  });
});
