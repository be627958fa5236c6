// A copy of a template with nestjs-hanko in it, and what can be done there.

import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectApp } from './app.mjs';
import { consumer, here, readJson, temporaryDirectory } from './folders.mjs';
import { cleanEnv, MINUTE, run, SECOND } from './processes.mjs';
import { cache, npmFlags, provideTool } from './registry.mjs';

const MANAGERS = {
  npm: async () => {
    const npm = (...args) => ({ command: 'npm', args: [...args, ...npmFlags] });
    return {
      locked: [npm('ci')],
      add: (packages) => npm('install', ...packages),
      written: npm('install'),
    };
  },
  // Its own layout of node_modules, in which a package reaches what it declares and nothing else.
  pnpm: async ({ tools }) => {
    const script = await provideTool(tools.pnpm, 'pnpm');
    const pnpm = (...args) => ({ command: 'node', args: [script, ...args] });
    return {
      locked: [pnpm('import'), pnpm('install', '--frozen-lockfile')], // from package-lock.json
      add: (packages) => pnpm('add', ...packages),
      written: pnpm('install', '--no-frozen-lockfile'),
      env: { npm_config_store_dir: join(cache, 'pnpm-store') },
      path: [await commandFolder('pnpm', script)],
    };
  },
  // Yarn 1 cannot read package-lock.json: it installs the newest that package.json allows.
  yarn: async ({ tools }) => {
    const script = await provideTool(tools.yarn, 'yarn');
    const yarn = (...args) => ({ command: 'node', args: [script, ...args] });
    return {
      locked: [yarn('install', '--ignore-engines')],
      add: (packages) => yarn('add', ...packages),
      written: yarn('install', '--ignore-engines'),
      ownLock: true,
      path: [await commandFolder('yarn', script)],
    };
  },
};

/** A folder with a command of this name, for the PATH of the Nest CLI. */
async function commandFolder(name, script) {
  const folder = await temporaryDirectory('bin');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `#!/bin/sh\nexec node '${script}' "$@"\n`);
  await chmod(join(folder, name), 0o755);
  return folder;
}

export class Project {
  /** Copies a template and installs what its lock file says. */
  static async create(template, managerName, { tools, env }) {
    const manager = await MANAGERS[managerName]({ tools });
    const directory = join(await temporaryDirectory('consumer'), template);
    await cp(join(here, 'templates', template), directory, { recursive: true });
    const { type } = await readJson(directory, 'package.json');
    if (manager.ownLock) await rm(join(directory, 'package-lock.json'));
    const project = new Project(directory, type === 'module', manager, env);
    for (const { command, args } of manager.locked) await project.install(command, args);
    return project;
  }

  constructor(directory, isEsm, manager, env) {
    Object.assign(this, { directory, isEsm, manager, installEnv: { ...env, ...manager.env } });
  }

  run(command, args, { env, timeoutMs = 2 * MINUTE }) {
    return run(command, args, { cwd: this.directory, env, timeoutMs });
  }

  install(command, args) {
    return this.run(command, args, { env: this.installEnv, timeoutMs: 5 * MINUTE });
  }

  async add(packages) {
    const { command, args } = this.manager.add(packages);
    await this.install(command, args);
  }

  /** Installs what package.json says by now. */
  async installWritten(env) {
    const { command, args } = this.manager.written;
    await this.run(command, args, { env, timeoutMs: 5 * MINUTE });
  }

  /** The template as it is, without us: a script of its own must fail, for the reason that is known. */
  async expectOwnScriptFails(script, reason, env) {
    const output = await this.run('npm', ['run', script], { env }).then(
      () => undefined,
      (error) => error.message,
    );
    if (output === undefined) {
      throw new Error(`npm run ${script} passes there by now: take it out of "fails"`);
    }
    if (!output.includes(reason)) throw new Error(`${output}\nfailed, but not by ${reason}`);
  }

  /** Lays the consumer's files over the template's. */
  async writeConsumer({ withConfig }) {
    for (const file of ['fake-hanko.mjs', 'probe.cjs', 'probe.mjs']) {
      await cp(join(consumer, file), join(this.directory, file));
    }
    await this.writeSources(join(consumer, 'src'));
    if (withConfig) await this.writeSources(join(consumer, 'config'));
  }

  async writeSources(folder) {
    for (const file of await readdir(folder)) {
      const source = await readFile(join(folder, file), 'utf8');
      const written = this.isEsm ? source.replace(/(from '\.\.?\/[^']+)'/g, "$1.js'") : source;
      await writeFile(join(this.directory, 'src', file), written);
    }
  }

  /** @param versions of packages; null: must not be there. */
  async expectInstalled(versions) {
    for (const [name, version] of Object.entries(versions)) {
      const manifest = join(this.directory, 'node_modules', name, 'package.json');
      const found = existsSync(manifest) ? (await readJson(manifest)).version : null;
      if (found !== version) throw new Error(`${name}: expected ${version}, found ${found}`);
    }
  }

  /** The named steps, in order. A step fails by throwing. */
  steps({ node, withConfig }) {
    const env = cleanEnv(node);
    const command = (name, args, timeoutMs) => () => this.run(name, args, { env, timeoutMs });
    return {
      // Both formats in both kinds of project: a CommonJS app may import(), an ESM app may require.
      // Files, as `node -e` has `require` and `module` as globals and so hides a wrong module scope.
      require: command('node', ['probe.cjs'], 30 * SECOND),
      import: command('node', ['probe.mjs'], 30 * SECOND),
      // The template's own settings over app and specs: neither of its test commands checks types.
      types: command('node', [
        'node_modules/typescript/bin/tsc',
        '--noEmit',
        '--incremental',
        'false',
      ]),
      build: async () => {
        await rm(join(this.directory, 'dist'), { recursive: true, force: true });
        await this.run('npm', ['run', 'build'], { env });
      },
      start: () =>
        expectApp({ project: this.directory, main: 'dist/main.js', env, isDotEnv: withConfig }),
      test: command('npm', ['run', 'test']),
      // The template's own e2e spec asks for the public route only, so no Hanko needs to be there.
      'test:e2e': () =>
        this.run('npm', ['run', 'test:e2e'], {
          env: { ...env, HANKO_API_URL: 'http://127.0.0.1:9' },
        }),
    };
  }
}
