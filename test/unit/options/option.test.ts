import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../../../lib/options/hanko-options.js';
import type { Option } from '../../../lib/options/option.js';
import { apiUrl, faults, paths, resolve } from '../../support/options.js';

describe('a number', () => {
  const units = { Seconds: 'seconds', Bytes: 'bytes', Ms: 'milliseconds' };
  const options: [string, Option<unknown>][] = Object.entries(OPTIONS);
  const bounds = options.flatMap(([name, { limits }]) => {
    const [, unit] = Object.entries(units).find(([ending]) => name.endsWith(ending)) ?? [];
    return limits ? [{ name, min: limits[1], max: limits[2], unit }] : [];
  });

  it('is each option whose name ends in a unit', () => {
    expect(bounds.length).toBeGreaterThan(7);
    expect(bounds.map(({ name }) => name)).toEqual(
      options.map(([name]) => name).filter((name) => /(?:Seconds|Ms|Bytes|Entries)$/.test(name)),
    );
    expect(bounds.map(({ unit }) => unit)).not.toContain(undefined);
  });

  it.each(bounds)('may be its bounds: $name', ({ name, min, max }) => {
    expect(resolve({ apiUrl, [name]: min })).toMatchObject({ [name]: min });
    expect(resolve({ apiUrl, [name]: max })).toMatchObject({ [name]: max });
  });

  it.each(bounds)('may not be beyond them: $name', ({ name, min, max, unit }) => {
    for (const value of [min - 1, max + 1, -1, -Infinity, Infinity]) {
      expect(faults({ apiUrl, [name]: value })).toEqual([
        {
          path: name,
          hint: `must be a whole number from ${min} to ${max} (${unit}), got ${value}.`,
        },
      ]);
    }
  });

  it.each(bounds)('must be one: $name', ({ name, min }) => {
    for (const value of [NaN, min + 0.5, String(min), '', null, true, [min], {}, 5n]) {
      expect(paths({ apiUrl, [name]: value })).toEqual([name]);
    }
  });

  it('is called by its kind where it is none', () => {
    expect(faults({ apiUrl, jwksTimeoutMs: '5000' })[0]?.hint).toMatch(/got a string\.$/);
    expect(faults({ apiUrl, jwksTimeoutMs: null })[0]?.hint).toMatch(/got null\.$/);
    expect(faults({ apiUrl, jwksTimeoutMs: [5000] })[0]?.hint).toMatch(/got (an array|a list)\.$/);
    expect(faults({ apiUrl, jwksTimeoutMs: {} })[0]?.hint).toMatch(/got an object\.$/);
  });
});

describe('a flag', () => {
  const defaults = Object.entries(resolve({ apiUrl }));
  const flags = defaults
    .filter(([name, value]) => name in OPTIONS && typeof value === 'boolean')
    .map(([name]) => name);

  it('is logRoutes, among others', () => {
    expect(flags).toContain('logRoutes');
  });

  describe.each(flags)('%s', (name) => {
    it.each([true, false])('is %s as written', (value) => {
      expect(resolve({ apiUrl, [name]: value })).toMatchObject({ [name]: value });
    });

    it.each(['yes', 'true', 1, 0, null, {}, []])('cannot be %j', (value) => {
      expect(faults({ apiUrl, [name]: value })).toEqual([
        { path: name, hint: 'must be true or false.' },
      ]);
    });
  });
});
