// Builds dist/esm and dist/cjs of both packages: nestjs-hanko from lib, fake-hanko from fake-hanko/src.
//
//   node scripts/build.mjs [nestjs-hanko | fake-hanko]
//
// Two builds, because jose is published as ES modules only: Node can `require` those, Jest cannot
// before Node 24. So the CommonJS build carries its own copy of the few functions of jose that lib
// uses, and everything else is the same source compiled twice. A package holds what an app runs and
// what a compiler reads: JavaScript without comments, and the declarations that an entry leads to, with
// theirs, once: those of the CommonJS build, which the entries of the other one name. Both builds carry
// the helpers of tslib, so that they stand in one file, and fake-hanko the function of uqr that it uses.
// What it uses of SimpleWebAuthn it carries once, for both builds, with what that uses of 22 other packages, and for its
// command a reader of YAML: FakeHanko installs nothing else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const cjs = join(root, 'dist/cjs');

const PACKAGES = {
  'nestjs-hanko': async () => {
    await compile(root);
    placeSchematics();
    await carry('jose', root, 'cjs');
    await carry('tslib', root, 'esm');
    await carry('tslib', root, 'cjs');
    requireDirectly();
  },
  'fake-hanko': async () => {
    const folder = join(root, 'fake-hanko');
    await compile(folder);
    await carry('uqr', folder, 'esm');
    await carry('uqr', folder, 'cjs');
    await carryWhole('webauthn/library', folder);
    await carryForCommand('command/yaml', folder);
  },
};
const [asked] = process.argv.slice(2);
if (asked !== undefined && !(asked in PACKAGES)) {
  console.error(`unknown package: ${asked}; known: ${Object.keys(PACKAGES).join(', ')}`);
  process.exit(2);
}
await Promise.all(
  Object.entries(PACKAGES)
    .filter(([name]) => asked === undefined || asked === name)
    .map(([, build]) => build()),
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
    removeComments(filesIn(build, '.js'));
  }
  removeUnreachableDeclarations(folder, join(folder, 'dist/cjs'));
  removeHiddenComments(folder, join(folder, 'dist/cjs'));
  shareDeclarations(folder);
  for (const ending of ['.js', '.d.ts']) filesIn(join(folder, 'dist'), ending).forEach(indentLess);
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

/** The Nest CLI requires them: one build will do, with the JSON files that describe them. */
function placeSchematics() {
  rmSync(join(root, 'dist/esm/schematics'), { recursive: true });
  const [from, to] = [join(root, 'lib/schematics'), join(cjs, 'schematics')];
  for (const file of filesIn(from, '.json')) {
    const { $schema: _, ...content } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(join(to, relative(from, file)), `${JSON.stringify(content)}\n`);
  }
}

function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
}

/** tsc's own `removeComments` would take those of the declarations too, which editors show. */
function removeComments(files) {
  const printer = ts.createPrinter({ removeComments: true });
  for (const file of files) writeFileSync(file, printer.printFile(parse(file)));
}

/** With parents set, so that the printer copies literals as they are written. */
function parse(file) {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** Editors show the comments of what an entry exports, also by way of another file, and of what that extends. */
function removeHiddenComments(folder, build) {
  const entries = entriesIn(folder, build);
  const shown = new Set(entries.flatMap((file) => importsOf(file)));
  for (const file of shown) {
    const source = parse(file);
    const parents = source.statements
      .flatMap(({ heritageClauses = [] }) => [...heritageClauses])
      .flatMap(({ types }) => types.map(({ expression }) => expression.getText()));
    for (const statement of source.statements) {
      const { moduleSpecifier, importClause } = statement;
      const names = importClause?.namedBindings?.elements ?? [];
      const isShown =
        ts.isExportDeclaration(statement) || names.some(({ name }) => parents.includes(name.text));
      if (isShown && moduleSpecifier?.text.startsWith('.'))
        shown.add(declarationOf(file, moduleSpecifier.text));
    }
  }
  removeComments(filesIn(build, '.d.ts').filter((file) => !shown.has(file)));
}

function declarationOf(file, imported) {
  return resolve(dirname(file), imported.replace(/\.js$/, '.d.ts'));
}

function importsOf(file) {
  return ts
    .preProcessFile(readFileSync(file, 'utf8'))
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => declarationOf(file, fileName));
}

/**
 * Indents declarations by one space a level in place of the compiler's four, and JavaScript not at all, but for what is
 * text: a twentieth of the tarball.
 */
function indentLess(file) {
  const perLevel = file.endsWith('.js') ? 0 : 1;
  const source = parse(file);
  const texts = [];
  const visit = (node) => {
    if (ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      texts.push([node.getStart(), node.end]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const isText = (at) => texts.some(([start, end]) => start < at && at < end);
  const code = source.text.replace(/^(?: {4})+/gm, (spaces, at) =>
    isText(at) ? spaces : ' '.repeat((spaces.length / 4) * perLevel),
  );
  writeFileSync(file, code);
}

/** The declarations of a build that package.json names. */
function entriesIn(folder, build) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(exports)
    .flatMap((entry) => [entry.import?.types, entry.require?.types])
    .filter((types) => types !== undefined)
    .map((types) => join(folder, types))
    .filter((file) => file.startsWith(build));
}

/** Removes declarations that no entry of package.json leads to: no import can reach them. */
function removeUnreachableDeclarations(folder, build) {
  const reached = new Set(entriesIn(folder, build));
  if (reached.size === 0) throw new Error(`package.json exports no types of ${build}`);
  for (const file of reached) for (const imported of importsOf(file)) reached.add(imported);
  for (const file of filesIn(build, '.d.ts')) if (!reached.has(file)) rmSync(file);
}

/**
 * Both builds have the same declarations. A class that is declared once is also one type, whichever build a file imports.
 */
function shareDeclarations(folder) {
  const [esm, commonJs] = ['dist/esm', 'dist/cjs'].map((build) => join(folder, build));
  for (const file of filesIn(esm, '.d.ts')) rmSync(file);
  for (const file of entriesIn(folder, esm)) {
    const shared = join(commonJs, relative(esm, file)).replace(/\.d\.ts$/, '.js');
    const path = relative(dirname(file), shared).replaceAll('\\', '/');
    writeFileSync(file, `export * from '${path}';\n`);
  }
}

/**
 * Puts a dependency into a build: the functions of it that the build uses, in one file.
 * @param format of the build: `esm` or `cjs`
 */
async function carry(name, folder, format) {
  const build = join(folder, 'dist', format);
  const [imported, written] =
    format === 'esm'
      ? [
          new RegExp(`import \\{ (.+?) \\} from ["']${name}["']`, 'g'),
          new RegExp(`(from ["'])${name}(?=["'])`, 'g'),
        ]
      : [
          new RegExp(`\\b${name}_1\\.(\\w+)`, 'g'),
          new RegExp(`(require\\(["'])${name}(?=["'])`, 'g'),
        ];
  const names = new Set();
  for (const file of readdirSync(build, { recursive: true })) {
    if (!file.endsWith('.js')) continue;
    const path = join(build, file);
    const code = readFileSync(path, 'utf8');
    const up = '../'.repeat(file.split(/[\\/]/).length - 1) || './';
    const changed = code.replaceAll(written, `$1${up}vendor/${name}.js`);
    if (changed === code) continue;
    for (const [, list] of code.matchAll(imported)) {
      for (const used of list.split(', ')) names.add(used);
    }
    writeFileSync(path, changed);
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

/**
 * Puts all that a file exports of packages into the file: their code once, minified, in the CommonJS build, which the
 * other one names. Their licenses come with it.
 */
async function carryWhole(file, folder) {
  const [esm, commonJs] = ['esm', 'cjs'].map((format) =>
    join(folder, 'dist', format, `${file}.js`),
  );
  const bundle = await rolldown({ input: esm, cwd: folder, platform: 'node' });
  const { output } = await bundle.generate({ format: 'cjs', exports: 'named', minify: true });
  await bundle.close();
  const [{ code, exports: names, moduleIds }] = output;
  writeFileSync(commonJs, `/*\n${noticesOf(moduleIds)}\n*/\n${code}`);
  const path = relative(dirname(esm), commonJs).replaceAll('\\', '/');
  writeFileSync(esm, `export { ${names.join(', ')} } from '${path}';\n`);
}

/** As `carryWhole`, for a file of the command, which is an ES module only. */
async function carryForCommand(file, folder) {
  const path = join(folder, 'dist/esm', `${file}.js`);
  // The ES modules of it: of those, what is not used can be left out.
  const alias = { yaml: join(root, 'node_modules/yaml/browser/dist/index.js') };
  const options = { input: path, cwd: folder, platform: 'node', resolve: { alias } };
  const bundle = await rolldown(options);
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  const [{ code, moduleIds }] = output;
  writeFileSync(path, `/*\n${noticesOf(moduleIds)}\n*/\n${code}`);
}

/** Names and licenses of the packages that modules come from; each text of a license once. */
function noticesOf(moduleIds) {
  const packages = moduleIds.flatMap(
    (id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? [],
  );
  const byText = new Map();
  for (const installed of new Set(packages)) {
    const { name, version } = JSON.parse(readFileSync(join(installed, 'package.json')));
    const license = readdirSync(installed).find((file) => /^licen[cs]e/i.test(file));
    if (license === undefined) throw new Error(`${name} has no license`);
    const text = readFileSync(join(installed, license), 'utf8').trim().replaceAll('*/', '* /');
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  return [...byText].map(([text, names]) => `${names.join(', ')}\n\n${text}`).join('\n\n');
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
