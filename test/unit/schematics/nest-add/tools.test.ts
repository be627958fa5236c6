import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { toolsIn } from '../../../../lib/schematics/nest-add/tools.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with packages, each with the code of its entry. */
function folderWith(packages: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-hanko-tools-'));
  folders.push(folder);
  for (const [path, code] of Object.entries(packages)) {
    const home = join(folder, path);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{ "main": "main.js" }');
    writeFileSync(join(home, 'main.js'), code);
  }
  return folder;
}

const PARSER = (name: string): string =>
  `exports.createSourceFile = () => {}; exports.name = '${name}';`;
const TYPESCRIPT_7 = "exports.version = '7.0.2';";
const nameOf = (root: string): unknown =>
  (toolsIn(root).ts as { name?: unknown } | undefined)?.name;

describe('the compiler is that', () => {
  it('of the app', () => {
    const root = folderWith({
      'node_modules/typescript': PARSER('app'),
      'node_modules/@nestjs/cli/node_modules/typescript': PARSER('cli'),
    });
    expect(nameOf(root)).toBe('app');
  });

  it('of the Nest CLI, if the one of the app has no parser', () => {
    const root = folderWith({
      'node_modules/typescript': TYPESCRIPT_7,
      'node_modules/@nestjs/cli': '',
      'node_modules/@nestjs/cli/node_modules/typescript': PARSER('cli'),
    });
    expect(nameOf(root)).toBe('cli');
  });

  it('of the Nest CLI where pnpm put it', () => {
    const store = 'node_modules/.pnpm/@nestjs+cli@12.0.0/node_modules';
    const root = folderWith({
      'node_modules/typescript': TYPESCRIPT_7,
      [`${store}/@nestjs/cli`]: '',
      [`${store}/typescript`]: PARSER('pnpm'),
    });
    const link = join(root, 'node_modules/@nestjs/cli');
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, store, '@nestjs/cli'), link, 'dir');
    expect(nameOf(root)).toBe('pnpm');
  });

  it('that is broken is none', () => {
    const root = folderWith({ 'node_modules/typescript': 'throw new Error();' });
    expect(nameOf(root)).not.toBe('app');
  });
});

describe('a text is formatted', () => {
  const BEFORE = 'const a = 1;\n';
  const AFTER = 'const  a = 2\n';

  it.each([
    ['without prettier', {}],
    ['with an older prettier', { 'node_modules/prettier': 'exports.format = () => "no promise";' }],
    [
      'with a configuration that prettier cannot read',
      {
        'node_modules/prettier':
          'exports.check = exports.format = exports.resolveConfig = async () => { throw new Error(); };',
      },
    ],
  ])('not at all %s', async (_name, packages) => {
    expect(await toolsIn(folderWith(packages)).format('a.ts', BEFORE, AFTER)).toBe(AFTER);
  });

  it('by the prettier of the app, with its configuration, if it was before', async () => {
    const tools = toolsIn(process.cwd());
    expect(await tools.format('lib/a.ts', BEFORE, AFTER)).toBe('const a = 2;\n');
    expect(await tools.format('lib/a.ts', AFTER, AFTER)).toBe(AFTER);
  });
});
