// Proves that the packed tarballs work in the project that `nest new` makes, changing nothing in
// its configuration and adding no other package: with every version of Node and Nest, package
// manager, bundler and TypeScript that the tables below name.
//
//   node test/package/run.mjs [--tarball file.tgz] [--fake-hanko file.tgz] [--keep] [case …]
//
// A case is one of CASES, or the beginning of its name (`nest-11-cjs-jest` is also …/config and
// …/pnpm); without one, all run. --tarball and --fake-hanko test given tarballs instead of packing
// this repository, --keep leaves the temporary projects for a look.

import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, BUNDLES } from './lib/bundles.mjs';
import { removeTemporaryDirectories, temporaryDirectories } from './lib/folders.mjs';
import { NEST_ADD_COLUMNS, runNestAdd } from './lib/nest-add.mjs';
import { cleanEnv, killAll } from './lib/processes.mjs';
import { Project } from './lib/project.mjs';
import { provideNode } from './lib/registry.mjs';
import { counts, defineTable, mark, printTables, step } from './lib/results.mjs';
import { pack, runPackage } from './lib/tarball.mjs';
import { runTypes, typesColumns } from './lib/types.mjs';

const NODE_20 = '20.19.0'; // the lowest of "engines"
const NODE_22_LOWEST = '22.12.0';
const NODE_22 = '22.23.3';
const NODE_24 = '24.21.0';

// What the lock files of the templates hold; expected, not installed, here.
const NEST_11 = { '@nestjs/core': '11.2.10', '@nestjs/common': '11.2.10' };
const NEST_12 = { '@nestjs/core': '12.5.1', '@nestjs/common': '12.5.1' };
const CONFIG_11 = { '@nestjs/config': '4.0.4' };
const CONFIG_12 = { '@nestjs/config': '12.0.1' };
// The lowest that "peerDependencies" allows. 12.0.0 cannot be installed: its own packages ask for
// each other at 11.
const LOWEST_11 = { ...nest('11.0.0'), '@nestjs/config': '4.0.0' };
const LOWEST_12 = { ...nest('12.0.1'), '@nestjs/config': '12.0.0' };

const TOOLS = {
  pnpm: ['pnpm', '10.34.8'],
  yarn: ['yarn', '1.22.22'],
  esbuild: ['esbuild', '0.28.2'],
  publint: ['publint', '0.3.25'],
  attw: ['@arethetypeswrong/cli', '0.18.5'],
};
const TYPESCRIPTS = [
  { version: '5.9.3', modes: ['nodenext cjs', 'nodenext esm', 'bundler', 'node10'] },
  { version: '6.0.3', modes: ['nodenext cjs', 'nodenext esm'] },
  { version: '7.0.2', modes: ['nodenext cjs', 'nodenext esm'] },
];
const TYPES_PACKAGES = ['rxjs@7.8.2', 'reflect-metadata@0.2.2', '@types/node@22.20.5'];

// What fails in the template as it is, before anything of ours is in it: script of package.json, and
// what its output must say. That is shown, and everything else must work.
const CLI_FAILS = { build: 'ERR_REQUIRE_CYCLE_MODULE' }; // the CLI of Nest 12 needs a newer Node 20
// Jest cannot require ES modules, which Nest 12 is, before Node 24.9.
const JEST_FAILS = {
  test: 'node_modules/@nestjs/testing/',
  'test:e2e': 'node_modules/@nestjs/testing/',
};

// nodes: all steps. starts: what was built last is loaded and started. fails: see above. add: installed
// beside us. Cases of one template and package manager share one copy of the project: the first has
// `fails`, and those without @nestjs/config come before those with it.
const CASES = [
  {
    name: 'nest-11-cjs-jest',
    template: 'nest-11-cjs-jest',
    expect: { ...NEST_11, '@nestjs/config': null },
    nodes: [NODE_22, NODE_24, NODE_20],
    starts: [NODE_22_LOWEST],
    bundles: ['webpack', 'webpack-all', 'esbuild'],
  },
  {
    name: 'nest-11-cjs-jest/config',
    template: 'nest-11-cjs-jest',
    add: CONFIG_11,
    nodes: [NODE_22, NODE_24],
    starts: [NODE_20],
    bundles: ['esbuild'],
  },
  {
    name: 'nest-11-cjs-jest/lowest',
    template: 'nest-11-cjs-jest',
    add: LOWEST_11,
    nodes: [NODE_22, NODE_20],
  },
  {
    name: 'nest-11-cjs-jest/pnpm',
    template: 'nest-11-cjs-jest',
    manager: 'pnpm',
    expect: { ...NEST_11, '@nestjs/config': null },
    nodes: [NODE_22],
  },
  {
    name: 'nest-12-esm-vitest',
    template: 'nest-12-esm-vitest',
    expect: { ...NEST_12, '@nestjs/config': null },
    nodes: [NODE_22, NODE_24, NODE_20],
    fails: { [NODE_20]: CLI_FAILS },
    starts: [NODE_22_LOWEST],
    bundles: ['esbuild'],
  },
  {
    name: 'nest-12-esm-vitest/config',
    template: 'nest-12-esm-vitest',
    add: CONFIG_12,
    nodes: [NODE_22, NODE_24],
    starts: [NODE_20],
    bundles: ['esbuild'],
  },
  {
    name: 'nest-12-esm-vitest/lowest',
    template: 'nest-12-esm-vitest',
    add: LOWEST_12,
    nodes: [NODE_22],
    starts: [NODE_20],
  },
  {
    name: 'nest-12-esm-vitest/pnpm',
    template: 'nest-12-esm-vitest',
    manager: 'pnpm',
    expect: { ...NEST_12, '@nestjs/config': null },
    nodes: [NODE_22],
  },
  {
    name: 'nest-12-esm-vitest/pnpm-config',
    template: 'nest-12-esm-vitest',
    manager: 'pnpm',
    add: CONFIG_12,
    nodes: [NODE_22],
  },
  {
    name: 'nest-12-cjs-jest',
    template: 'nest-12-cjs-jest',
    expect: { ...NEST_12, '@nestjs/config': null },
    nodes: [NODE_24, NODE_22, NODE_20],
    fails: { [NODE_22]: JEST_FAILS, [NODE_20]: { ...CLI_FAILS, ...JEST_FAILS } },
    starts: [NODE_22_LOWEST],
    bundles: ['esbuild'],
  },
  {
    name: 'nest-12-cjs-jest/config',
    template: 'nest-12-cjs-jest',
    add: CONFIG_12,
    nodes: [NODE_24],
    starts: [NODE_20, NODE_22],
    bundles: ['esbuild'],
  },
  // `nest add nestjs-hanko --fake`, by the CLI of the project. Jest of Nest 12 needs Node 24.
  { name: 'nest-add/11-npm', nestAdd: 'nest-11-cjs-jest', manager: 'npm', node: NODE_22 },
  {
    name: 'nest-add/12-pnpm',
    nestAdd: 'nest-12-esm-vitest',
    manager: 'pnpm',
    node: NODE_22,
    hasMonorepo: true,
  },
  { name: 'nest-add/12-yarn', nestAdd: 'nest-12-cjs-jest', manager: 'yarn', node: NODE_24 },
  { name: 'types/nest-11', types: NEST_11 },
  { name: 'types/nest-12', types: NEST_12 },
  { name: 'package', packed: 'nestjs-hanko' },
  { name: 'package/fake-hanko', packed: 'fake-hanko' },
];

const STEPS = ['require', 'import', 'types', 'build', 'start', 'test', 'test:e2e'];
const START_STEPS = new Set(['require', 'import', 'start']);

function nest(version) {
  const names = ['common', 'core', 'platform-express', 'testing'];
  return Object.fromEntries(names.map((name) => [`@nestjs/${name}`, version]));
}

const exact = (versions) => Object.entries(versions).map(([name, version]) => `${name}@${version}`);

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tarball: { type: 'string' },
    'fake-hanko': { type: 'string' },
    keep: { type: 'boolean' },
  },
});

process.on('exit', () => {
  killAll();
  if (!flags.keep) removeTemporaryDirectories();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** The shared copies of templates. */
const projects = new Map();

async function runProject(one, tarballs, installEnv) {
  const { name, template, manager = 'npm', add = {}, expect = add, nodes, fails = {} } = one;
  const withConfig = '@nestjs/config' in add;
  const starts = one.starts ?? [];
  const row = (node) => `${name}, Node ${node}`;
  const cell = (node, column) => ({ table: 'projects', row: row(node), column });
  const rows = [...nodes, ...starts].toSorted().map(row);
  for (const each of rows) mark('projects', each, 'install', '–'); // in this order

  const folders = new Map();
  const key = `${template} ${manager}`;
  const installed = await step({ table: 'projects', row: rows, column: 'install' }, async () => {
    for (const node of [...nodes, ...starts]) folders.set(node, await provideNode(node));
    if (projects.has(key)) return;
    projects.set(key, await Project.create(template, manager, { tools: TOOLS, env: installEnv }));
  });
  if (!installed) return;
  const project = projects.get(key);

  for (const [node, scripts] of Object.entries(fails)) {
    for (const [script, reason] of Object.entries(scripts)) {
      await step(
        cell(node, script),
        () => project.expectOwnScriptFails(script, reason, cleanEnv(folders.get(node))),
        'fails without us too',
      );
    }
  }

  const added = await step({ table: 'projects', row: rows, column: 'add' }, async () => {
    const packages = exact(add);
    await project.add(project.hasTarballs ? packages : [...Object.values(tarballs), ...packages]);
    project.hasTarballs = true;
    await project.expectInstalled(expect);
    await project.writeConsumer({ withConfig });
  });
  if (!added) return;

  for (const node of [...nodes, ...starts]) {
    const steps = project.steps({ node: folders.get(node), withConfig });
    for (const column of STEPS) {
      if (fails[node]?.[column]) continue;
      if (starts.includes(node) && !START_STEPS.has(column)) continue;
      // What the compiler says does not depend on the Node that it runs on.
      if (column === 'types' && node !== nodes[0]) continue;
      await step(cell(node, column), steps[column]);
    }
  }

  for (const column of one.bundles ?? []) {
    await step(cell(nodes[0], column), () =>
      bundle(column, { project, node: folders.get(nodes[0]), withConfig, tools: TOOLS }),
    );
  }
}

async function runCase(one, tarballs, env) {
  const { name } = one;
  if (one.nestAdd) {
    const { nestAdd: template, manager, hasMonorepo } = one;
    const node = await provideNode(one.node);
    return runNestAdd({ name, template, manager, node, tarballs, tools: TOOLS, env, hasMonorepo });
  }
  if (one.packed) {
    return runPackage({
      row: name,
      name: one.packed,
      tarball: tarballs[one.packed],
      tools: TOOLS,
      env,
    });
  }
  if (one.types) {
    const packages = [...exact(one.types), ...TYPES_PACKAGES];
    return runTypes({
      name,
      packages,
      typescripts: TYPESCRIPTS,
      tarballs: Object.values(tarballs),
      env,
    });
  }
  return runProject(one, tarballs, env);
}

const isAsked = (name) => (asked) => name === asked || name.startsWith(`${asked}/`);
const unknown = positionals.filter((asked) => !CASES.some(({ name }) => isAsked(name)(asked)));
if (unknown.length > 0) {
  const known = CASES.map(({ name }) => name);
  console.error(`unknown case: ${unknown.join(', ')}; known: ${known.join(', ')}`);
  process.exit(2);
}
const cases = CASES.filter(
  ({ name }) => positionals.length === 0 || positionals.some(isAsked(name)),
);

defineTable('tarball', ['pack', 'node']);
defineTable('projects', ['install', 'add', ...STEPS, ...Object.keys(BUNDLES)]);
defineTable('nest add', NEST_ADD_COLUMNS);
defineTable('types', typesColumns(TYPESCRIPTS));
defineTable('package', ['publint', 'attw', 'install', 'content', 'size']);

const startedAt = Date.now();
let tarballs;
let env;
const isPacked = await step({ table: 'tarball', row: 'tarball', column: 'pack' }, async () => {
  const given = { 'nestjs-hanko': flags.tarball, 'fake-hanko': flags['fake-hanko'] };
  tarballs = {};
  for (const [name, file] of Object.entries(given)) {
    tarballs[name] = file ? resolve(file) : await pack(name);
    if (!existsSync(tarballs[name])) throw new Error(`no such file: ${basename(tarballs[name])}`);
  }
});
// One Node installs for all: what npm puts into node_modules is the same for every version.
const hasNode = await step({ table: 'tarball', row: 'tarball', column: 'node' }, async () => {
  env = cleanEnv(await provideNode(NODE_22));
});
if (isPacked && hasNode) {
  for (const one of cases) await runCase(one, tarballs, env);
}

if (flags.keep) console.log(`kept: ${temporaryDirectories.filter(existsSync).join(' ')}`);

printTables();
console.log(`${Math.round((Date.now() - startedAt) / 1_000)} s`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;
