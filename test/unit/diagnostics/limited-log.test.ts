import { beforeEach, describe, expect, it } from 'vitest';
import { LimitedLog } from '../../../lib/diagnostics/limited-log.js';
import { TestClock } from '../../support/verifier.js';

let clock: TestClock;
let lines: string[];
let log: LimitedLog;

beforeEach(() => {
  clock = new TestClock(5_000);
  lines = [];
  log = new LimitedLog((line) => lines.push(line), 'deliveries were refused', clock.now);
});

/** Writes so many lines: `name 0`, `name 1`, … */
const write = (name: string, count: number): void => {
  for (let n = 0; n < count; n += 1) log.write(() => `${name} ${n}`);
};

const written = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

describe('a limited log', () => {
  it('writes ten lines of a second as they are', () => {
    write('a', 10);

    expect(lines).toEqual(written('a', 10));
  });

  it('leaves out what is more, and does not even make its text', () => {
    write('a', 10);
    let made = 0;
    for (let n = 0; n < 1_000; n += 1) {
      log.write(() => {
        made += 1;
        return 'more';
      });
    }

    expect(lines).toEqual(written('a', 10));
    expect(made).toBe(0);
  });

  it('says in a later second how many it left out, once, before the next line', () => {
    write('a', 17);
    clock.advance(1);
    write('b', 2);

    expect(lines.slice(10)).toEqual([
      '7 more deliveries were refused before this one',
      'b 0',
      'b 1',
    ]);

    clock.advance(1);
    write('c', 1);
    expect(lines.slice(13)).toEqual(['c 0']);
  });

  it('says nothing of that where it left nothing out', () => {
    write('a', 10);
    clock.advance(1);
    write('b', 1);

    expect(lines).toEqual([...written('a', 10), 'b 0']);
  });

  it('says it of one', () => {
    write('a', 11);
    clock.advance(3_600);
    write('b', 1);

    expect(lines.slice(10)).toEqual(['1 more deliveries were refused before this one', 'b 0']);
  });

  it('has ten lines again in each second', () => {
    for (const name of ['a', 'b', 'c']) {
      write(name, 12);
      clock.advance(1);
    }

    const more = '2 more deliveries were refused before this one';
    expect(lines).toEqual([
      ...written('a', 10),
      more,
      ...written('b', 10),
      more,
      ...written('c', 10),
    ]);
  });

  it('counts by whole seconds of its clock', () => {
    clock.set(5_999);
    write('a', 10);
    clock.set(6_000);
    write('b', 10);
    clock.set(6_999);
    write('c', 10);

    expect(lines).toEqual([...written('a', 10), ...written('b', 10)]);
  });

  it('has a clock of its own', () => {
    const own = new LimitedLog((line) => lines.push(line), 'things');
    own.write(() => 'a');

    expect(lines).toEqual(['a']);
  });
});
