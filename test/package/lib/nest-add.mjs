// `nest add nestjs-hanko` in the project that `nest new` makes: what it writes works, and all that the
// template has goes on passing.

import { cp, readdir, readFile, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { freePort } from './app.mjs';
import { consumer, readJson, temporaryDirectory } from './folders.mjs';
import { startRegistry } from './local-registry.mjs';
import { cleanEnv, MINUTE, run, SECOND, start, stop, waitFor } from './processes.mjs';
import { Project } from './project.mjs';
import { note, step } from './results.mjs';

export const NEST_ADD_COLUMNS = [
  'install',
  'nest add',
  'again',
  'lint',
  'build',
  'test',
  'test:e2e',
  'start:fake',
  'monorepo',
];

export async function runNestAdd({
  name,
  template,
  manager,
  node,
  tarballs,
  tools,
  env,
  hasMonorepo,
}) {
  const cell = (column) => ({ table: 'nest add', row: name, column });
  const registry = await startRegistry(tarballs);
  try {
    let project;
    const installed = await step(cell('install'), async () => {
      project = await Project.create(template, manager, { tools, env });
    });
    if (!installed) return;
    const { directory, installEnv } = project;
    const own = cleanEnv(node);
    const path = [node, ...(project.manager.path ?? []), own.PATH].join(delimiter);
    const cliEnv = { ...own, ...installEnv, PATH: path, npm_config_registry: registry.url };
    const nest = (...args) =>
      run('node', ['node_modules/@nestjs/cli/bin/nest.js', ...args], {
        cwd: directory,
        env: cliEnv,
        timeoutMs: 5 * MINUTE,
      });

    const added = await step(cell('nest add'), async () => {
      const output = await nest('add', 'nestjs-hanko', '--fake').catch((error) =>
        installedLater(project, cliEnv, error),
      );
      if (output.includes('Left for you to do')) throw new Error(output);
      await project.expectInstalled({ 'fake-hanko': '0.1.0', 'nestjs-hanko': '0.1.0' });
      if (!(await readFile(join(directory, 'src/app.module.ts'), 'utf8')).includes('APP_GUARD')) {
        throw new Error(`${output}\nthe app is not closed`);
      }
    });
    if (!added) return;
    await step(cell('again'), async () => {
      const before = await filesOf(directory);
      await nest('add', 'nestjs-hanko', '--fake', '--skip-install');
      expectSame(before, await filesOf(directory));
    });
    const script = (column) =>
      step(cell(column), () => project.run('npm', ['run', column], { env: own }));
    await step(cell('lint'), async () => {
      const before = await filesOf(directory);
      await project.run('npm', ['run', 'lint'], { env: own });
      expectSame(before, await filesOf(directory)); // `eslint --fix` had nothing to fix
    });
    await script('build');
    await script('test');
    await script('test:e2e');
    await step(cell('start:fake'), async () => {
      await nest('generate', 'controller', 'me', '--flat', '--no-spec');
      await cp(join(consumer, 'src/me.controller.ts'), join(directory, 'src/me.controller.ts'));
      await expectFakeStart(directory, own);
    });
    if (hasMonorepo) await step(cell('monorepo'), () => expectMonorepo(directory, cliEnv));
  } finally {
    await registry.close();
  }
}

/**
 * A package manager may fail at the network, and the CLI does not show why: then it is run once more, by itself, on what was
 * written. If that fails too, this says why.
 */
async function installedLater(project, env, { message }) {
  if (!message.includes('Package install failed')) throw new Error(message);
  note('nest add: the package manager failed, and is run once more');
  await project.installWritten(env);
  return message;
}

/** The script that --fake writes: a route is open, another one closed, and a user of the fake gets in. */
async function expectFakeStart(directory, env) {
  const { scripts } = await readJson(directory, 'package.json');
  const [, user] =
    scripts['start:fake'].match(
      /^fake-hanko --user (\S+?):\S+ -- nest start --watch --preserveWatchOutput$/,
    ) ?? [];
  if (!user) throw new Error(`start:fake: ${scripts['start:fake']}`);
  const port = await freePort();
  // Its port is 8000, which may be in use.
  const command = scripts['start:fake'].replace('fake-hanko', 'fake-hanko --port 0');
  const app = start('npm', ['exec', '-c', command], {
    cwd: directory,
    env: { ...env, PORT: `${port}` },
  });
  const get = (path, headers = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, signal: AbortSignal.timeout(5 * SECOND) });
  const expectGet = async (status, path, headers) => {
    const response = await get(path, headers);
    const body = await response.text();
    if (response.status !== status) {
      throw new Error(`${app.output()}\nGET ${path}: ${response.status} ${body}, not ${status}`);
    }
    return body;
  };
  try {
    // It compiles first.
    await waitFor('the app to listen', app, () => get('/').catch(() => undefined), 2 * MINUTE);
    await expectGet(200, '/');
    await expectGet(401, '/me');
    const [, url, body] = app.output().match(/curl (\S+) -H \S+ \S+ -d '(.+)'/) ?? [];
    const headers = { 'content-type': 'application/json' };
    const made = await fetch(url, { method: 'POST', headers, body });
    const { session_token: token } = await made.json();
    const me = await expectGet(200, '/me', { authorization: `Bearer ${token}` });
    if (!me.includes(user)) throw new Error(`/me: ${me}`);
  } finally {
    await stop(app);
  }
}

/** A second app, as the Nest CLI makes it, in a copy of the project: only that is closed. */
async function expectMonorepo(directory, env) {
  const copy = join(await temporaryDirectory('monorepo'), 'repo');
  const filter = (path) =>
    !path.includes('node_modules') && !path.startsWith(join(directory, 'dist'));
  await cp(directory, copy, { recursive: true, filter });
  await symlink(join(directory, 'node_modules'), join(copy, 'node_modules'), 'dir');
  const nest = (...args) =>
    run('node', ['node_modules/@nestjs/cli/bin/nest.js', ...args], {
      cwd: copy,
      env,
      timeoutMs: 2 * MINUTE,
    });
  await nest('generate', 'app', 'shop');
  const before = await filesOf(copy);
  const output = await nest('add', 'nestjs-hanko', '--skip-install', '--project', 'shop');
  const changed = [...(await filesOf(copy))].flatMap(([file, text]) =>
    before.get(file) === text ? [] : [file],
  );
  const expected = ['apps/shop/src/shop.controller.ts', 'apps/shop/src/shop.module.ts'];
  if (changed.toSorted().join() !== expected.join())
    throw new Error(`${output}\nchanged: ${changed.join(', ')}`);
  // The CLI builds monorepos with bundlers, which it does not bring.
  const project = ['-p', 'apps/shop/tsconfig.app.json', '--noEmit', '--incremental', 'false'];
  await run('node', ['node_modules/typescript/bin/tsc', ...project], {
    cwd: copy,
    env,
    timeoutMs: 2 * MINUTE,
  });
}

const SKIPPED = /^(?:node_modules|dist|coverage|\.git|\.pnpm-store)(?:\/|$)|\.tsbuildinfo$/;

/** Texts of all files that a person writes, by path. */
async function filesOf(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = new Map();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(directory.length + 1);
    if (entry.isFile() && !SKIPPED.test(name)) files.set(name, await readFile(path, 'utf8'));
  }
  return files;
}

function expectSame(before, after) {
  const changed = [...after]
    .filter(([name, text]) => before.get(name) !== text)
    .map(([name]) => name);
  if (changed.length > 0) throw new Error(`changed: ${changed.join(', ')}`);
}
