// The tarball itself: made, linted, and what it holds.

import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { readJson, repository, temporaryDirectory } from './folders.mjs';
import { cleanEnv, MINUTE, run } from './processes.mjs';
import { npmFlags, provideTool } from './registry.mjs';
import { note, step } from './results.mjs';

const TOLERANCE = 0.05; // what another zlib, or a sentence more in README, may change
const REQUIRED = ['LICENSE', 'README.md', 'dist', 'package.json'];
const ALLOWED = [...REQUIRED, 'CHANGELOG.md', 'grafana'];
/** Where each is, and the most that its tarball may weigh, in kilobytes. */
const PACKAGES = {
  // 25 of it came with connections that end with the session.
  'nestjs-hanko': { folder: repository, mostPacked: 335, isInReadme: true },
  // 109 of it verify passkeys, and 30 read YAML: it carries what it needs, and installs nothing else.
  'fake-hanko': { folder: join(repository, 'fake-hanko'), mostPacked: 310 },
};
const TEST = /(^|[\\/])(__tests__|tests?|fixtures)[\\/]|\.(spec|test)\./;
const DIST =
  /\.(js|d\.ts|js\.map|d\.ts\.map)$|^dist[\\/]cjs[\\/](package|schematics[\\/].+)\.json$/;

export async function pack(name) {
  const destination = await temporaryDirectory('tarball');
  await run('npm', ['pack', '--pack-destination', destination], {
    cwd: PACKAGES[name].folder,
    env: cleanEnv(),
    timeoutMs: 5 * MINUTE,
  });
  // Read from the folder: the output of `prepack` may surround what npm prints.
  const [file] = (await readdir(destination)).filter((each) => each.endsWith('.tgz'));
  return join(destination, file);
}

export async function runPackage({ row, name, tarball, tools, env }) {
  const cell = (column) => ({ table: 'package', row, column });
  const options = { cwd: await temporaryDirectory('package'), env, timeoutMs: 5 * MINUTE };

  await step(cell('publint'), async () => {
    const script = await provideTool(tools.publint, 'publint');
    const output = await run('node', [script, '--strict', tarball], options);
    const [, suggestions] = output.split(/^Suggestions:\n/m);
    if (suggestions) note(`publint suggests:\n${suggestions.trim()}`);
  });
  await step(cell('attw'), async () => {
    const script = await provideTool(tools.attw, 'attw');
    await run('node', [script, tarball], options);
  });

  const modules = join(options.cwd, 'node_modules');
  const installed = await step(cell('install'), async () => {
    await writeFile(join(options.cwd, 'package.json'), '{ "private": true }');
    await run('npm', ['install', tarball, '--omit=peer', ...npmFlags], options);
  });
  if (!installed) return;
  await step(cell('content'), () => expectContent(join(modules, name)));
  await step(cell('size'), async () => expectSize(name, await measure(name, tarball, modules)));
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => file !== '.package-lock.json'); // npm's own, not a package's
}

async function expectContent(folder) {
  const files = await filesIn(folder);
  const top = new Set(files.map((file) => file.split(sep)[0]));
  const faults = [
    ...REQUIRED.filter((file) => !top.has(file)).map((file) => `${file} is missing`),
    ...[...top].filter((file) => !ALLOWED.includes(file)).map((file) => `${file} is too much`),
  ];
  for (const file of files) {
    if (!file.startsWith('dist')) continue;
    if (TEST.test(file)) faults.push(`${file} is a test`);
    if (!DIST.test(file)) faults.push(`${file} is no part of a build`);
    faults.push(...(await mapFaults(folder, file)));
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** A source map that is named must be there, and so must the sources it names. */
async function mapFaults(folder, file) {
  const content = await readFile(join(folder, file), 'utf8');
  const from = dirname(join(folder, file));
  if (file.endsWith('.map')) {
    const { sources, sourcesContent } = JSON.parse(content);
    if (sourcesContent?.every((source) => typeof source === 'string')) return [];
    const missing = sources.filter((source) => !existsSync(join(from, source)));
    return missing.map((source) => `${file} points to ${source}, which is not there`);
  }
  const [, map] = content.match(/^\/\/# sourceMappingURL=(.+)$/m) ?? [];
  if (map === undefined || map.startsWith('data:') || existsSync(join(from, map))) return [];
  return [`${file} points to ${map}, which is not there`];
}

async function measure(name, tarball, modules) {
  const bytes = async (folder) => {
    const sizes = (await filesIn(folder)).map(
      async (file) => (await stat(join(folder, file))).size,
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };
  const { packages } = await readJson(modules, '.package-lock.json');
  const kilobytes = (size) => Math.round(size / 1_000);
  return {
    packed: kilobytes((await stat(tarball)).size),
    unpacked: kilobytes(await bytes(join(modules, name))),
    packages: Object.keys(packages).length,
    installed: kilobytes(await bytes(modules)),
  };
}

/** Bounded; and README says what is measured here, between markers. */
async function expectSize(name, { packed, unpacked, packages, installed }) {
  const text = `${packed} kB packed, ${unpacked} kB unpacked; ${packages} packages of ${installed} kB installed, peers not counted`;
  note(`${name}: ${text}`);
  const { mostPacked, isInReadme } = PACKAGES[name];
  if (packed > mostPacked) throw new Error(`${packed} kB packed: more than ${mostPacked}`);
  if (!isInReadme) return;
  const readme = await readFile(join(repository, 'README.md'), 'utf8');
  const [, written] = readme.match(/<!-- size -->([^]*?)<!-- \/size -->/) ?? [];
  const paste = `README.md must hold\n<!-- size -->${text}<!-- /size -->`;
  if (written === undefined) throw new Error(paste);
  const words = (value) => value.trim().replaceAll(/\d+/g, '#').replaceAll(/\s+/g, ' ');
  const numbers = (value) => value.match(/\d+/g)?.map(Number) ?? [];
  const isSame =
    words(written) === words(text) &&
    numbers(written).every((number, index) => {
      const measured = numbers(text)[index];
      return Math.abs(number - measured) <= measured * TOLERANCE;
    });
  if (!isSame) throw new Error(`${paste}\nand it holds\n${written}`);
}
