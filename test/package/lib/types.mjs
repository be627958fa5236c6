// A strict consumer, compiled by several versions of TypeScript, with the types of all packages
// checked too (`skipLibCheck: false`).

import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consumer, temporaryDirectory } from './folders.mjs';
import { MINUTE, run } from './processes.mjs';
import { npmFlags } from './registry.mjs';
import { step } from './results.mjs';

const OPTIONS = [
  '--noEmit',
  '--strict',
  '--exactOptionalPropertyTypes',
  '--noUncheckedIndexedAccess',
  '--isolatedModules',
  '--experimentalDecorators',
  '--emitDecoratorMetadata',
  ['--skipLibCheck', 'false'],
  ['--target', 'es2023'],
  ['--types', 'node'],
].flat();

const MODES = {
  'nodenext cjs': { folder: 'commonjs', module: 'nodenext', resolution: 'nodenext' },
  'nodenext esm': { folder: 'module', module: 'nodenext', resolution: 'nodenext' },
  bundler: { folder: 'module', module: 'esnext', resolution: 'bundler' },
  node10: { folder: 'commonjs', module: 'commonjs', resolution: 'node10' },
};

/** @param typescripts version of TypeScript, and the names of MODES it is tried in. */
export async function runTypes({ name, packages, typescripts, tarballs, env }) {
  const cwd = await temporaryDirectory('types');
  const cell = (column) => ({ table: 'types', row: name, column });

  const installed = await step(cell('install'), async () => {
    await writeFile(join(cwd, 'package.json'), '{ "private": true }');
    for (const type of ['commonjs', 'module']) {
      await mkdir(join(cwd, type));
      await writeFile(join(cwd, type, 'package.json'), JSON.stringify({ type }));
      await cp(join(consumer, 'types/consumer.ts'), join(cwd, type, 'consumer.ts'));
    }
    const compilers = typescripts.map(({ version }) => `ts-${version}@npm:typescript@${version}`);
    await run('npm', ['install', ...tarballs, ...packages, ...compilers, ...npmFlags], {
      cwd,
      env,
      timeoutMs: 5 * MINUTE,
    });
  });
  if (!installed) return;

  for (const { version, modes } of typescripts) {
    for (const mode of modes) {
      const { folder, module, resolution } = MODES[mode];
      const tsc = `node_modules/ts-${version}/bin/tsc`;
      const modules = ['--module', module, '--moduleResolution', resolution];
      await step(cell(`${version} ${mode}`), () =>
        run('node', [tsc, ...OPTIONS, ...modules, `${folder}/consumer.ts`], {
          cwd,
          env,
          timeoutMs: 2 * MINUTE,
        }),
      );
    }
  }
}

export const typesColumns = (typescripts) => [
  'install',
  ...typescripts.flatMap(({ version, modes }) => modes.map((mode) => `${version} ${mode}`)),
];
