// The app in one file, as bundlers make it. The optional `@nestjs/config` may be absent.

import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectApp } from './app.mjs';
import { consumer, temporaryDirectory } from './folders.mjs';
import { cleanEnv, MINUTE } from './processes.mjs';
import { provideTool } from './registry.mjs';

// The optional packages of Nest itself, as people list them. Not ours: nobody would know to.
const ESBUILD_EXTERNALS = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  'cache-manager',
  'class-transformer',
  'class-validator',
];

/** Bundles that `case.bundles` names: each builds, then starts the result and asks it. */
export const BUNDLES = {
  // With the CLI's defaults: packages stay outside.
  webpack: async (context) => {
    await nestWebpack(context);
    await expectApp({ ...context, project: context.project.directory, main: 'dist/main.js' });
  },
  // Everything in one file, which runs where no node_modules is.
  'webpack-all': async (context) => {
    const { directory } = context.project;
    await cp(join(consumer, 'bundle/webpack.config.js'), join(directory, 'webpack.all.js'));
    await nestWebpack(context, '--webpackPath', 'webpack.all.js');
    await expectBundle(context, join(directory, 'dist/main.js'));
  },
  esbuild: async (context) => {
    const { project, tools, env } = context;
    const entry = join(project.directory, 'dist/bundle-entry.js');
    const outfile = join(project.directory, 'dist/bundled.js');
    // esbuild knows no decorator metadata: it is given what `nest build` made.
    await project.run('npm', ['run', 'build'], { env });
    await cp(
      project.isEsm ? join(consumer, 'bundle/main.js') : join(project.directory, 'dist/main.js'),
      entry,
    );
    await project.run(
      'node',
      [
        await provideTool(tools.esbuild, 'esbuild'),
        entry,
        '--bundle',
        '--platform=node',
        `--outfile=${outfile}`,
        ...ESBUILD_EXTERNALS.map((name) => `--external:${name}`),
        ...(project.isEsm
          ? [
              '--format=esm',
              // Express is CommonJS and requires Node's modules.
              `--banner:js=import{createRequire as c}from'node:module';const require=c(import.meta.url);`,
            ]
          : []),
      ],
      { env },
    );
    await expectBundle(context, outfile);
  },
};

async function nestWebpack({ project, env }, ...args) {
  await rm(join(project.directory, 'dist'), { recursive: true, force: true });
  await project.run('npm', ['run', 'build', '--', '--webpack', ...args], {
    env,
    timeoutMs: 3 * MINUTE,
  });
}

async function expectBundle({ project, env, isDotEnv }, file) {
  const cwd = await temporaryDirectory('bundle');
  await cp(file, join(cwd, 'main.js'));
  const type = project.isEsm ? 'module' : 'commonjs';
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ type }));
  await expectApp({ project: project.directory, cwd, main: 'main.js', env, isDotEnv });
}

export function bundle(name, { project, node, withConfig, tools }) {
  return BUNDLES[name]({ project, tools, env: cleanEnv(node), isDotEnv: withConfig });
}
