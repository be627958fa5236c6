import { describe, expect, test } from 'vitest';
import { majorOf, satisfies } from '../../../lib/doctor/version-range.js';

describe('a version', () => {
  test.each([
    ['22.12.0', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
    ['22.11.9', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
    ['23.5.0', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
    ['25.0.0', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
    ['20.19.0', '^20.19.0', true],
    ['12.0.0-rc.1', '^11.0.0 || ^12.0.0', true],
    ['13.0.0', '^11.0.0 || ^12.0.0', false],
    ['10.4.1', '^11.0.0', false],
    ['7.8.2', '^7.1.0', true],
    ['7.0.9', '^7.1.0', false],
    ['0.1.5', '^0.1.2', true],
    ['0.2.0', '^0.1.2', false],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['1.3.0', '1.x', true],
    ['2.0.0', '1.x', false],
    ['1.2.3', '1.2.3', true],
    ['1.2.4', '=1.2.3', false],
    ['4.9.9', '^4', true],
    ['9.9.9', '*', true],
    ['1.2.3', '>1.0.0 <2.0.0', null],
    ['1.2.3', 'workspace:*', null],
    ['latest', '^1.0.0', null],
    ['3.0.0', 'next || ^3.0.0', true],
  ])('%s is in %s: %s', (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });

  test.each([
    ['12.5.1', 12],
    ['v20.19.0', 20],
    ['next', null],
  ])('%s is of the major %s', (version, major) => {
    expect(majorOf(version)).toBe(major);
  });
});
