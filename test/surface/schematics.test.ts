import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HostTree } from '@angular-devkit/schematics';
import { SchematicTestRunner } from '@angular-devkit/schematics/testing';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { template } from '../support/nest-app.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { schematics } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  schematics: string;
};

/** What `nest add` finds by package.json, run by the engine of the devkit. */
describe('the collection of schematics', () => {
  const collection = join(root, schematics);
  let runner: SchematicTestRunner;
  beforeAll(() => {
    if (!existsSync(collection)) throw new Error('there is no dist: npm run build');
    runner = new SchematicTestRunner('nestjs-hanko', collection);
  });

  it('closes the app of a template', async () => {
    const tree = new HostTree();
    for (const [path, content] of Object.entries(template('nest-11-cjs-jest'))) {
      tree.create(path, content);
    }
    const after = await runner.runSchematic('nest-add', { sourceRoot: 'src', fake: true }, tree);
    expect(after.readText('src/app.module.ts')).toContain('useExisting: HankoAuthGuard');
    expect(after.readText('src/app.controller.ts')).toContain('@Public()');
    expect(after.readText('package.json')).toContain('"start:fake"');
    expect(runner.tasks).toMatchObject([{ name: 'node-package' }]);
  });

  it.each([
    ['a flag that is misspelt', { fkae: true }],
    ['a flag of the wrong kind', { apiUrl: true }],
  ])('refuses %s', async (_name, options) => {
    await expect(runner.runSchematic('nest-add', options, new HostTree())).rejects.toThrow(
      /does not match|must NOT have additional properties|Data path/,
    );
  });

  it('is JavaScript that needs Node alone, so that every package manager finds all of it', () => {
    const folder = join(root, 'dist/cjs/schematics');
    const imported = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) => {
        const source = readFileSync(join(folder, file), 'utf8');
        return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
      });
    expect(imported.length).toBeGreaterThan(10);
    const foreign = imported.filter((name) => !/^\.\.?\//.test(name) && !isBuiltin(name));
    expect(foreign.filter((name) => !name.includes('/vendor/'))).toEqual([]);
    expect(existsSync(join(root, 'dist/esm/schematics'))).toBe(false);
  });
});
