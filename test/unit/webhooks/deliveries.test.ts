import { beforeEach, describe, expect, it } from 'vitest';
import { Deliveries } from '../../../lib/webhooks/deliveries.js';
import { replayWindowMs } from '../../../lib/webhooks/webhook-token.verifier.js';
import { START } from '../../support/revocation.js';
import { TestClock } from '../../support/verifier.js';

const AGE = 60_000;
const HALF = 10;

let clock: TestClock;
let deliveries: Deliveries<string>;

beforeEach(() => {
  clock = new TestClock(START);
  deliveries = new Deliveries(AGE, clock.now, HALF);
});

const add = (id: string): void => {
  deliveries.add(id).response = Promise.resolve(id);
};
const knows = (id: string): boolean => deliveries.get(id) !== undefined;

describe('a delivery', () => {
  it('is remembered with what came of it', async () => {
    const response = Promise.resolve('done');
    deliveries.add('a').response = response;

    expect(deliveries.get('a')?.response).toBe(response);
    expect(deliveries.get('b')).toBeUndefined();
  });

  it('is remembered with the handlers that succeeded, also when others failed', () => {
    const delivery = deliveries.add('a');
    delivery.done.add('Mailer.send');
    delivery.response = null;

    expect(deliveries.add('a')).toBe(delivery);
    expect([...(deliveries.get('a')?.done ?? [])]).toEqual(['Mailer.send']);
  });

  it.each([0, 1, AGE / 2, AGE - 1, AGE, AGE + 1, 5 * AGE])(
    'that came %d ms after the start is remembered for its age, whatever comes meanwhile',
    (offset) => {
      clock.advanceMs(offset);
      add('a');
      for (let n = 0; n < 6; n += 1) {
        clock.advanceMs(AGE / 6);
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
});

describe('the bounds', () => {
  it('hold at a flood: those up to the bound are known, and no more than twice as many', () => {
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

it('the age is that of a token: 300 s, and 30 s and the clock tolerance at both ends', () => {
  expect(replayWindowMs(5)).toBe((30 + 5 + 300 + 30 + 5) * 1000);
  expect(replayWindowMs(300)).toBe((30 + 300 + 300 + 30 + 300) * 1000);
});
