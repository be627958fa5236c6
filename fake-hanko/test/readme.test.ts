import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkOptions } from '../src/options.js';
import { FAULT_KINDS } from '../src/server/faults.js';
import { FORGERIES } from '../src/tokens/forgeries.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

const readme = read('../README.md');

/** The first two cells of each row of the table that begins with this heading. */
function table(heading: string): readonly (readonly [string, string])[] {
  const [, rows = ''] =
    new RegExp(`^\\| ${heading} .*\\n\\|[ |-]+\\n((?:\\|.*\\n)+)`, 'm').exec(readme) ?? [];
  return rows
    .trim()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, name = '', value = '']) => [name, value]);
}

describe("FakeHanko's page", () => {
  test('shows the test that is run in default projects with Jest and with Vitest', () => {
    const [, spec] = /<!-- spec -->\n\n```ts\n([^]*?)```/.exec(readme) ?? [];
    expect(spec).toBe(read('../../test/package/consumer/src/me.spec.ts'));
  });

  test('names every forgery', () => {
    const [, list = ''] = /`forgedToken` knows:([^]*?)\.\n\n/.exec(readme) ?? [];
    expect([...list.matchAll(/`([\w-]+)`/g)].map(([, name]) => name)).toEqual(FORGERIES);
  });

  test('names every fault', () => {
    expect(table('fault').map(([name]) => name)).toEqual(FAULT_KINDS);
  });

  test('names every option with its default', () => {
    const defaults = {
      ...checkOptions({}),
      config: 'as Hanko',
      audience: 'localhost',
      issuer: 'none',
      onMail: 'nobody',
      onboarding: 'offered',
      lifespanSeconds: '43,200',
      tenantId: 'none',
      port: 'any free',
      adminPort: 'any free',
      managementPort: 'any free',
      now: 'Date.now',
    };
    expect(checkOptions({})).toMatchObject({ audience: ['localhost'], lifespanSeconds: 43_200 });
    expect(Object.fromEntries(table('option'))).toEqual(
      Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)])),
    );
  });
});
