import { beforeAll, describe, expect, it } from 'vitest';
import type { ResolvedHankoOptions } from '../../../lib/options/hanko-options.js';
import { SigningKey } from '../../../fake-hanko/src/tokens/keys.js';
import { apiUrl, faults, paths, resolve } from '../../support/options.js';

let key: SigningKey;
beforeAll(async () => {
  key = await SigningKey.generate(2048, 'a');
});

describe('signatureCache', () => {
  const bounds = [
    { name: 'maxEntries', max: 1_000_000, unit: 'entries' },
    { name: 'maxBytes', max: 1_073_741_824, unit: 'bytes' },
  ];
  const cache = (signatureCache: unknown): ResolvedHankoOptions['signatureCache'] =>
    resolve({ apiUrl, signatureCache }).signatureCache;

  it('is off in a word: false', () => {
    expect(cache(false)).toEqual({ maxEntries: 0, maxBytes: 0 });
  });

  it('has the default of each bound that is left out', () => {
    const defaults = { maxEntries: 10_000, maxBytes: 33_554_432 };

    expect(cache({})).toEqual(defaults);
    expect(cache({ maxEntries: undefined, maxBytes: undefined })).toEqual(defaults);
    expect(cache({ maxEntries: 7 })).toEqual({ ...defaults, maxEntries: 7 });
    expect(cache({ maxBytes: 7 })).toEqual({ ...defaults, maxBytes: 7 });
    expect(cache({ maxEntries: 7, maxBytes: 8 })).toEqual({ maxEntries: 7, maxBytes: 8 });
  });

  it.each(bounds)('may be from 0 to its largest value: $name', ({ name, max }) => {
    expect(cache({ [name]: 0 })).toMatchObject({ [name]: 0 });
    expect(cache({ [name]: max })).toMatchObject({ [name]: max });
  });

  it.each(bounds)('may not be beyond them, and says so: $name', ({ name, max, unit }) => {
    for (const value of [-1, max + 1, 0.5, NaN, Infinity, -Infinity]) {
      expect(faults({ apiUrl, signatureCache: { [name]: value } })).toEqual([
        {
          path: `signatureCache.${name}`,
          hint: `must be a whole number from 0 to ${max} (${unit}), got ${value}.`,
        },
      ]);
    }
  });

  it.each(bounds)('must be a number, and says what it got: $name', ({ name, max, unit }) => {
    for (const [value, kind] of [
      ['10', 'a string'],
      ['', 'a string'],
      [null, 'null'],
      [true, 'a boolean'],
      [false, 'a boolean'],
      [[1], 'a list'],
      [{}, 'an object'],
      [5n, 'a bigint'],
    ]) {
      expect(faults({ apiUrl, signatureCache: { [name]: value } })).toEqual([
        {
          path: `signatureCache.${name}`,
          hint: `must be a whole number from 0 to ${max} (${unit}), got ${kind as string}.`,
        },
      ]);
    }
  });

  it.each(['maxAge', 'maxentries', 'size', '__proto__', 'constructor', 'toString'])(
    'has no other member: %s',
    (name) => {
      const signatureCache = JSON.parse(`{"${name}":1}`) as object;

      expect(faults({ apiUrl, signatureCache })).toEqual([
        {
          path: `signatureCache.${name}`,
          hint: 'is not an option. The options are maxEntries and maxBytes.',
        },
      ]);
      expect(paths({ apiUrl, signatureCache: { [name]: undefined } })).toHaveLength(1);
    },
  );

  it('tells of each wrong member', () => {
    const signatureCache = { maxEntries: -1, maxBytes: null, maxAge: 1 };

    expect(paths({ apiUrl, signatureCache }).toSorted()).toEqual([
      'signatureCache.maxAge',
      'signatureCache.maxBytes',
      'signatureCache.maxEntries',
    ]);
  });

  it.each([true, null, 0, 10_000, '', 'off', [], [10_000], () => ({}), 5n])(
    'is nothing else than bounds or false: %s',
    (signatureCache) => {
      expect(faults({ apiUrl, signatureCache })).toEqual([
        {
          path: 'signatureCache',
          hint: 'must be { maxEntries, maxBytes }, or false to turn the cache off.',
        },
      ]);
    },
  );

  it('may stand beside pinned keys', () => {
    const options = { jwks: { keys: [key.publicJwk] }, signatureCache: { maxEntries: 1 } };

    expect(resolve(options).signatureCache.maxEntries).toBe(1);
  });
});
