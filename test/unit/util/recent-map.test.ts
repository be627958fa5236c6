import { describe, expect, it } from 'vitest';
import { RecentMap } from '../../../lib/util/recent-map.js';

interface Answer {
  readonly at: number;
  readonly isAlive: boolean;
}

const answer = (at = 0, isAlive = true): Answer => ({ at, isAlive });

/** Which of the entries 0 to n - 1 are known. */
const knownOf = (map: RecentMap<Answer>, count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n).filter((n) => map.get(`s${n}`) !== undefined);

describe('entries', () => {
  it('are found by their whole id', () => {
    const map = new RecentMap<Answer>(10);
    map.set('s1', answer(7));

    expect(map.get('s1')).toEqual(answer(7));
    for (const other of ['', 's', 's11', 'S1', 'toString', '__proto__']) {
      expect(map.get(other)).toBeUndefined();
    }
  });

  it('are known by the last answer', () => {
    const map = new RecentMap<Answer>(10);
    map.set('s1', answer(1));
    map.set('s1', answer(2, false));

    expect(map.get('s1')).toEqual(answer(2, false));
    expect(map.size).toBe(1);
  });

  it('are known by the last answer also where the one before has grown old', () => {
    const map = new RecentMap<Answer>(2);
    for (const id of ['s0', 's1', 's2']) map.set(id, answer(1));
    map.set('s0', answer(2, false));

    expect(map.get('s0')).toEqual(answer(2, false));
    expect(map.size).toBe(3);
  });

  it('are as many as fit in two halves, and never more', () => {
    const map = new RecentMap<Answer>(10);
    for (let n = 0; n < 1_000; n += 1) {
      map.set(`s${n}`, answer());

      expect(map.size).toBeLessThanOrEqual(20);
      expect(map.get(`s${n}`)).toBeDefined();
    }
  });

  it('are at least the last half', () => {
    const map = new RecentMap<Answer>(10);
    for (let n = 0; n < 995; n += 1) map.set(`s${n}`, answer());

    expect(knownOf(map, 995)).toEqual(Array.from({ length: 15 }, (_, n) => 980 + n));
  });

  it('stay through the turn-over if they were refreshed', () => {
    const map = new RecentMap<Answer>(10);
    map.set('refreshed', answer());
    map.set('forgotten', answer());
    for (let n = 0; n < 100; n += 1) {
      map.set(`s${n}`, answer());
      if (n % 5 === 0) map.set('refreshed', answer(n));
    }

    expect(map.get('refreshed')).toEqual(answer(95));
    expect(map.get('forgotten')).toBeUndefined();
  });

  it('do not push others out by being refreshed', () => {
    const map = new RecentMap<Answer>(10);
    for (let n = 0; n < 20; n += 1) map.set(`s${n}`, answer());
    for (let round = 0; round < 100; round += 1) {
      for (let n = 10; n < 20; n += 1) map.set(`s${n}`, answer(round));
    }

    expect(knownOf(map, 20)).toHaveLength(20);
  });

  it('that are deleted are gone from both halves', () => {
    const map = new RecentMap<Answer>(2);
    for (const key of ['s0', 's1', 's2']) map.set(key, answer());
    map.delete('s0');
    map.delete('s2');
    map.delete('s9');

    expect(knownOf(map, 3)).toEqual([1]);
    expect(map.size).toBe(1);
  });

  it('turn over when the half is full, or when they are told to', () => {
    const map = new RecentMap<Answer>(2);
    map.set('s0', answer());
    expect(map.isHalfFull).toBe(false);
    map.set('s1', answer());
    expect(map.isHalfFull).toBe(true);
    map.turnOver();
    expect(map.isHalfFull).toBe(false);
    map.set('s2', answer());
    expect(knownOf(map, 3)).toEqual([0, 1, 2]);
    map.turnOver();

    expect(knownOf(map, 3)).toEqual([2]);
  });
});
