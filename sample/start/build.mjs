// Builds what the samples run, all at a time, and only what has changed since it was last built here.
// Types are not checked: `npm run types` does that.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
// `npm ci` empties it: other versions of dependencies build anew.
const cache = join(root, 'node_modules/.cache/nestjs-hanko-sample');

const tsc = (...flags) => ['typescript/bin/tsc', '--noCheck', ...flags];
const vite = ['vite/bin/vite.js', 'build', '--logLevel', 'error'];
const frontEnd = (folder, page = 'index.html') => ({
  folder,
  inputs: [folder, 'sample/shared'],
  output: `dist/${page}`,
  command: vite,
});

/** `npm run build` makes it, too: what that has made of the same sources stays. */
const ownPackage = (folder, inputs) => ({
  folder,
  inputs,
  output: 'dist/esm/index.js',
  command: tsc('-p', 'tsconfig.build.json'),
  isBuilt: (output) => inputs.flatMap(filesOf).every((file) => timeOf(file) <= timeOf(output)),
});

/** What a sample has of Nest, in `src`. Its imports are not looked at: that takes a third of the time. */
const nestApp = (folder) => ({
  folder,
  inputs: [`${folder}/src`, `${folder}/tsconfig.json`],
  output: 'dist/main.js',
  command: tsc('--noResolve', '--types', 'null'),
});

const TASKS = {
  'nestjs-hanko': ownPackage('.', ['lib', 'tsconfig.json', 'tsconfig.build.json']),
  'fake-hanko': ownPackage('fake-hanko', ['fake-hanko/src', 'fake-hanko/tsconfig.build.json']),
  'NestJS API': nestApp('sample/01-quick-start'),
  'GraphQL API': nestApp('sample/06-graphql'),
  'Chat servers': nestApp('sample/08-realtime'),
  'Admin API': nestApp('sample/05-admin'),
  'Tenants API': nestApp('sample/09-tenants'),
  'React app': frontEnd('sample/02-react'),
  'Vue app': frontEnd('sample/03-vue'),
  'Svelte app': frontEnd('sample/04-svelte'),
  'GraphQL page': frontEnd('sample/06-graphql/page'),
  'Chat pages': frontEnd('sample/08-realtime/page', 'ws.html'),
  'Admin page': frontEnd('sample/05-admin/page'),
  'Tenants page': frontEnd('sample/09-tenants/page'),
};

/** @throws Error that says what could not be built; the tool itself has said why. */
export async function build() {
  mkdirSync(cache, { recursive: true });
  await Promise.all(Object.entries(TASKS).map(([name, task]) => buildOne(name, task)));
}

async function buildOne(name, { folder, inputs, output, command: [tool, ...args], isBuilt }) {
  const stamp = join(cache, name);
  const state = fingerprint(inputs);
  if (existsSync(join(root, folder, output))) {
    if (isBuilt?.(join(folder, output))) return;
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return;
  }
  const started = performance.now();
  await run([join(root, 'node_modules', tool), ...args], join(root, folder), name);
  writeFileSync(stamp, state);
  console.log(`built ${name.padEnd(12)} ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Names, sizes and times of all files: a file that is gone counts, too. */
function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesOf)) {
    const { mtimeMs, size } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

const timeOf = (file) => statSync(join(root, file)).mtimeMs;

function filesOf(path) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path))
    .filter((name) => name !== 'dist' && name !== 'node_modules')
    .flatMap((name) => filesOf(join(path, name)));
}

function run(args, cwd, name) {
  const env = { ...process.env, NODE_ENV: 'production' };
  return new Promise((resolve, reject) => {
    spawn(process.execPath, args, { cwd, env, stdio: 'inherit' }).once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${name} could not be built`)),
    );
  });
}
