import { byHand } from './advice.js';
import { App } from './app.js';
import { closeApp, type Closed } from './close-app.js';
import { addSettings, LOCAL, readSetting, type Settings, settingsOf } from './environment.js';
import { addToManifest, type Packages, readManifest } from './manifest.js';
import { Report } from './report.js';
import { type Tools, toolsIn } from './tools.js';
import { nestMajor, packageManagerOf, projectOf, type Tree } from './workspace.js';

/** Flags of `nest add nestjs-hanko`, as the Nest CLI hands them on. */
export interface NestAddOptions {
  readonly apiUrl?: string;
  readonly audience?: string;
  readonly fake?: boolean | string;
  readonly project?: string;
  readonly p?: string;
  readonly sourceRoot?: string;
  readonly skipInstall?: boolean | string;
  readonly s?: boolean | string;
  readonly d?: boolean | string;
}

/** What is used of the context of `@angular-devkit/schematics`. */
export interface SchematicContext {
  readonly logger: { info(text: string): void; warn(text: string): void };
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

/** Versions of `@nestjs/config`, by the major version of Nest. */
const CONFIG_VERSIONS: Readonly<Record<number, string>> = { 11: '^4.0.0', 12: '^12.0.0' };

/** Released together with this package. */
export const FAKE_HANKO = '^0.1.0';

/** `nest add nestjs-hanko`: closes an app. */
export const nestAdd =
  (options: NestAddOptions) =>
  (tree: Tree, context: SchematicContext): Promise<void> =>
    addHanko(tree, context, options, toolsIn(process.cwd()));

/**
 * Works on a tree of files, which is written when all is done, or not at all.
 * @throws Error that says which flag is wrong, or that this is no app of Nest 11 or 12.
 */
export async function addHanko(
  tree: Tree,
  context: SchematicContext,
  options: NestAddOptions,
  tools: Tools,
): Promise<void> {
  if (isOn(options.d)) throw new Error('Write --dry-run: the Nest CLI hands on nothing of -d.');
  const settings = settingsOf(options);
  const manifest = readManifest(tree);
  const nest = nestMajor(tree, manifest);
  if (nest !== null && CONFIG_VERSIONS[nest] === undefined) {
    throw new Error(`nestjs-hanko works with Nest 11 and 12, and this app has Nest ${nest}.`);
  }
  const configVersion = CONFIG_VERSIONS[nest ?? 12] as string;
  const named = options.project ?? options.p;
  const { ts } = tools;
  // The Nest CLI accepts comments in it.
  const readJson = (text: string): unknown =>
    ts?.parseConfigFileTextToJson('', text).config ?? JSON.parse(text);
  const project = projectOf(tree, { sourceRoot: options.sourceRoot ?? 'src', named }, readJson);

  const report = new Report();
  let closed: Closed = { usesConfig: false, settings: '.env' };
  if (ts) {
    const app = new App(ts, tree, project);
    closed = await closeApp({ tree, tools, compiler: ts, app, report, configVersion });
  } else {
    const reason =
      'TypeScript 7 has no parser that it could use. Install typescript@6 to have it done';
    report.todo(byHand(project.main, reason, configVersion));
  }
  writeSettings({ tree, report, settings, options, file: closed.settings });
  const script = project.name === undefined ? 'start:fake' : `start:fake:${project.name}`;
  const packages: Packages = {
    ...(closed.usesConfig && { dependencies: { '@nestjs/config': configVersion } }),
    ...(isOn(options.fake) && {
      devDependencies: { 'fake-hanko': FAKE_HANKO },
      scripts: { [script]: fakeScript(project.name) },
    }),
  };
  const added = addToManifest(tree, packages);
  if (added.length > 0) report.did(`package.json: ${added.join(', ')}`);
  if (isOn(options.fake)) {
    report.next(
      `npm run ${script} starts the app beside a fake Hanko, where ada@example.test can sign in.`,
    );
  }
  const isInstalled = !isOn(options.skipInstall) && !isOn(options.s);
  if (added.some((name) => name !== script)) {
    if (isInstalled) context.addTask(installTask(packageManagerOf(tree)));
    else report.todo(`Install ${added.filter((name) => name !== script).join(' and ')}.`);
  }
  if (report.hasChanges)
    report.next('npx nestjs-hanko doctor says whether app and Hanko fit together.');
  report.printTo(context.logger);
}

/** As `yargs` reads it: `--fake`, `--fake=false`, and `--fake nestjs-hanko`, where the name came last. */
const isOn = (flag: boolean | string | undefined): boolean =>
  flag !== undefined && flag !== false && flag !== 'false';

/** The watch of `nest start` would clear the terminal, and with it what fake-hanko printed. */
const fakeScript = (project: string | undefined): string =>
  `fake-hanko --user ada@example.test:lovelace-1843 -- nest start ${project === undefined ? '' : `${project} `}--watch --preserveWatchOutput`;

interface Writing {
  readonly tree: Tree;
  readonly report: Report;
  readonly settings: Settings;
  readonly options: NestAddOptions;
  readonly file: string | null | undefined;
}

function writeSettings({ tree, report, settings, options, file }: Writing): void {
  if (file === undefined) return;
  const example = addSettings(tree, '.env.example', LOCAL);
  if (example.length > 0) report.did(`.env.example: ${example.join(', ')}`);
  if (file === null) {
    report.todo('Set HANKO_API_URL and HANKO_AUDIENCE where your ConfigModule reads its settings.');
    return;
  }
  const added = addSettings(tree, file, settings);
  if (added.length > 0) report.did(`${file}: ${added.join(', ')}`);
  const has = (name: string): string | undefined => readSetting(tree.readText(file), name);
  const flags = { HANKO_API_URL: options.apiUrl, HANKO_AUDIENCE: options.audience };
  for (const [name, value] of Object.entries(flags)) {
    if (value !== undefined && has(name) !== value)
      report.todo(`${file} has another ${name} already: it was not changed.`);
  }
  if (has('HANKO_AUDIENCE') === undefined) {
    report.todo(
      `Set HANKO_AUDIENCE in ${file} to the host of your App URL. Without it, tokens that your Hanko made for other services are accepted.`,
    );
  }
  if (added.includes('HANKO_API_URL')) {
    report.next(
      `${file} names ${settings.apiUrl} as Hanko. Tests need a HANKO_API_URL, too: where ${file} is missing, as in CI, copy .env.example.`,
    );
  }
}

/** What `NodePackageInstallTask` of `@angular-devkit/schematics` is. */
const installTask = (packageManager: string | undefined) => ({
  toConfiguration: () => ({
    name: 'node-package',
    options: {
      command: 'install',
      quiet: true,
      hideOutput: true,
      ...(packageManager && { packageManager }),
    },
  }),
});
