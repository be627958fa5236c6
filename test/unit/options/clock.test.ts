import { HankoConfigurationError } from 'nestjs-hanko';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiUrl, faults, resolve, warnings } from '../../support/options.js';

/** Beyond what a test may take. */
const LATER = 4_102_444_800_000;

describe('now, where it is omitted', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("is the machine's, also where a test installs fake timers after the start", () => {
    const { now } = resolve({ apiUrl });
    vi.useFakeTimers({ now: LATER, toFake: ['Date'] });

    expect(now()).toBe(LATER);
    vi.setSystemTime(LATER + 5_000);
    expect(now()).toBe(LATER + 5_000);
  });

  it("is the machine's, also where a test spies on Date.now after the start, and again without", () => {
    const { now } = resolve({ apiUrl });
    vi.spyOn(Date, 'now').mockReturnValue(LATER);

    expect(now()).toBe(LATER);
    vi.restoreAllMocks();
    expect(now()).toBeLessThan(LATER);
  });
});

describe('now', () => {
  it.each([0, 1_764_212_400_000, 1_764_212_400_000.5, LATER])('may be %d', (time) => {
    expect(resolve({ apiUrl, now: () => time }).now()).toBe(time);
    expect(warnings({ now: () => time })).toEqual([]);
  });

  it.each([
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [8_640_000_000_000_001, '8640000000000001'],
    ['1764212400000', 'a string'],
    [new Date(LATER), 'an object'],
    [null, 'null'],
    [undefined, 'nothing'],
    [5n, 'a bigint'],
    [true, 'a boolean'],
    [Promise.resolve(LATER), 'an object'],
  ])('that returns no time is a start-up error: %s', (time, kind) => {
    expect(faults({ apiUrl, now: () => time })).toEqual([
      {
        path: 'now',
        hint: `must return the time as a number of milliseconds since 1970, got ${kind}.`,
      },
    ]);
  });

  it('that throws is a start-up error', () => {
    const now = (): never => {
      throw new Error('s3cr3t');
    };

    expect(faults({ apiUrl, now })).toEqual([{ path: 'now', hint: expect.any(String) }]);
  });

  it.each([Number.NaN, '1764212400000', new Date(LATER), undefined])(
    'that returns no time later is an error and not a time: %s',
    (time) => {
      let answer: unknown = LATER;
      const { now } = resolve({ apiUrl, now: () => answer });
      expect(now()).toBe(LATER);
      answer = time;

      expect(now).toThrow(HankoConfigurationError);
      expect(now).toThrow(/now: must return the time as a number of milliseconds/);
    },
  );

  it('that counts in seconds is a warning', () => {
    expect(warnings({ now: () => LATER / 1000 })).toEqual([
      expect.stringMatching(/^now\(\) returns a time in 1970.*milliseconds.*not seconds/),
    ]);
  });
});
