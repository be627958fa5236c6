import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const samples = fileURLToPath(new URL('../../sample', import.meta.url));

/** Everything that somebody writes for a front end. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(join(samples, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return entry.name === 'dist' || entry.name === 'node_modules' ? [] : filesOf(path);
  });
}

const read = (path: string): string => readFileSync(join(samples, path), 'utf8');

describe.each([
  ['02-react', 200],
  ['03-vue', 200],
  ['04-svelte', 200],
  ['05-admin/page', 1000],
  ['06-graphql/page', 300],
  ['08-realtime/page', 400],
])('sample/%s', (folder, limit) => {
  test(`has less than ${limit} lines, configuration included`, () => {
    const lines = filesOf(folder).map((path) => read(path).trimEnd().split('\n').length);
    const total = lines.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(50);
    expect(total).toBeLessThan(limit);
  });

  test('knows nothing of FakeHanko, and of no address but that of `npm start`', () => {
    const text = filesOf(folder).map(read).join('\n');
    expect(text).not.toMatch(/nestjs-hanko\/testing|FakeHanko|\/demo\//);
    expect(text.match(/https?:\/\/[^'" ]+/g)).toEqual(['http://localhost:3000']);
  });
});

test.each(['03-vue', '04-svelte'])(
  'sample/%s has what is of no framework from 02-react',
  (folder) => {
    expect(read(`${folder}/src/hanko.ts`)).toBe(read('02-react/src/hanko.ts'));
  },
);

test.each(['.', '01-quick-start', '05-admin', '06-graphql', '07-microservice', '08-realtime'])(
  'every path that sample/%s/README.md names is there',
  (folder) => {
    const links = read(`${folder}/README.md`).matchAll(/\]\((?!https?:|#)([^)#]+)/g);
    const named = [...links].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((path) => !existsSync(join(samples, folder, path)))).toEqual([]);
  },
);
