import { beforeEach, describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../lib/http/circuit-breaker.js';
import { TestClock } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');

let clock: TestClock;
let circuit: CircuitBreaker;

beforeEach(() => {
  clock = new TestClock(START);
  circuit = new CircuitBreaker(clock.now);
});

/** So many calls, one after the other, that fail. */
function fail(count: number): void {
  for (let n = 0; n < count; n += 1) {
    expect(circuit.enter()).toBe(true);
    circuit.failed();
  }
}

/** Open, with the first wait begun just now. */
const open = (): void => fail(5);

describe('a closed circuit', () => {
  it('lets calls pass, any number at a time', () => {
    for (let n = 0; n < 1_000; n += 1) expect(circuit.enter()).toBe(true);

    expect(circuit).toMatchObject({ isOpen: false, waitMs: 0 });
  });

  it('stays closed for four failures in a row', () => {
    fail(4);

    expect(circuit).toMatchObject({ isOpen: false, waitMs: 0 });
    expect(circuit.enter()).toBe(true);
  });

  it('opens at the fifth, and says so once', () => {
    const said = Array.from({ length: 8 }, () => circuit.failed());

    expect(said).toEqual([false, false, false, false, true, false, false, false]);
    expect(circuit).toMatchObject({ isOpen: true, waitMs: 1_000 });
  });

  it('counts anew after a success', () => {
    fail(4);
    expect(circuit.succeeded()).toBe(false);
    fail(4);

    expect(circuit.isOpen).toBe(false);

    fail(1);
    expect(circuit.isOpen).toBe(true);
  });
});

describe('an open circuit', () => {
  it('lets nobody pass before the wait is over, and one at that moment', () => {
    open();

    expect(circuit.enter()).toBe(false);
    clock.advanceMs(999);
    expect(circuit.enter()).toBe(false);
    expect(circuit.waitMs).toBe(1);

    clock.advanceMs(1);
    expect(circuit.waitMs).toBe(0);
    expect(circuit.enter()).toBe(true);
  });

  it('waits twice as long after each try that fails, half a minute at most', () => {
    open();
    const waits = [circuit.waitMs];
    for (let n = 0; n < 7; n += 1) {
      clock.advanceMs(circuit.waitMs);
      expect(circuit.enter()).toBe(true);
      expect(circuit.failed()).toBe(false);
      waits.push(circuit.waitMs);
    }

    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('waits no longer than that after days', () => {
    open();
    for (let n = 0; n < 3_000; n += 1) {
      clock.advance(30);
      expect(circuit.enter()).toBe(true);
      circuit.failed();
    }

    expect(circuit.waitMs).toBe(30_000);
  });

  it('lets one try at a time, however long it takes', () => {
    open();
    clock.advance(1);

    expect(circuit.enter()).toBe(true);
    for (const seconds of [0, 1, 60, 86_400]) {
      clock.advance(seconds);
      expect(circuit.enter()).toBe(false);
    }

    circuit.failed();
    expect(circuit.waitMs).toBe(2_000);
    clock.advance(2);
    expect([circuit.enter(), circuit.enter()]).toEqual([true, false]);
  });

  it('does not wait longer for calls that were under way when it opened, and fail late', () => {
    open();
    clock.advanceMs(900);

    for (let n = 0; n < 60; n += 1) expect(circuit.failed()).toBe(false);

    expect(circuit.waitMs).toBe(100);
    clock.advanceMs(100);
    expect(circuit.enter()).toBe(true);
  });

  it('closes when the try succeeds, and says that it was open', () => {
    open();
    clock.advance(1);
    circuit.enter();

    expect(circuit.succeeded()).toBe(true);
    expect(circuit).toMatchObject({ isOpen: false, waitMs: 0 });
    expect([circuit.enter(), circuit.enter()]).toEqual([true, true]);
    expect(circuit.succeeded()).toBe(false);
  });

  it('closes for a call that was under way when it opened, and succeeds late', () => {
    open();

    expect(circuit.succeeded()).toBe(true);
    expect(circuit.enter()).toBe(true);
  });

  it('begins again with five failures and the shortest wait once it has closed', () => {
    open();
    clock.advance(1);
    circuit.enter();
    circuit.failed();
    clock.advance(2);
    circuit.enter();
    circuit.succeeded();

    fail(4);
    expect(circuit.isOpen).toBe(false);
    fail(1);
    expect(circuit.waitMs).toBe(1_000);
  });

  it('is not frozen by a clock that is set back', () => {
    open();
    clock.advance(-86_400);

    expect(circuit.waitMs).toBe(0);
    expect([circuit.enter(), circuit.enter()]).toEqual([true, false]);

    circuit.failed();
    expect(circuit.waitMs).toBe(2_000);
    clock.advance(2);
    expect(circuit.enter()).toBe(true);
  });

  it('may be tried at once where the clock has jumped ahead', () => {
    open();
    clock.advance(86_400);

    expect(circuit.enter()).toBe(true);
  });
});
