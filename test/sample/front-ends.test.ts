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

describe.each(['02-react', '03-vue', '04-svelte'])('sample/%s', (folder) => {
  test('has less than 200 lines, configuration included', () => {
    const lines = filesOf(folder).map((path) => read(path).trimEnd().split('\n').length);
    const total = lines.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(50);
    expect(total).toBeLessThan(200);
  });

  test('has the part that is of no framework in common with the others', () => {
    expect(read(`${folder}/src/hanko.ts`)).toBe(read('02-react/src/hanko.ts'));
  });

  test('knows nothing of FakeHanko, and of no address but that of `npm start`', () => {
    const text = filesOf(folder).map(read).join('\n');
    expect(text).not.toMatch(/nestjs-hanko\/testing|FakeHanko|\/demo\//);
    expect(text.match(/https?:\/\/[^'" ]+/g)).toEqual(['http://localhost:3000']);
  });
});

test('every folder that a README of sample names is there', () => {
  const named = [...read('README.md').matchAll(/\]\(([\w./-]+)\)/g)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((path) => !existsSync(join(samples, path)))).toEqual([]);
});
