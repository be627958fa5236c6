import { beforeEach, describe, expect, it } from 'vitest';
import { type SharedCall, SharedCircuit } from '../../../lib/http/shared-circuit.js';

const SECOND = 1_000;

let time: number;
let circuit: SharedCircuit;

beforeEach(() => {
  time = 1_000_000;
  circuit = new SharedCircuit(() => time);
});

const enter = (caller: string): SharedCall => {
  const call = circuit.enter(caller);
  if (call === null) expect.unreachable(`${caller} is not let in`);
  return call;
};

const fail = (...callers: readonly string[]): void => {
  for (const caller of callers) circuit.failed(enter(caller));
};

const isLetIn = (caller: string): boolean => {
  const call = circuit.enter(caller);
  if (call !== null) circuit.leave(call);
  return call !== null;
};

describe('a caller whose calls alone fail', () => {
  it.each([1, 2])('does not open the circuit for others, nor do %i such', (count) => {
    const poisonous = Array.from({ length: count }, (_, n) => `poison ${n}`);
    for (let n = 0; n < 1_000; n += 1) {
      for (const caller of poisonous) {
        const call = circuit.enter(caller);
        if (call !== null) circuit.failed(call);
      }
      time += 10;
    }

    expect([circuit.isOpen, circuit.waitMs, isLetIn('another')]).toEqual([false, 0, true]);
  });

  it('waits by itself after five failures, twice as long each time, half a minute at most', () => {
    fail(...Array.from({ length: 5 }, () => 'poison'));

    const waits: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      waits.push(circuit.waitMsOf('poison') / SECOND);
      time += circuit.waitMsOf('poison') - 1;
      expect(isLetIn('poison')).toBe(false);
      time += 1;
      fail('poison');
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(circuit.waitMsOf('another')).toBe(0);
  });

  it('is a caller like any other once a call of its own succeeds', () => {
    fail(...Array.from({ length: 5 }, () => 'poison'));
    time += SECOND;
    circuit.succeeded(enter('poison'));

    expect(circuit.waitMsOf('poison')).toBe(0);
    fail('poison', 'poison', 'poison', 'poison');
    expect(isLetIn('poison')).toBe(true);
  });
});

describe('the circuit', () => {
  it('opens when five calls in a row have failed, of three callers', () => {
    fail('a', 'b', 'c', 'a');
    expect(circuit.isOpen).toBe(false);

    expect(circuit.failed(enter('b'))).toBe(true);
    expect([circuit.isOpen, circuit.waitMs]).toEqual([true, SECOND]);
    expect(['a', 'b', 'c', 'another'].map(isLetIn)).toEqual([false, false, false, false]);
  });

  it('opens with the third caller, however often two have failed before', () => {
    fail('a', 'b', 'a', 'b', 'a', 'b', 'a', 'b');
    expect(circuit.isOpen).toBe(false);

    fail('c');
    expect(circuit.isOpen).toBe(true);
  });

  it('counts callers and calls anew after a success', () => {
    fail('a', 'b', 'c', 'd');
    circuit.succeeded(enter('e'));
    fail('a', 'b', 'c', 'd');

    expect(circuit.isOpen).toBe(false);
    fail('e');
    expect(circuit.isOpen).toBe(true);
  });
});

describe('a try', () => {
  beforeEach(() => fail('a', 'b', 'c', 'd', 'e'));

  it('is made by one caller after the wait', () => {
    time += SECOND;
    const call = enter('a');

    expect(['b', 'c', 'another'].map((caller) => circuit.enter(caller))).toEqual([
      null,
      null,
      null,
    ]);
    circuit.succeeded(call);
    expect([circuit.isOpen, circuit.waitMs]).toEqual([false, 0]);
  });

  it('that fails is made by somebody else next, though the same one always comes first', () => {
    time += SECOND;
    fail('poison');
    expect(circuit.waitMs).toBe(2 * SECOND);

    time += 2 * SECOND;
    // It comes first, and is on its own.
    fail('poison');
    const call = enter('another');
    circuit.succeeded(call);

    expect(circuit.isOpen).toBe(false);
  });

  it('cannot be kept by many who come first', () => {
    let isOver = false;
    for (let round = 0; round < 40 && !isOver; round += 1) {
      time += circuit.waitMs;
      for (let n = 0; n < 20; n += 1) {
        const call = circuit.enter(`poison ${n}`);
        if (call !== null) circuit.failed(call);
      }
      const call = circuit.enter('another');
      if (call === null) continue;
      circuit.succeeded(call);
      isOver = true;
    }

    expect(isOver).toBe(true);
  });

  it('that said nothing is made again by whoever comes', () => {
    time += SECOND;
    circuit.leave(enter('a'));

    expect(isLetIn('b')).toBe(true);
  });

  it('that found the server there lets all in, on trial: another failure waits on', () => {
    time += SECOND;
    expect(circuit.tryAnswered(enter('a'))).toBe(true);
    expect([circuit.isOpen, isLetIn('b')]).toEqual([false, true]);

    fail('a', 'b', 'c', 'd', 'e');
    expect(circuit.waitMs).toBe(2 * SECOND);
  });

  it('from here is one as well', () => {
    expect(circuit.enterTry()).toBe(false);
    time += SECOND;
    expect(circuit.enterTry()).toBe(true);
    expect(isLetIn('another')).toBe(false);

    circuit.tryFailed();
    expect(circuit.waitMs).toBe(2 * SECOND);
    time += 2 * SECOND;
    expect(circuit.enterTry()).toBe(true);
    expect(circuit.tryAnswered()).toBe(true);
    expect(isLetIn('another')).toBe(true);
    expect(circuit.enterTry()).toBe(false);
  });
});
