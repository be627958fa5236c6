// Builds dist/esm and dist/cjs of both packages: nestjs-hanko from lib, fake-hanko from fake-hanko/src.
//
//   node scripts/build.mjs [nestjs-hanko | fake-hanko]
//
// Two builds, because jose is published as ES modules only: Node can `require` those, Jest cannot
// before Node 24. So the CommonJS build carries its own copy of the few functions of jose that lib
// uses, and everything else is the same source compiled twice. A package holds what an app runs and
// what a compiler reads: JavaScript without comments, and the declarations that an entry leads to, with
// theirs. fake-hanko carries the function of uqr that
// it uses in both builds, so that it brings no other package.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const cjs = join(root, 'dist/cjs');

const PACKAGES = {
  'nestjs-hanko': async () => {
    await compile(root);
    await carry('jose', root, 'cjs');
    requireDirectly();
  },
  'fake-hanko': async () => {
    const folder = join(root, 'fake-hanko');
    await compile(folder);
    await carry('uqr', folder, 'esm');
    await carry('uqr', folder, 'cjs');
  },
};
const [asked] = process.argv.slice(2);
if (asked !== undefined && !(asked in PACKAGES)) {
  console.error(`unknown package: ${asked}; known: ${Object.keys(PACKAGES).join(', ')}`);
  process.exit(2);
}
await Promise.all(
  Object.entries(PACKAGES).map(([name, build]) =>
    asked === undefined || asked === name ? build() : undefined,
  ),
);

async function compile(folder) {
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  await Promise.all([
    compileProject(folder, 'tsconfig.build.json'),
    // It is the same source, and checked once.
    compileProject(folder, 'tsconfig.build.cjs.json', '--noCheck'),
  ]);
  for (const format of ['esm', 'cjs']) {
    const build = join(folder, 'dist', format);
    removeComments(build);
    removeUnreachableDeclarations(folder, build);
  }
  const manifest = join(folder, 'dist/cjs/package.json');
  writeFileSync(manifest, `${JSON.stringify({ type: 'commonjs' })}\n`);
}

async function compileProject(folder, project, ...flags) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const compiler = spawn(process.execPath, [tsc, '-p', project, ...flags], {
    cwd: folder,
    stdio: 'inherit',
  });
  const [status] = await once(compiler, 'exit');
  if (status !== 0) process.exit(1);
}

function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
}

/** tsc's own `removeComments` would take those of the declarations too, which editors show. */
function removeComments(build) {
  const printer = ts.createPrinter({ removeComments: true });
  for (const file of filesIn(build, '.js')) {
    const code = readFileSync(file, 'utf8');
    // With parents set, so that the printer copies literals as they are written.
    const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
    writeFileSync(file, printer.printFile(source));
  }
}

/** Removes declarations that no entry of package.json leads to: no import can reach them. */
function removeUnreachableDeclarations(folder, build) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const entries = Object.values(exports)
    .flatMap((entry) => [entry.import?.types, entry.require?.types])
    .filter((types) => types !== undefined)
    .map((types) => join(folder, types))
    .filter((file) => file.startsWith(build));
  const reached = new Set(entries);
  if (reached.size === 0) throw new Error(`package.json exports no types of ${build}`);
  for (const file of reached) {
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
    for (const { fileName } of importedFiles) {
      if (!fileName.startsWith('.')) continue;
      reached.add(resolve(dirname(file), fileName.replace(/\.js$/, '.d.ts')));
    }
  }
  for (const file of filesIn(build, '.d.ts')) if (!reached.has(file)) rmSync(file);
}

/**
 * Puts a dependency into a build: the functions of it that the build uses, in one file.
 * @param format of the build: `esm` or `cjs`
 */
async function carry(name, folder, format) {
  const build = join(folder, 'dist', format);
  const [imported, written] =
    format === 'esm'
      ? [new RegExp(`import \\{ (.+?) \\} from '${name}'`, 'g'), `from '${name}'`]
      : [new RegExp(`\\b${name}_1\\.(\\w+)`, 'g'), `require("${name}")`];
  const names = new Set();
  for (const file of readdirSync(build, { recursive: true })) {
    if (!file.endsWith('.js')) continue;
    const path = join(build, file);
    const code = readFileSync(path, 'utf8');
    if (!code.includes(written)) continue;
    for (const [, list] of code.matchAll(imported)) {
      for (const used of list.split(', ')) names.add(used);
    }
    const up = '../'.repeat(file.split(/[\\/]/).length - 1) || './';
    writeFileSync(path, code.replaceAll(written, written.replace(name, `${up}vendor/${name}.js`)));
  }
  if (names.size === 0) throw new Error(`${build} no longer uses ${name}: drop this step`);

  const entry = `export { ${[...names].toSorted().join(', ')} } from '${name}';`;
  const bundle = await rolldown({
    input: 'entry',
    cwd: folder,
    platform: 'node',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? join(folder, 'entry.js') : null),
        load: (id) => (id === join(folder, 'entry.js') ? entry : null),
      },
    ],
  });
  const installed = join(root, 'node_modules', name);
  const { version, homepage } = JSON.parse(readFileSync(join(installed, 'package.json')));
  const license = readFileSync(
    join(
      installed,
      readdirSync(installed).find((file) => file.startsWith('LICENSE')),
    ),
    'utf8',
  ).trim();
  await bundle.write({
    file: join(build, `vendor/${name}.js`),
    format,
    exports: 'named',
    banner: `/* ${name} ${version}, ${homepage}\n\n${license}\n*/`,
  });
  await bundle.close();
}

// tsc writes `import()` as a `require` inside a callback. Bundlers take a package for optional only
// where its `require` stands in the `try` block itself, and else stop because it is not installed.
function requireDirectly() {
  const optional = {
    'options/environment.js': ['@nestjs/config'],
    'transports/nest-exceptions.js': ['@nestjs/websockets', '@nestjs/microservices'],
  };
  for (const [file, names] of Object.entries(optional)) {
    const path = join(cjs, file);
    let code = readFileSync(path, 'utf8');
    for (const name of names) {
      const written = `await Promise.resolve().then(() => __importStar(require('${name}')))`;
      if (!code.includes(written)) throw new Error(`${path} has no import() of ${name}`);
      code = code.replace(written, `require('${name}')`);
    }
    writeFileSync(path, code);
  }
}
