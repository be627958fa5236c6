import { describe, expect, it } from 'vitest';
import { type KnownSession, KnownSessions } from '../../lib/session/known-sessions.js';

const answer = (askedAt = 0, isAlive = true): KnownSession => ({
  isAlive,
  askedAt,
  keptAliveAt: askedAt,
});

/** Which of the sessions 0 to n - 1 are known. */
const knownOf = (sessions: KnownSessions, count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n).filter((n) => sessions.get(`s${n}`) !== undefined);

describe('known sessions', () => {
  it('are found by their whole id', () => {
    const sessions = new KnownSessions(10);
    sessions.set('s1', answer(7));

    expect(sessions.get('s1')).toEqual(answer(7));
    for (const other of ['', 's', 's11', 'S1', 'toString', '__proto__']) {
      expect(sessions.get(other)).toBeUndefined();
    }
  });

  it('are known by the last answer', () => {
    const sessions = new KnownSessions(10);
    sessions.set('s1', answer(1));
    sessions.set('s1', answer(2, false));

    expect(sessions.get('s1')).toEqual(answer(2, false));
    expect(sessions.size).toBe(1);
  });

  it('are known by the last answer also where the one before has grown old', () => {
    const sessions = new KnownSessions(2);
    for (const id of ['s0', 's1', 's2']) sessions.set(id, answer(1));
    sessions.set('s0', answer(2, false));

    expect(sessions.get('s0')).toEqual(answer(2, false));
    expect(sessions.size).toBe(3);
  });

  it('are as many as fit in two halves, and never more', () => {
    const sessions = new KnownSessions(10);
    for (let n = 0; n < 1_000; n += 1) {
      sessions.set(`s${n}`, answer());

      expect(sessions.size).toBeLessThanOrEqual(20);
      expect(sessions.get(`s${n}`)).toBeDefined();
    }
  });

  it('are at least the last half', () => {
    const sessions = new KnownSessions(10);
    for (let n = 0; n < 995; n += 1) sessions.set(`s${n}`, answer());

    expect(knownOf(sessions, 995)).toEqual(Array.from({ length: 15 }, (_, n) => 980 + n));
  });

  it('stay through the turn-over if they were refreshed', () => {
    const sessions = new KnownSessions(10);
    sessions.set('refreshed', answer());
    sessions.set('forgotten', answer());
    for (let n = 0; n < 100; n += 1) {
      sessions.set(`s${n}`, answer());
      if (n % 5 === 0) sessions.set('refreshed', answer(n));
    }

    expect(sessions.get('refreshed')).toEqual(answer(95));
    expect(sessions.get('forgotten')).toBeUndefined();
  });

  it('do not push others out by being refreshed', () => {
    const sessions = new KnownSessions(10);
    for (let n = 0; n < 20; n += 1) sessions.set(`s${n}`, answer());
    for (let round = 0; round < 100; round += 1) {
      for (let n = 10; n < 20; n += 1) sessions.set(`s${n}`, answer(round));
    }

    expect(knownOf(sessions, 20)).toHaveLength(20);
  });

  it('are 100,000 at most if nothing is said', () => {
    const sessions = new KnownSessions();
    for (let n = 0; n < 100_000; n += 1) sessions.set(`s${n}`, answer());
    expect(sessions.size).toBe(100_000);

    sessions.set('one more', answer());
    expect(sessions.size).toBe(50_001);
  });
});
