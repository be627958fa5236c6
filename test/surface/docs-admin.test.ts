import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ADMIN_METHODS } from '../support/admin-calls.js';
import { root } from '../support/api-program.js';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const page = read('docs/admin.md');
const lacking = (names: readonly string[]): string[] =>
  names.filter((name) => !page.includes(`\`${name}`));

describe('docs/admin.md', () => {
  test('has every method', () => {
    expect(lacking(Object.keys(ADMIN_METHODS).map((name) => `${name}(`))).toEqual([]);
    expect(lacking(['users.lift('])).toEqual(['users.lift(']);
  });

  test('has every option and its variable', () => {
    const [, options = ''] =
      /interface HankoAdminOptions \{([^]*?)\n\}/.exec(read('lib/admin/admin-options.ts')) ?? [];
    const names = [...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name = '']) => name);
    const variables = [...options.matchAll(/HANKO_\w+/g)].map(String);
    expect(names.length).toBeGreaterThan(5);
    expect(lacking([...names, ...variables])).toEqual([]);
  });

  test('has every code of an error', () => {
    const [, codes = ''] =
      /type HankoAdminErrorCode =([^;]*);/.exec(read('lib/admin/admin-error.ts')) ?? [];
    const names = [...codes.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(6);
    expect(lacking(names)).toEqual([]);
  });
});
