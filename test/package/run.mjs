// Proves that the packed tarball works in the project that `nest new` makes, changing nothing in
// its configuration and adding no other package.
//
//   node test/package/run.mjs [--tarball file.tgz] [--keep] [project …]
//
// A project is a folder of templates/; without one, every case runs. --tarball tests a given
// tarball instead of packing this repository, --keep leaves the temporary projects for a look.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const CASES = [
  { project: 'nest-11-cjs-jest', node: '22.23.3' },
  { project: 'nest-12-esm-vitest', node: '22.23.3' },
];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const SHOWN_LINES = 30;

const { values: flags, positionals: projects } = parseArgs({
  allowPositionals: true,
  options: { tarball: { type: 'string' }, keep: { type: 'boolean' } },
});

const here = dirname(fileURLToPath(import.meta.url));
const repository = resolve(here, '../..');
const nodeCache = join(tmpdir(), 'nestjs-hanko-test-package-node');
const npmFlags = ['--prefer-offline', '--no-audit', '--no-fund'];

/* ------------------------------------------------------------------ child processes */

const windows = process.platform === 'win32';
const children = new Set();
const temporaryDirectories = [];

// On POSIX a child leads its own process group, so that a time-out or Ctrl-C also reaches the
// workers of Jest and Vitest.
function kill(child) {
  try {
    if (windows) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}

process.on('exit', () => {
  children.forEach(kill);
  if (flags.keep) return;
  for (const path of temporaryDirectories) rmSync(path, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

// What npm, a test runner or the developer's shell set for this repository must not steer the
// consumer. NPM_CONFIG_*, as people write it by hand (registry, proxy), stays.
const foreign =
  /^(npm_|INIT_CWD$|NODE_(ENV|OPTIONS|PATH|TEST_CONTEXT)$|VITEST|JEST_|HANKO_|PORT$|FORCE_COLOR$)/;
const foreignPath = /[\\/](node_modules[\\/]\.bin|node-gyp-bin)$/;

function cleanEnv(nodeDirectory) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !foreign.test(name)),
  );
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const path = (env[pathName] ?? '').split(delimiter).filter((entry) => !foreignPath.test(entry));
  if (nodeDirectory) path.unshift(nodeDirectory);
  return { ...env, NO_COLOR: '1', [pathName]: path.join(delimiter) };
}

/** Starts a child; `output()` is all it has printed so far, `done` resolves once it has ended. */
function start(command, args, { cwd, env }) {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
    shell: windows && command === 'npm', // npm is a .cmd file there
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const done = new Promise((resolveDone) => {
    child.on('error', (error) => {
      output += `${error}\n`;
      resolveDone(1);
    });
    child.on('close', (code) => resolveDone(code ?? 1));
  }).finally(() => children.delete(child));
  return { child, done, output: () => output, ended: () => !children.has(child) };
}

/** Runs a child to its end and returns its output; a non-zero exit or a time-out throws it. */
async function run(command, args, { timeoutMs, ...options }) {
  const running = start(command, args, options);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill(running.child);
  }, timeoutMs);
  const code = await running.done;
  clearTimeout(timer);
  if (timedOut) throw new Error(`${running.output()}\ntimed out after ${timeoutMs / SECOND} s`);
  if (code !== 0) throw new Error(`${running.output()}\n${command} exited with ${code}`);
  return running.output();
}

async function stop({ child, done }) {
  kill(child);
  await done;
}

/** Calls `probe` until it returns something; a child that ends meanwhile is an error at once. */
async function waitFor(what, running, probe) {
  const deadline = Date.now() + 30 * SECOND;
  while (Date.now() < deadline) {
    const result = await probe();
    if (result !== undefined) return result;
    if (running.ended()) throw new Error(`${running.output()}\nended before ${what}`);
    await sleep(100);
  }
  throw new Error(`${running.output()}\ntimed out waiting for ${what}`);
}

/* ------------------------------------------------------------------ preparation */

// The package of one platform holds the bare binary. The `node` package would fetch it in an
// install script, which npm 11 does not run unless it is allowed to.
async function provideNode(version) {
  const platform = `${windows ? 'win' : process.platform}-${process.arch}`;
  const name = `node-${platform}`;
  const target = join(nodeCache, `${version}-${platform}`);
  const bin = join(target, 'node_modules', name, 'bin');
  if (!existsSync(bin)) {
    const staging = await temporaryDirectory('node');
    await writeFile(join(staging, 'package.json'), '{}');
    await run('npm', ['install', `${name}@${version}`, '--ignore-scripts', ...npmFlags], {
      cwd: staging,
      env: cleanEnv(),
      timeoutMs: 5 * MINUTE,
    });
    // Moved into place when complete: an interrupted download never looks like a good one.
    await mkdir(nodeCache, { recursive: true });
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
  }
  const found = await run(join(bin, 'node'), ['--version'], {
    cwd: target,
    env: cleanEnv(),
    timeoutMs: 10 * SECOND,
  });
  if (found.trim() !== `v${version}`) throw new Error(`expected Node ${version}, found ${found}`);
  return bin;
}

async function pack() {
  const destination = await temporaryDirectory('tarball');
  await run('npm', ['pack', '--pack-destination', destination], {
    cwd: repository,
    env: cleanEnv(),
    timeoutMs: 5 * MINUTE,
  });
  // Read from the folder: the output of `prepack` may surround what npm prints.
  const [file] = (await readdir(destination)).filter((name) => name.endsWith('.tgz'));
  return join(destination, file);
}

async function temporaryDirectory(name) {
  const directory = await mkdtemp(join(tmpdir(), `nestjs-hanko-${name}-`));
  temporaryDirectories.push(directory);
  return directory;
}

async function writeConsumer(directory, isEsm) {
  for (const file of ['fake-hanko.mjs', 'probe.cjs', 'probe.mjs']) {
    await cp(join(here, 'consumer', file), join(directory, file));
  }
  for (const file of await readdir(join(here, 'consumer/src'))) {
    const source = await readFile(join(here, 'consumer/src', file), 'utf8');
    const written = isEsm ? source.replace(/(from '\.\.?\/[^']+)'/g, "$1.js'") : source;
    await writeFile(join(directory, 'src', file), written);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/* ------------------------------------------------------------------ one case */

/** The named steps of a case, in order. A step fails by throwing. */
function stepsOf({ directory, env, tarball }) {
  const inProject = (command, args, timeoutMs, extraEnv = {}) =>
    run(command, args, { cwd: directory, env: { ...env, ...extraEnv }, timeoutMs });

  return {
    install: async () => {
      await inProject('npm', ['ci', ...npmFlags], 5 * MINUTE);
      await inProject('npm', ['install', tarball, ...npmFlags], 5 * MINUTE);
      if (existsSync(join(directory, 'node_modules/@nestjs/config'))) {
        throw new Error('installing nestjs-hanko pulled in @nestjs/config');
      }
    },
    // Both formats in both projects: a CommonJS app may import(), an ESM app may require. Files, as
    // `node -e` has `require` and `module` as globals and so hides a wrong module scope.
    require: () => inProject('node', ['probe.cjs'], 30 * SECOND),
    import: () => inProject('node', ['probe.mjs'], 30 * SECOND),
    // The template's own settings over app and specs: neither of its test commands checks types.
    types: () =>
      inProject(
        'node',
        ['node_modules/typescript/bin/tsc', '--noEmit', '--incremental', 'false'],
        MINUTE,
      ),
    build: () => inProject('npm', ['run', 'build'], 2 * MINUTE),
    start: () => startBuiltApp(directory, env),
    test: () => inProject('npm', ['test'], MINUTE),
    // The template's own e2e spec asks for the public route only, so no Hanko needs to be there.
    'test:e2e': () =>
      inProject('npm', ['run', 'test:e2e'], MINUTE, { HANKO_API_URL: 'http://127.0.0.1:9' }),
  };
}

async function startBuiltApp(directory, env) {
  const hanko = start('node', ['fake-hanko.mjs'], { cwd: directory, env });
  let app;
  try {
    const { url, token } = await waitFor('FakeHanko to listen', hanko, () => {
      const line = hanko.output().match(/^\{.*\}$/m);
      return line ? JSON.parse(line[0]) : undefined;
    });
    const port = await freePort();
    app = start('node', ['dist/main.js'], {
      cwd: directory,
      env: { ...env, HANKO_API_URL: url, PORT: String(port) },
    });
    const get = (path, headers = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        headers,
        signal: AbortSignal.timeout(5 * SECOND),
      });

    const open = await waitFor('the app to listen', app, () => get('/').catch(() => undefined));
    await expectAnswer(open, 200, (body) => body === 'Hello World!', app);
    const refused = await get('/me');
    await expectAnswer(refused, 401, (body) => body.includes('"credentials_missing"'), app);
    const accepted = await get('/me', { authorization: `Bearer ${token}` });
    await expectAnswer(accepted, 200, (body) => body.includes('"ada@example.test"'), app);
  } finally {
    if (app) await stop(app);
    await stop(hanko);
  }
}

async function expectAnswer(response, status, isExpected, app) {
  const body = await response.text();
  if (response.status === status && isExpected(body)) return;
  const path = new URL(response.url).pathname;
  throw new Error(`${app.output()}\nGET ${path}: wanted ${status}, got ${response.status} ${body}`);
}

/* ------------------------------------------------------------------ all cases */

let passed = 0;
let failed = 0;

function report(name, error, startedAt) {
  const duration = `${((Date.now() - startedAt) / SECOND).toFixed(1)} s`;
  if (!error) {
    passed += 1;
    console.log(`ok    ${name} (${duration})`);
    return;
  }
  failed += 1;
  console.log(`FAIL  ${name} (${duration})`);
  const lines = String(error.message).trimEnd().split('\n').slice(-SHOWN_LINES);
  for (const line of lines) console.log(`      ${line}`);
}

/** Runs and reports one step; says whether it passed. */
async function step(name, action) {
  const startedAt = Date.now();
  try {
    await action();
    report(name, undefined, startedAt);
    return true;
  } catch (error) {
    report(name, error, startedAt);
    return false;
  }
}

async function runCase({ project, node }, tarball) {
  const name = `${project}, Node ${node}`;
  let nodeDirectory;
  if (!(await step(`${name}: node`, async () => (nodeDirectory = await provideNode(node))))) return;

  const directory = join(await temporaryDirectory('consumer'), project);
  await cp(join(here, 'templates', project), directory, { recursive: true });
  const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const isEsm = manifest.type === 'module';
  await writeConsumer(directory, isEsm);
  const env = cleanEnv(nodeDirectory);

  // Each later step is told on its own, also after a failed one, except that nothing can be said
  // about a package that is not there.
  for (const [stepName, action] of Object.entries(stepsOf({ directory, env, tarball }))) {
    const stepPassed = await step(`${name}: ${stepName}`, action);
    if (stepName === 'install' && !stepPassed) return;
  }
}

const unknown = projects.filter((name) => !CASES.some(({ project }) => project === name));
if (unknown.length > 0) {
  const known = [...new Set(CASES.map(({ project }) => project))];
  console.error(`unknown project: ${unknown.join(', ')}; known: ${known.join(', ')}`);
  process.exit(2);
}
const cases = CASES.filter(({ project }) => projects.length === 0 || projects.includes(project));

let tarball;
const packed = await step(flags.tarball ? 'tarball' : 'pack', async () => {
  tarball = flags.tarball ? resolve(flags.tarball) : await pack();
  if (!existsSync(tarball)) throw new Error(`no such file: ${basename(tarball)}`);
});
if (packed) {
  for (const one of cases) await runCase(one, tarball);
}

if (flags.keep) console.log(`kept: ${temporaryDirectories.filter(existsSync).join(' ')}`);

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
