import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const below = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );

const folderOf = (file: string): string => file.split(/[\\/]/).slice(0, -1).join('/');

describe('a test is found by the name of what it tests', () => {
  test.each([
    { tests: 'test/unit', source: 'lib', elsewhere: [] },
    {
      tests: 'fake-hanko/test',
      source: 'fake-hanko/src',
      elsewhere: ['', 'contract', 'support'],
    },
  ])('the folders of $tests are those of $source', ({ tests, source, elsewhere }) => {
    const folders = new Set(below(source).map(folderOf));
    const strangers = below(tests).filter(
      (file) =>
        !file.includes('fixtures') &&
        (folderOf(file) === '' || !folders.has(folderOf(file))) &&
        !elsewhere.includes(folderOf(file)),
    );

    expect(strangers).toEqual([]);
  });

  test('each file of test/e2e lies in the folder of its subject', () => {
    expect(below('test/e2e').filter((file) => folderOf(file) === '')).toEqual([]);
  });

  test('helpers have plain names', () => {
    expect(below('test/support').filter((file) => /^(unit|e2e)-/.test(file))).toEqual([]);
  });
});

describe.each(['SECURITY.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'])('%s', (page) => {
  test('names tests that are there', () => {
    const text = readFileSync(join(root, page), 'utf8');
    const named = [...text.matchAll(/`((?:fake-hanko\/)?test\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );

    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(named).not.toEqual([]);
  });
});
