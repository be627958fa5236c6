import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Semaphore } from '../../../lib/http/semaphore.js';

beforeEach(() => void vi.useFakeTimers());

afterEach(() => void vi.useRealTimers());

/** What happened to somebody in line: undefined while nothing has. */
function follow(slot: Promise<boolean>): { gotIn?: boolean } {
  const fate: { gotIn?: boolean } = {};
  void slot.then((gotIn) => (fate.gotIn = gotIn));
  return fate;
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** Semaphore that are all taken. */
async function taken(count: number): Promise<Semaphore> {
  const slots = new Semaphore(count);
  for (let n = 0; n < count; n += 1) void slots.take(1_000);
  await settled();
  return slots;
}

describe('slots', () => {
  it.each([1, 3, 64])('let %i callers in at a time, and no more', async (count) => {
    const slots = new Semaphore(count);
    const fates = Array.from({ length: count + 5 }, () => follow(slots.take(1_000)));
    await settled();

    expect(fates.filter(({ gotIn }) => gotIn)).toHaveLength(count);
    expect(fates.slice(count)).toEqual([{}, {}, {}, {}, {}]);

    slots.dismiss();
  });

  it('need no timer while one is free', async () => {
    const slots = new Semaphore(1);

    expect(await slots.take(1_000)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be taken again when they were given back', async () => {
    const slots = new Semaphore(2);
    for (let n = 0; n < 100; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await slots.take(1_000)).toBe(true);
      slots.give();
    }
    const fates = Array.from({ length: 3 }, () => follow(slots.take(1_000)));
    await settled();

    expect(fates).toEqual([{ gotIn: true }, { gotIn: true }, {}]);
    slots.dismiss();
  });

  it('go to those in line in the order in which they came, one each', async () => {
    const slots = await taken(1);
    const fates = Array.from({ length: 3 }, () => follow(slots.take(1_000)));

    slots.give();
    await settled();
    expect(fates).toEqual([{ gotIn: true }, {}, {}]);

    slots.give();
    slots.give();
    await settled();
    expect(fates).toEqual([{ gotIn: true }, { gotIn: true }, { gotIn: true }]);
  });

  it('do not go to a newcomer while somebody is in line', async () => {
    const slots = await taken(1);
    const first = follow(slots.take(1_000));
    slots.give();
    const second = follow(slots.take(1_000));
    await settled();

    expect([first, second]).toEqual([{ gotIn: true }, {}]);
    slots.dismiss();
  });

  it('are free again once the line is empty', async () => {
    const slots = await taken(1);
    const first = follow(slots.take(1_000));
    slots.give();
    slots.give();
    await settled();

    expect(first).toEqual({ gotIn: true });
    expect(await slots.take(1_000)).toBe(true);
    const third = follow(slots.take(1_000));
    await settled();
    expect(third).toEqual({});
    slots.dismiss();
  });
});

describe('who is in line', () => {
  it('goes home after the time, and not before', async () => {
    const slots = await taken(1);
    const fate = follow(slots.take(1_000));

    await vi.advanceTimersByTimeAsync(999);
    expect(fate).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(fate).toEqual({ gotIn: false });
  });

  it('takes no slot along', async () => {
    const slots = await taken(1);
    const impatient = follow(slots.take(10));
    const patient = follow(slots.take(1_000));
    await vi.advanceTimersByTimeAsync(10);

    slots.give();
    await settled();

    expect([impatient, patient]).toEqual([{ gotIn: false }, { gotIn: true }]);
  });

  it('is sent home with all the others', async () => {
    const slots = await taken(1);
    const fates = Array.from({ length: 5 }, () => follow(slots.take(1_000)));

    slots.dismiss();
    await settled();

    expect(fates).toEqual(Array.from({ length: 5 }, () => ({ gotIn: false })));
    slots.give();
    expect(await slots.take(1_000)).toBe(true);
  });

  it('leaves no timer behind, however it leaves', async () => {
    const slots = await taken(1);
    const fates = [10, 1_000, 1_000].map((timeoutMs) => follow(slots.take(timeoutMs)));
    await vi.advanceTimersByTimeAsync(10);
    slots.give();
    slots.dismiss();
    await settled();

    expect(fates).toEqual([{ gotIn: false }, { gotIn: true }, { gotIn: false }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
