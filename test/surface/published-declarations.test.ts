import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the sources of a package are, and the declarations that its build publishes. */
const PACKAGES = [
  {
    name: 'nestjs-hanko',
    sources: 'lib',
    build: 'dist/cjs',
    entries: [
      'index',
      'testing/index',
      'webhooks/index',
      'swagger/index',
      'admin/index',
      'terminus/index',
      'opentelemetry/index',
    ],
  },
  {
    name: 'fake-hanko',
    sources: 'fake-hanko/src',
    build: 'fake-hanko/dist/cjs',
    entries: ['index'],
  },
];

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);

/** The files whose names an entry exports, at first or second hand. */
function exportingFiles(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const statement of parse(file).statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue;
    const { text } = statement.moduleSpecifier as ts.StringLiteral;
    if (text.startsWith('.'))
      exportingFiles(join(dirname(file), text.replace(/\.js$/, '.ts')), found);
  }
  return found;
}

/** How many comments stand above what a file declares, by name. */
const commentsIn = (file: string): ReadonlyMap<string, number> =>
  new Map(
    parse(file).statements.flatMap((statement) =>
      ts.isInterfaceDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement)
        ? [[statement.name?.text ?? '', ts.getJSDocCommentsAndTags(statement).length] as const]
        : [],
    ),
  );

describe.each(PACKAGES)('the build of $name', ({ sources, build, entries }) => {
  test('has the comments of all that an entry exports, which editors show', () => {
    const files = entries.flatMap((entry) => [
      ...exportingFiles(join(root, sources, `${entry}.ts`)),
    ]);
    const lost = files.flatMap((file) => {
      const path = relative(join(root, sources), file).replace(/\.ts$/, '.d.ts');
      const published = commentsIn(join(root, build, path));
      return [...commentsIn(file)]
        .filter(([name, count]) => count > 0 && published.get(name) === 0)
        .map(([name]) => `${name} in ${path}`);
    });

    expect(files.length).toBeGreaterThan(5);
    expect(lost).toEqual([]);
  });
});
