import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../support/api-program.js';

const FOLDERS = ['.github', 'bench', 'docs', 'fake-hanko', 'lib', 'sample', 'scripts', 'test'];
const SKIPPED = ['node_modules', 'dist', 'fixtures', 'coverage'];

/** Every file of the repository, and those of its root. */
const files: readonly string[] = [
  ...readdirSync(root).filter((name) => statSync(join(root, name)).isFile()),
  ...FOLDERS.flatMap(below),
];

function below(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return SKIPPED.includes(entry.name) ? [] : below(path);
  });
}

const names = new Set(files.map((file) => basename(file)));

/** Files of an app or of another package. */
const ELSEWHERE =
  /^(?:main\.ts|(?:src\/)?app\.(?:module|controller)\.ts|src\/me\/me\.controller\.ts|health\.module\.ts|(?:src\/)?instrumentation\.m?[jt]s|notes\.controller\.ts|test\/app\.e2e-spec\.ts)$/;

/** A path in this repository, or the name of a source file or page. */
const PATH =
  /(?<![\w./@<*-])(?:(?:\.github|bench|docs|fake-hanko|lib|sample|scripts|test)\/[\w./-]*[\w-]|[\w-]+(?:[./][\w-]+)*\.(?:[cm]?ts|tsx|mjs|md|yml))(?![\w/*-])/g;

/** Paths that a text cites and that do not exist. */
function missing(file: string, text: string): readonly string[] {
  return [...text.matchAll(PATH)]
    .map(([path]) => path)
    .filter((path) => !exists(path, file))
    .map((path) => `${file}: ${path}`);
}

function exists(path: string, from: string): boolean {
  if (ELSEWHERE.test(path)) return true;
  if (!path.includes('/')) return names.has(path);
  const bases = ['', 'lib', 'fake-hanko', 'fake-hanko/src', dirname(from), dirname(dirname(from))];
  const folder = dirname(from);
  return (
    bases.some((base) => existsSync(join(root, base, path))) ||
    // Of each of several samples.
    files.some((file) => file.startsWith(`${folder}/`) && file.endsWith(`/${path}`))
  );
}

/** The comments of a source file, and the titles of its tests. */
function wordsOf(file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  if (extname(file) === '.md') return text;
  const scanner = ts.createScanner(
    ts.ScriptTarget.Latest,
    false,
    ts.LanguageVariant.Standard,
    text,
  );
  const words: string[] = [];
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const isComment =
      kind === ts.SyntaxKind.SingleLineCommentTrivia ||
      kind === ts.SyntaxKind.MultiLineCommentTrivia;
    if (isComment) words.push(scanner.getTokenText());
  }
  return words.join('\n');
}

describe('what comments and pages cite', () => {
  const cited = files.filter((file) => /\.(?:md|ts|mjs)$/.test(file));

  test('is there', () => {
    expect(cited.length).toBeGreaterThan(300);
    expect(cited.flatMap((file) => missing(file, wordsOf(file)))).toEqual([]);
  });

  test('is found missing where it is', () => {
    const text =
      'See lib/hanko.module.ts, hanko.module.ts, docs/hanko.md and `test/unit`; ' +
      'not lib/errors/gone.ts, gone.ts, test/gone or docs/gone.md.';
    expect(missing('README.md', text)).toEqual([
      'README.md: lib/errors/gone.ts',
      'README.md: gone.ts',
      'README.md: test/gone',
      'README.md: docs/gone.md',
    ]);
  });
});
