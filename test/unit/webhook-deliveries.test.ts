import { beforeEach, describe, expect, it } from 'vitest';
import { Deliveries } from '../../lib/webhooks/deliveries.js';
import { MAX_REPLAY_MS } from '../../lib/webhooks/webhook-token.verifier.js';
import { START } from '../support/unit-revocation.js';
import { TestClock } from '../support/unit-verifier.js';

const AGE = 60_000;
const HALF = 100_000;

let clock: TestClock;
let deliveries: Deliveries<string>;

beforeEach(() => {
  clock = new TestClock(START);
  deliveries = new Deliveries(AGE, clock.now);
});

const add = (id: string): void => deliveries.add(id, Promise.resolve(id));
const knows = (id: string): boolean => deliveries.get(id) !== undefined;

describe('a delivery', () => {
  it('is remembered with what came of it', async () => {
    const result = Promise.resolve('done');
    deliveries.add('a', result);

    expect(deliveries.get('a')).toBe(result);
    await expect(deliveries.get('a')).resolves.toBe('done');
    expect(deliveries.get('b')).toBeUndefined();
  });

  it('is remembered while it is still under way', () => {
    const never = new Promise<string>(() => undefined);
    deliveries.add('a', never);

    expect(deliveries.get('a')).toBe(never);
  });

  it.each([0, 1, AGE / 2, AGE - 1, AGE, AGE + 1, 5 * AGE])(
    'that came %d ms after the start is remembered for its age, whatever comes meanwhile',
    (offset) => {
      clock.advanceMs(offset);
      add('a');
      for (let n = 0; n < 60; n += 1) {
        clock.advanceMs(AGE / 60);
        add(`other-${n}`);
        expect(knows('a')).toBe(true);
      }
    },
  );

  it('is forgotten after twice its age, where others come', () => {
    add('a');
    clock.advanceMs(AGE);
    add('b');
    expect([knows('a'), knows('b')]).toEqual([true, true]);

    clock.advanceMs(AGE - 1);
    add('c');
    expect([knows('a'), knows('b'), knows('c')]).toEqual([true, true, true]);

    clock.advanceMs(1);
    add('d');
    expect([knows('a'), knows('b'), knows('c'), knows('d')]).toEqual([false, true, true, true]);
    expect(deliveries.size).toBe(3);
  });

  it('stays where nothing else comes', () => {
    add('a');
    clock.advanceMs(100 * AGE);

    expect(knows('a')).toBe(true);
  });

  it('that failed is forgotten, in either half', () => {
    add('old');
    clock.advanceMs(AGE);
    add('young');
    expect(deliveries.size).toBe(2);

    deliveries.forget('old');
    expect([knows('old'), knows('young')]).toEqual([false, true]);

    deliveries.forget('young');
    deliveries.forget('never was');
    expect(deliveries.size).toBe(0);
  });

  it('that failed may come again', async () => {
    add('a');
    deliveries.forget('a');
    deliveries.add('a', Promise.resolve('this time'));

    await expect(deliveries.get('a')).resolves.toBe('this time');
  });
});

describe('the bounds', () => {
  it('hold at a flood: the last 100,000 are known, and no more than twice as many', () => {
    for (let n = 0; n < 3.5 * HALF; n += 1) add(String(n));

    expect(deliveries.size).toBe(1.5 * HALF);
    expect(knows(String(3.5 * HALF - 1))).toBe(true);
    expect(knows(String(2.5 * HALF))).toBe(true);
    expect(knows(String(2 * HALF))).toBe(true);
    expect(knows(String(2 * HALF - 1))).toBe(false);
  });
});

describe('a clock that is set back', () => {
  it('forgets nothing at once', () => {
    add('a');
    clock.set(START - 3_600_000);
    add('b');

    expect([knows('a'), knows('b')]).toEqual([true, true]);
  });

  it('counts the age anew', () => {
    add('a');
    clock.set(START - 3_600_000);
    add('b');
    clock.advanceMs(AGE);
    add('c');
    clock.advanceMs(AGE - 1);
    add('d');
    expect([knows('a'), knows('b'), knows('c')]).toEqual([true, true, true]);

    clock.advanceMs(1);
    add('e');
    expect([knows('a'), knows('b'), knows('c')]).toEqual([false, false, true]);
  });

  it('and forward again forgets nothing that came a moment ago', () => {
    clock.advanceMs(1_000);
    add('a');
    clock.set(START - 3_600_000);
    add('b');
    clock.set(START + 2_000);
    add('c');

    expect([knows('a'), knows('b'), knows('c')]).toEqual([true, true, true]);
  });
});

it('the age is that of a token: 300 s, and the greatest tolerance at both ends', () => {
  expect(MAX_REPLAY_MS).toBe((30 + 300 + 300 + 30 + 300) * 1000);
});
