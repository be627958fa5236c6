import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Due, Schedule } from '../../../lib/connections/schedule.js';

let at = 0;
let schedule: Schedule;
/** What was due, in order. */
let done: Item[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  at = 1_000_000;
  schedule = new Schedule(() => at);
  done = [];
});
afterEach(() => {
  schedule.close();
  vi.useRealTimers();
});

class Item implements Due {
  dueAt = Infinity;
  place = -1;

  constructor(
    readonly name: string,
    readonly isInterval = false,
    private readonly act: () => void = () => undefined,
  ) {}

  onDue(): void {
    done.push(this);
    this.act();
  }
}

/** The clock goes on, or back, in one leap; then the timer has its turn. */
const pass = (ms: number): void => {
  at += ms;
  vi.advanceTimersByTime(500);
};

/** Enters one that is due in so many milliseconds. */
const enter = (
  name: string,
  ms: number,
  ...rest: [isInterval?: boolean, act?: () => void]
): Item => {
  const item = new Item(name, ...rest);
  schedule.set(item, at + ms);
  return item;
};

const names = (): string[] => done.map(({ name }) => name);

describe('a schedule', () => {
  it('does what is due, the earliest first, and nothing before its time', () => {
    for (const ms of [700, 300, 900, 100, 500]) enter(String(ms), ms);
    pass(99);
    expect(names()).toEqual([]);
    pass(501);
    expect(names()).toEqual(['100', '300', '500']);
    expect(schedule.size).toBe(2);
    pass(1_000);

    expect(names()).toEqual(['100', '300', '500', '700', '900']);
    expect([schedule.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('has an item once, which can be moved in either direction', () => {
    const [a, b] = [enter('a', 100), enter('b', 200)];
    enter('c', 300);
    schedule.set(a, at + 400);
    schedule.set(b, at + 500);
    schedule.set(b, at + 50);
    expect(schedule.size).toBe(3);
    pass(600);

    expect(names()).toEqual(['b', 'c', 'a']);
  });

  it('forgets what is deleted, also twice, and waits for nothing then', () => {
    const items = [3, 1, 2].map((ms) => enter(String(ms), ms));
    for (const item of [...items, ...items]) schedule.delete(item);
    expect([schedule.size, vi.getTimerCount()]).toEqual([0, 0]);
    pass(1_000);

    expect([names(), items.map(({ place }) => place)]).toEqual([[], [-1, -1, -1]]);
  });

  it('lets what is due enter again, and move and delete others', () => {
    const other = new Item('other');
    const gone = new Item('gone');
    const again: Item = enter('again', 100, false, () => {
      if (done.length > 1) return;
      schedule.set(again, at + 1_000);
      schedule.set(other, at + 500);
      schedule.delete(gone);
    });
    schedule.set(other, at + 101);
    schedule.set(gone, at + 102);
    pass(200);
    expect([names(), schedule.size]).toEqual([['again'], 2]);
    pass(1_000);

    expect(names()).toEqual(['again', 'other', 'again']);
  });

  it('does at most 500 in a turn, and the rest in those that follow', () => {
    for (let n = 0; n < 1_200; n += 1) enter(String(n), n % 7);
    at += 10;
    const turns: number[] = [];
    while (schedule.size > 0 && turns.length < 10) {
      vi.advanceTimersToNextTimer();
      turns.push(done.length);
    }

    expect(turns).toEqual([500, 1_000, 1_200]);
    expect(done.map(({ dueAt }) => dueAt)).toEqual(
      done.map(({ dueAt }) => dueAt).toSorted((a, b) => a - b),
    );
  });

  it('has one timer, which goes off within 500 ms, whatever is due', () => {
    for (const ms of [9e15, 86_400_000, 40, 86_400_000]) enter('x', ms);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(0);
    expect(vi.getTimerCount()).toBe(1);
    at += 86_400_000;
    vi.advanceTimersByTime(500);

    expect([done.length, vi.getTimerCount()]).toEqual([3, 1]);
  });

  it('takes nothing more, and does nothing, once it is closed', () => {
    const [before, after] = [enter('before', 10), new Item('after')];
    schedule.close();
    schedule.set(after, at);
    schedule.delete(before);
    pass(1_000);

    expect([schedule.size, names(), before.place, after.place]).toEqual([0, [], -1, -1]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a clock', () => {
  it('that is set forward makes due whatever the time has come for', () => {
    enter('moment', 3_600_000);
    enter('interval', 1_800_000, true);
    pass(3_600_000);

    expect(names()).toEqual(['interval', 'moment']);
  });

  it('that is set back does not keep back what waits for some time; a moment comes later', () => {
    enter('moment', 1_000);
    enter('interval', 2_000, true);
    enter('later', 30_000, true);
    pass(-3_600_000);
    expect(names()).toEqual([]);
    pass(2_000);
    expect(names()).toEqual(['interval']);
    pass(28_000);
    expect(names()).toEqual(['interval', 'later']);
    pass(3_600_000 - 30_000 + 1_000);

    expect(names()).toEqual(['interval', 'later', 'moment']);
  });

  it('that is set back is noticed also when something enters', () => {
    enter('interval', 1_000, true);
    at -= 7_200_000;
    enter('after', 500);
    pass(1_000);

    expect(names()).toEqual(['after', 'interval']);
  });

  it('that goes back by no more than a second was not set back', () => {
    enter('interval', 2_000, true);
    pass(-1_000);
    pass(2_999);
    expect(names()).toEqual([]);
    pass(1);

    expect(names()).toEqual(['interval']);
  });

  it('that is set back and forth, again and again, loses nothing', () => {
    for (let n = 0; n < 20; n += 1) enter(String(n), 1_000 * n, n % 2 === 0);
    for (const hours of [-1, 1, -24, 24, -2, 2]) pass(hours * 3_600_000);
    pass(20_000);

    expect(
      names()
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(schedule.size).toBe(0);
  });
});

/** The same numbers each time (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** What a schedule should do, written as simply as can be. */
class PlainList {
  private readonly dueAt = new Map<Item, number>();
  private latest = -Infinity;

  get size(): number {
    return this.dueAt.size;
  }

  set(item: Item, dueAt: number): void {
    this.look();
    this.dueAt.set(item, dueAt);
  }

  delete(item: Item): void {
    this.dueAt.delete(item);
  }

  /** The moments of what is due, the earliest first. */
  takeDue(): number[] {
    this.look();
    const due = [...this.dueAt].filter(([, dueAt]) => dueAt <= at);
    for (const [item] of due) this.dueAt.delete(item);
    return due.map(([, dueAt]) => dueAt).toSorted((a, b) => a - b);
  }

  has(item: Item): boolean {
    return this.dueAt.has(item);
  }

  private look(): void {
    const byMs = this.latest - at;
    this.latest = at;
    if (byMs <= 1_000) return;
    for (const [item, dueAt] of this.dueAt) {
      if (item.isInterval) this.dueAt.set(item, dueAt - byMs);
    }
  }
}

it.each([1, 2, 3])('does as a plain sorted list in 10,000 operations by chance (%i)', (seed) => {
  const below = numbers(seed);
  const list = new PlainList();
  const items = Array.from({ length: 300 }, (_, n) => new Item(String(n), n % 3 === 0));
  /** What was due at each turn, and the size after each operation: of the schedule, and of the list. */
  const [actual, expected] = [[] as unknown[], [] as unknown[]];
  const counts = { due: 0, setBack: 0 };
  const turn = (ms: number): void => {
    done = [];
    pass(ms);
    actual.push(done.map(({ dueAt }) => dueAt));
    expected.push(list.takeDue());
    counts.due += done.length;
    counts.setBack += Number(ms < 0);
  };
  const operations: ((item: Item) => void)[] = [
    ...Array.from({ length: 60 }, () => (item: Item) => {
      // Few moments: many are due at the same.
      const dueAt = at + 10 * below(500) - 500;
      schedule.set(item, dueAt);
      list.set(item, dueAt);
    }),
    ...Array.from({ length: 20 }, () => (item: Item) => {
      schedule.delete(item);
      list.delete(item);
    }),
    ...Array.from({ length: 19 }, () => () => turn(below(200))),
    () => turn(-1_001 - below(100_000)),
  ];
  for (let n = 0; n < 10_000; n += 1) {
    const item = items[below(items.length)] as Item;
    operations[below(operations.length)]?.(item);
    actual.push(schedule.size);
    expected.push(list.size);
  }
  for (const item of items) {
    actual.push(item.place !== -1);
    expected.push(list.has(item));
  }
  turn(1e9);

  expect(actual).toEqual(expected);
  expect(schedule.size).toBe(0);
  expect(counts.due).toBeGreaterThan(1_000);
  expect(counts.setBack).toBeGreaterThan(50);
});
