// Builds dist/esm and dist/cjs of both packages: nestjs-hanko from lib, fake-hanko from fake-hanko/src.
//
//   node scripts/build.mjs [nestjs-hanko | fake-hanko]
//
// Two builds, because jose is published as ES modules only: Node can `require` those, Jest cannot
// before Node 24. So the CommonJS build carries its own copy of the few functions of jose that lib
// uses, and everything else is the same source compiled twice.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const cjs = join(root, 'dist/cjs');

const PACKAGES = {
  'nestjs-hanko': async () => {
    compile(root);
    await carryJose();
    requireDirectly();
  },
  'fake-hanko': () => compile(join(root, 'fake-hanko')),
};
const [asked] = process.argv.slice(2);
if (asked !== undefined && !(asked in PACKAGES)) {
  console.error(`unknown package: ${asked}; known: ${Object.keys(PACKAGES).join(', ')}`);
  process.exit(2);
}
for (const [name, build] of Object.entries(PACKAGES)) {
  if (asked === undefined || asked === name) await build();
}

function compile(folder) {
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  for (const project of ['tsconfig.build.json', 'tsconfig.build.cjs.json']) {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { status } = spawnSync(process.execPath, [tsc, '-p', project], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (status !== 0) process.exit(1);
  }
  const manifest = join(folder, 'dist/cjs/package.json');
  writeFileSync(manifest, `${JSON.stringify({ type: 'commonjs' })}\n`);
}

async function carryJose() {
  const names = new Set();
  for (const file of readdirSync(cjs, { recursive: true })) {
    if (!file.endsWith('.js')) continue;
    const path = join(cjs, file);
    const code = readFileSync(path, 'utf8');
    if (!code.includes('require("jose")')) continue;
    const up = '../'.repeat(file.split(/[\\/]/).length - 1) || './';
    writeFileSync(path, code.replaceAll('require("jose")', `require("${up}vendor/jose.js")`));
    for (const [, name] of code.matchAll(/\bjose_1\.(\w+)/g)) names.add(name);
  }
  if (names.size === 0) throw new Error('dist/cjs no longer uses jose: drop this step');

  const entry = `export { ${[...names].toSorted().join(', ')} } from 'jose';`;
  const bundle = await rolldown({
    input: 'entry',
    cwd: root,
    platform: 'node',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? join(root, 'entry.js') : null),
        load: (id) => (id === join(root, 'entry.js') ? entry : null),
      },
    ],
  });
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/jose/package.json')));
  const license = readFileSync(join(root, 'node_modules/jose/LICENSE.md'), 'utf8').trim();
  await bundle.write({
    file: join(cjs, 'vendor/jose.js'),
    format: 'cjs',
    exports: 'named',
    banner: `/* jose ${version}, https://github.com/panva/jose\n\n${license}\n*/`,
  });
  await bundle.close();
}

// tsc writes `import()` as a `require` inside a callback. Bundlers take a package for optional only
// where its `require` stands in the `try` block itself, and else stop because it is not installed.
function requireDirectly() {
  const path = join(cjs, 'options/environment.js');
  const code = readFileSync(path, 'utf8');
  const written = "await Promise.resolve().then(() => __importStar(require('@nestjs/config')))";
  if (!code.includes(written)) throw new Error(`${path} has no import() of @nestjs/config`);
  writeFileSync(path, code.replace(written, "require('@nestjs/config')"));
}
