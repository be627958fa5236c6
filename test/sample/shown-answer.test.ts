import { describe, expect, test } from 'vitest';
import { shownAnswer } from '../../sample/shared/shown-answer.js';
import { OTHER_USER } from '../../sample/shared/step-up.js';

interface Answer {
  readonly body: string;
  readonly advice?: string;
}

/** A promise, and what settles it. */
function later<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A page, and what stands on it. */
function page() {
  const seen: (Answer | undefined)[] = [];
  const answers = shownAnswer<Answer>((answer) => seen.push(answer));
  return { answers, shows: () => seen.at(-1), seen };
}

describe('the answer that a page shows', () => {
  test('stays while the same user is there', async () => {
    const { answers, shows } = page();
    answers.userIs('ada');
    await answers.of(async () => ({ body: 'notes of ada' }));
    answers.userIs('ada');
    expect(shows()).toEqual({ body: 'notes of ada' });
  });

  test.each([
    ['signs out', undefined],
    ['makes room for another', 'bob'],
  ])('goes when its user %s', async (_case, next) => {
    const { answers, shows } = page();
    answers.userIs('ada');
    await answers.of(async () => ({ body: 'notes of ada' }));
    answers.userIs(next);
    expect(shows()).toBeUndefined();
  });

  test('is not shown if its user left while the API was asked', async () => {
    const { answers, seen } = page();
    answers.userIs('ada');
    const { promise, resolve } = later<Answer>();
    const call = answers.of(() => promise);
    answers.userIs('bob');
    resolve({ body: 'notes of ada' });
    await call;
    expect(seen.filter((answer) => answer !== undefined)).toEqual([]);
  });

  test.each(['before', 'after'])(
    'tells whoever signed in instead that nothing was repeated, %s the page knows of them',
    async (order) => {
      const { answers, shows } = page();
      const advice = { body: '', advice: OTHER_USER };
      answers.userIs('ada');
      const { promise, resolve } = later<Answer>();
      const call = answers.of(() => promise);
      if (order === 'after') answers.userIs('bob');
      resolve(advice);
      await call;
      answers.userIs('bob');
      expect(shows()).toEqual(advice);
    },
  );
});
