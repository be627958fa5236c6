// Installs and compiles what this folder takes, with the package as dist/ holds it.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bench = fileURLToPath(new URL('.', import.meta.url));
const root = join(bench, '..');

export async function prepare() {
  await install();
  await copyPackage();
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
}

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: bench,
    stdio: 'inherit',
    shell: process.platform === 'win32' && command === 'npm', // npm is a .cmd file there
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${status}`);
}

/** `npm ci`, unless what it installed last is what the lock file says. */
async function install() {
  const marker = join(bench, 'node_modules/.installed-lock.json');
  const lock = await readFile(join(bench, 'package-lock.json'), 'utf8');
  if ((await readFile(marker, 'utf8').catch(() => '')) === lock) return;
  run('npm', ['ci', '--ignore-scripts']);
  await writeFile(marker, lock);
}

/**
 * Puts the package where npm would put its tarball. A link would not do: the package would find the
 * Nest of the root folder, and the app another one.
 */
async function copyPackage() {
  const target = join(bench, 'node_modules/nestjs-hanko');
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  for (const name of ['package.json', 'dist']) {
    await cp(join(root, name), join(target, name), { recursive: true });
  }
}
