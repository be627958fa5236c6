import * as fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';

/** What `act` returned, or what it threw: nothing else than an error of these classes may be. */
export function outcomeOf<T>(
  act: () => T,
  ...errors: readonly (abstract new (...args: never) => Error)[]
): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: act() };
  } catch (error) {
    const expected = errors.find((type) => error instanceof type);
    if (expected === undefined) throw error;
    return { error: error as Error };
  }
}

/** A number that the values drawn must reach: a property that never gets to its point holds nothing. */
export class Tally {
  count = 0;
}

export const expectAtLeast = (count: number, ...tallies: readonly Tally[]): void => {
  expect(Math.min(...tallies.map((tally) => tally.count))).toBeGreaterThanOrEqual(count);
};

/** Any text, with lone surrogates; `unit: 'binary'` takes two seconds to set up. */
export const anyText = (constraints: fc.StringConstraints = {}): fc.Arbitrary<string> =>
  fc.string({
    unit: fc
      .oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xff }), fc.nat({ max: 0xffff }))
      .map((code) => String.fromCharCode(code)),
    ...constraints,
  });

/** Every byte that Node's parser lets into the value of a field, each as a character (RFC 9110 §5.5). */
export const fieldText = (
  constraints: fc.StringConstraints = {},
  without = /[^\t\x20-\x7e\x80-\xff]/,
): fc.Arbitrary<string> =>
  fc.string({
    unit: fc
      .integer({ min: 9, max: 255 })
      .map((code) => String.fromCharCode(code))
      .filter((character) => !without.test(character)),
    ...constraints,
  });

/** JSON as a token or a key set may hold it, `__proto__` among the names as an own one. */
export const anyJson = fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown);

/** To be called once in a file of tests. */
export function useFixedSeed(): void {
  // Fixed, so that a red run is red again. To look further: another seed and more runs.
  beforeAll(() => fc.configureGlobal({ seed: 20_260_301, numRuns: 400 }));
  afterAll(() => fc.resetConfigureGlobal());
}
