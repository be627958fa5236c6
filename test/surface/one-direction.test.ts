import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lib = join(root, 'lib');

/** Lines of ARCHITECTURE.md's list, the lowest first. */
const layers = (
  /## One direction[^]*?```\n([^]*?)```/.exec(
    readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'),
  )?.[1] ?? ''
)
  .trim()
  .split('\n')
  .map((line) => line.split(/ +/))
  .toReversed();

const layerOf = (part: string): number => layers.findIndex((parts) => parts.includes(part));

/** Folder of `lib`, or file at its top. */
const partOf = (file: string): string => (file.split('/')[0] ?? '').replace(/\.[jt]s$/, '');

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsIn(file: string, source: string): readonly Import[] {
  return ts
    .preProcessFile(source)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => ({ from: file, to: normalize(join(dirname(file), fileName)) }));
}

/** Why an import is not allowed; null if it is. */
function faultOf({ from, to }: Import): string | null {
  const [a, b] = [partOf(from), partOf(to)];
  if (a === b || (layerOf(b) !== -1 && layerOf(b) < layerOf(a))) return null;
  return `${from} imports ${to}`;
}

describe('imports of lib', () => {
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const imports = files.flatMap((file) => importsIn(file, readFileSync(join(lib, file), 'utf8')));

  test('go in one direction, the one that ARCHITECTURE.md draws', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.map(faultOf).filter((fault) => fault !== null)).toEqual([]);
  });

  test('would be refused in the other', () => {
    expect(faultOf({ from: 'errors/a.ts', to: 'auth/b.js' })).toBe('errors/a.ts imports auth/b.js');
    expect(faultOf({ from: 'errors/a.ts', to: 'http/b.js' })).not.toBeNull();
    expect(faultOf({ from: 'index.ts', to: 'testing/index.js' })).not.toBeNull();
    expect(faultOf({ from: 'testing/a.ts', to: 'webhooks/b.js' })).not.toBeNull();
  });

  test('are drawn completely: each part of lib stands in the picture, and nothing else does', () => {
    const parts = new Set(files.map(partOf));
    expect(layers.flat().toSorted()).toEqual([...parts].toSorted());
  });
});
