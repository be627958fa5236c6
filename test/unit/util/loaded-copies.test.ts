import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const lib = fileURLToPath(new URL('../../../lib', import.meta.url));

const FILES = ['util/loaded-copies', 'util/version', 'hanko.constants'];

let root: string;

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'nestjs-hanko (copies)-')));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** Builds the few files that know of copies as the package is built, in both formats. */
function install(name: string, version?: string): string {
  const folder = join(root, name, 'node_modules/nestjs-hanko');
  for (const [format, kind] of [
    ['esm', ts.ModuleKind.ESNext],
    ['cjs', ts.ModuleKind.CommonJS],
  ] as const) {
    for (const file of FILES) {
      const source = readFileSync(join(lib, `${file}.ts`), 'utf8');
      const { outputText } = ts.transpileModule(
        version === undefined ? source : source.replace(/(VERSION = ')[^']+/, `$1${version}`),
        { compilerOptions: { module: kind, target: ts.ScriptTarget.ES2022 } },
      );
      const path = join(folder, 'dist', format, `${file}.js`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, outputText);
    }
    const type = format === 'esm' ? 'module' : 'commonjs';
    writeFileSync(join(folder, 'dist', format, 'package.json'), JSON.stringify({ type }));
  }
  return folder;
}

const esm = (folder: string): string =>
  `await import(${JSON.stringify(pathToFileURL(join(folder, 'dist/esm/util/loaded-copies.js')).href)})`;
const cjs = (folder: string): string =>
  `createRequire('/')(${JSON.stringify(join(folder, 'dist/cjs/util/loaded-copies.js'))})`;

/** What a process that loads these, one after the other, has to say. */
function faultOf(...loads: readonly string[]): string {
  const script = [
    "import { createRequire } from 'node:module';",
    ...loads.map((load) => `copy = ${load};`),
    'process.stdout.write(String(copy.copiesFault()));',
  ];
  return execFileSync(
    process.execPath,
    ['--input-type=module', '-e', `let copy;${script.join('\n')}`],
    {
      encoding: 'utf8',
    },
  );
}

describe('copies of the package in one process', () => {
  it('are none as long as it is loaded from one place, in one format, also by a link', () => {
    const app = install('one');
    const link = join(root, 'link');
    symlinkSync(app, link);

    expect(faultOf(esm(app), esm(app), esm(link))).toBe('undefined');
    expect(faultOf(cjs(app), cjs(link), cjs(app))).toBe('undefined');
  });

  it('are told apart by where they were loaded from, where the version is the same', () => {
    const [app, linked] = [install('app'), install('linked')];
    const { version } = JSON.parse(readFileSync(join(lib, '../package.json'), 'utf8')) as {
      version: string;
    };

    expect(faultOf(esm(app), esm(linked))).toBe(
      '2 copies of nestjs-hanko are loaded, and a guard of one does not see the module of another: ' +
        `${version} (ES module) from ${app}; ${version} (ES module) from ${linked}. Install it once: npm ls ` +
        'nestjs-hanko shows where it comes from. A package of your own that uses it names it in its ' +
        'peerDependencies, and a linked one has no node_modules/nestjs-hanko of its own.',
    );
    expect(faultOf(cjs(app), cjs(linked))).toContain(`(CommonJS) from ${app}; `);
  });

  it('of one installation are its two formats: the cure is in the app', () => {
    const app = install('both');
    const fault = faultOf(esm(app), cjs(app));

    expect(fault).toContain(`(ES module) from ${app}; `);
    expect(fault).toContain(`(CommonJS) from ${app}. `);
    expect(fault).toMatch(/use import everywhere, or require everywhere\.$/);
  });

  it('of two versions are named by both', () => {
    const fault = faultOf(esm(install('new', '0.2.0')), esm(install('old', '0.1.9')));

    expect(fault).toMatch(/0\.2\.0 .*0\.1\.9 .*Install one version: npm ls nestjs-hanko/s);
  });
});
