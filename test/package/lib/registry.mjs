// Versions of Node and tools, from the npm registry, kept between runs.

import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, temporaryDirectory } from './folders.mjs';
import { cleanEnv, MINUTE, run, SECOND, windows } from './processes.mjs';

export const cache = join(tmpdir(), 'nestjs-hanko-test-package-cache');
export const npmFlags = ['--prefer-offline', '--no-audit', '--no-fund'];

/** The folder of a package, installed with its dependencies in a folder of its own. */
async function provide(name, version) {
  const target = join(cache, `${name}-${version}`.replaceAll('/', '+'));
  if (!existsSync(target)) {
    const staging = await temporaryDirectory('download');
    await writeFile(join(staging, 'package.json'), '{}');
    await run('npm', ['install', `${name}@${version}`, '--ignore-scripts', ...npmFlags], {
      cwd: staging,
      env: cleanEnv(),
      timeoutMs: 5 * MINUTE,
    });
    // Moved into place when complete: an interrupted download never looks like a good one.
    await mkdir(cache, { recursive: true });
    await rename(staging, target).catch((error) => {
      if (!existsSync(target)) throw error; // else another run was quicker
    });
  }
  return join(target, 'node_modules', name);
}

/**
 * The folder of a `node` binary. It is in the package of the platform: the `node` package would
 * fetch it in an install script, which npm 11 does not run unless it is allowed to.
 */
export async function provideNode(version) {
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  const bin = join(await provide(name, version), 'bin');
  const found = await run(join(bin, 'node'), ['--version'], {
    cwd: bin,
    env: cleanEnv(),
    timeoutMs: 10 * SECOND,
  });
  if (found.trim() !== `v${version}`) throw new Error(`expected Node ${version}, found ${found}`);
  return bin;
}

/** The script of a command line tool, to be run with `node`. */
export async function provideTool([name, version], command) {
  const directory = await provide(name, version);
  const { bin } = await readJson(directory, 'package.json');
  return join(directory, typeof bin === 'string' ? bin : bin[command]);
}
