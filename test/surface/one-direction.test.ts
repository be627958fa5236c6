import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The sources of a package, and the heading of its list in ARCHITECTURE.md. */
const PACKAGES = [
  { folder: 'lib', heading: 'One direction', fewest: 100 },
  { folder: 'fake-hanko/src', heading: 'FakeHanko', fewest: 60 },
] as const;

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Folder of the sources, or file at their top. */
const partOf = (file: string): string => (file.split('/')[0] ?? '').replace(/\.[jt]s$/, '');

/** Lines of a list of ARCHITECTURE.md, the lowest first. */
function layersOf(heading: string): readonly (readonly string[])[] {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const [, list = ''] = new RegExp(`\n## ${heading}\n[^]*?\`\`\`\n([^]*?)\`\`\``).exec(page) ?? [];
  return list
    .trim()
    .split('\n')
    .map((line) => line.split(/ +/))
    .toReversed();
}

function importsIn(file: string, source: string): readonly Import[] {
  return ts
    .preProcessFile(source)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => ({
      from: file,
      to: normalize(join(dirname(file), fileName)).replace(/\.js$/, '.ts'),
    }));
}

/** Why an import is not allowed; null if it is. */
function faultOf({ from, to }: Import, layers: readonly (readonly string[])[]): string | null {
  const layerOf = (part: string): number => layers.findIndex((parts) => parts.includes(part));
  const [a, b] = [partOf(from), partOf(to)];
  if (a === b || (layerOf(b) !== -1 && layerOf(b) < layerOf(a))) return null;
  return `${from} imports ${to}`;
}

/** A way from a file back to itself, types included; null if there is none. */
function circleIn(imports: readonly Import[]): string | null {
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): string | null => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file].join(' -> ');
    if (done.has(file)) return null;
    for (const { from, to } of imports) {
      const circle = from === file ? walk(to, [...way, file]) : null;
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  for (const { from } of imports) {
    const circle = walk(from, []);
    if (circle !== null) return circle;
  }
  return null;
}

describe.each(PACKAGES)('imports of $folder', ({ folder, heading, fewest }) => {
  const sources = join(root, folder);
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const imports = files.flatMap((file) =>
    importsIn(file, readFileSync(join(sources, file), 'utf8')),
  );
  const layers = layersOf(heading);

  test('go in one direction, the one that ARCHITECTURE.md draws', () => {
    expect(imports.length).toBeGreaterThan(fewest);
    expect(imports.map((one) => faultOf(one, layers)).filter((fault) => fault !== null)).toEqual(
      [],
    );
  });

  test('are drawn completely: each part stands in the picture, and nothing else does', () => {
    expect(layers.flat().toSorted()).toEqual([...new Set(files.map(partOf))].toSorted());
  });

  test('make no circle, inside of a folder either', () => {
    expect(circleIn(imports)).toBeNull();
  });
});

describe('an import', () => {
  const lib = layersOf('One direction');
  const fake = layersOf('FakeHanko');

  test.each([
    ['errors/a.ts', 'auth/b.ts', lib],
    ['errors/a.ts', 'http/b.ts', lib],
    ['index.ts', 'testing/index.ts', lib],
    ['testing/a.ts', 'webhooks/b.ts', lib],
    ['store/a.ts', 'api/b.ts', fake],
    ['server/a.ts', 'webhooks/b.ts', fake],
    ['index.ts', 'command/b.ts', fake],
    ['check.ts', 'nowhere/b.ts', fake],
  ])('of %s that names %s is refused', (from, to, layers) => {
    expect(faultOf({ from, to }, layers)).toBe(`${from} imports ${to}`);
  });

  test('that closes a circle is found', () => {
    const chain = [
      { from: 'a.ts', to: 'b.ts' },
      { from: 'b.ts', to: 'c.ts' },
    ];
    expect(circleIn(chain)).toBeNull();
    expect(circleIn([...chain, { from: 'c.ts', to: 'b.ts' }])).toBe('b.ts -> c.ts -> b.ts');
  });
});
