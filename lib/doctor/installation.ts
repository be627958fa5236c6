import { relative } from 'node:path';
import { VERSION } from '../util/version.js';
import { type Check, fail, ok, skip, warn } from './check.js';
import { type Copy, copiesOf, findInstalled, type Installed, packageIn } from './installed.js';
import { majorOf, satisfies } from './version-range.js';

// This file and what it imports need nothing but Node: it runs where Nest is missing, or too old to be loaded.

/** What package.json says (a test holds the two together). */
export const SUPPORTED = {
  node: '^20.19.0 || ^22.12.0 || >=24.0.0',
  peers: {
    '@nestjs/common': '^11.0.0 || ^12.0.0',
    '@nestjs/core': '^11.0.0 || ^12.0.0',
    '@nestjs/config': '^4.0.0 || ^12.0.0',
    '@nestjs/microservices': '^11.0.0 || ^12.0.0',
    '@nestjs/websockets': '^11.0.0 || ^12.0.0',
    rxjs: '^7.1.0',
  },
} as const;

/** Packages that Nest publishes together. */
const ONE_MAJOR = [
  'common',
  'core',
  'microservices',
  'platform-express',
  'platform-fastify',
  'platform-socket.io',
  'platform-ws',
  'testing',
  'websockets',
].map((name) => `@nestjs/${name}`);

/** Packages of which two copies break an app: what one marks, the other does not see. */
const ONCE = ['nestjs-hanko', '@nestjs/common', '@nestjs/core'];

/** Node, Nest and copies, as they are found from the folder of an app. */
export function installationChecks(appFolder: string, nodeVersion: string): readonly Check[] {
  const app = packageIn(appFolder);
  const node = nodeCheck(nodeVersion);
  if (app === null) {
    return [
      node,
      fail(
        'app',
        `There is no package.json in ${appFolder}.`,
        'Run the doctor in the folder of your app, from which you start it.',
      ),
    ];
  }
  return [node, ...nestChecks(app), ...packageChecks(app), ...copyChecks(app)];
}

function nodeCheck(version: string): Check {
  return satisfies(version, SUPPORTED.node) === false
    ? fail('node', `Node ${version} is not supported.`, `Use Node ${SUPPORTED.node}.`)
    : ok('node', `Node ${version} is supported.`);
}

function nestChecks({ folder, manifest }: Installed): readonly Check[] {
  const core = findInstalled('@nestjs/core', folder);
  if (core === null) {
    return [
      fail(
        'nest',
        'Nest is not installed here: @nestjs/core is not found.',
        'Run npm install, and run the doctor in the folder of your Nest app.',
      ),
    ];
  }
  const problems = [
    ...Object.entries(SUPPORTED.peers).flatMap(([name, range]) => outside(name, range, folder)),
    ...otherMajors(core, folder),
    ...nestPeers(manifest, folder),
  ];
  return problems.length > 0
    ? problems
    : [ok('nest', `Nest ${core.version} is supported, and its packages fit together.`)];
}

function outside(name: string, range: string, folder: string): readonly Check[] {
  const found = findInstalled(name, folder);
  if (found === null || satisfies(found.version, range) !== false) return [];
  const text = `${name} ${found.version} is not supported.`;
  return [fail('nest', text, `Install ${name} ${range}.`)];
}

function otherMajors({ version }: Installed, folder: string): readonly Check[] {
  const major = majorOf(version);
  return ONE_MAJOR.flatMap((name) => {
    const found = findInstalled(name, folder);
    if (found === null || majorOf(found.version) === major) return [];
    const text = `${name} is ${found.version}, and @nestjs/core is ${version}.`;
    return [fail('nest', text, `Install them in one major version: ${name}@${major}.`)];
  });
}

/** What Nest's other packages ask of it: `@nestjs/config` 4 does not belong to Nest 12, for example. */
function nestPeers(
  { dependencies, devDependencies }: Readonly<Record<string, unknown>>,
  folder: string,
): readonly Check[] {
  const names = Object.keys({ ...Object(dependencies), ...Object(devDependencies) } as object);
  return names
    .filter((name) => name.startsWith('@nestjs/') && !ONE_MAJOR.includes(name))
    .flatMap((name) => {
      const found = findInstalled(name, folder);
      const common = findInstalled('@nestjs/common', folder);
      const peers = Object(found?.manifest.peerDependencies) as Record<string, unknown>;
      const range = peers['@nestjs/common'];
      if (found === null || common === null || typeof range !== 'string') return [];
      if (satisfies(common.version, range) !== false) return [];
      return [
        warn(
          'nest',
          `${name} ${found.version} asks for @nestjs/common ${range}, and ${common.version} is installed.`,
          `Install the version of ${name} that belongs to Nest ${majorOf(common.version)}.`,
        ),
      ];
    });
}

function packageChecks({ folder, name }: Installed): readonly Check[] {
  // Its own repository is no app that installs it.
  if (name === 'nestjs-hanko') return [];
  const found = findInstalled('nestjs-hanko', folder);
  if (found === null) {
    const cure = 'Run npm i nestjs-hanko in the folder of your app, and the doctor there.';
    return [fail('package', 'nestjs-hanko is not installed in this app.', cure)];
  }
  if (found.version === VERSION) return [ok('package', `nestjs-hanko ${VERSION} is installed.`)];
  return [
    warn(
      'package',
      `This doctor is version ${VERSION}, and the app has nestjs-hanko ${found.version}.`,
      'Run it with npx --no-install nestjs-hanko doctor, which takes the version of the app.',
    ),
  ];
}

function copyChecks(app: Installed): readonly Check[] {
  const copies = copiesOf(ONCE, app.folder);
  if (copies.length === 0) return [skip('copies', 'None of its packages can be found from here.')];
  const several = ONCE.map((name) => copies.filter((copy) => copy.name === name)).filter(
    (list) => list.length > 1,
  );
  if (several.length === 0) return [ok('copies', 'Nest and nestjs-hanko are installed once each.')];
  return several.map((list) => copiesFault(list, app.folder));
}

function copiesFault(list: readonly Copy[], appFolder: string): Check {
  const [{ name }] = list as readonly [Copy];
  const places = list.map(({ version, folder, askedBy }) => {
    const who = askedBy === null ? 'for the app' : `for ${askedBy}`;
    return `${version} in ${relative(appFolder, folder) || folder} (${who})`;
  });
  return fail(
    'copies',
    `There are ${list.length} copies of ${name}, and what one of them marks the other does not see: ${places.join('; ')}.`,
    `Install it once: npm ls ${name} shows who asks for it, and npm dedupe may be enough. A package of your own names it ` +
      'in its peerDependencies, and a linked one has none in its own node_modules.',
  );
}
