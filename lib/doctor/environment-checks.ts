import { ADMIN_VARIABLES } from '../admin/admin-options.js';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { OPTIONS, type ResolvedHankoOptions, resolveOptions } from '../options/hanko-options.js';
import type { AppEnvironment, EnvFile } from './app-environment.js';
import type { AppSource, ModuleCall } from './app-source.js';
import { type Check, fail, ok, warn } from './check.js';

/** What can be written about the environment, and the options that it gives. */
export interface CheckedEnvironment {
  readonly checks: readonly Check[];
  /** As the app resolves them, without the variables that are wrong; null if no address is left. */
  readonly options: ResolvedHankoOptions | null;
}

const VARIABLES: readonly string[] = Object.values(OPTIONS)
  .map((option) => ('variable' in option ? option.variable : undefined))
  .filter((variable) => variable !== undefined);

const KNOWN: readonly string[] = [...VARIABLES, ...ADMIN_VARIABLES];

/** @param isNamed whether the files were named by a flag, so that one that is missing is a mistake. */
export function environmentChecks(
  environment: AppEnvironment,
  source: AppSource,
  isNamed: boolean,
): CheckedEnvironment {
  const { faults, options } = resolveWhatIsRight(environment);
  return {
    checks: [
      ...environment.files.map((file) => fileCheck(file, environment, source, isNamed)),
      ...(source.hasOtherEnvFiles && !isNamed ? [OTHER_FILES] : []),
      ...environment.overridden.map((name) =>
        warn(
          name,
          'It is set in the environment and, to another value, in a file. The environment overrides the file.',
          `Remove one of them, or run: unset ${name}`,
        ),
      ),
      ...environment.names.flatMap(misspelt),
      ...sourceChecks(source, environment),
      ...faults.map((fault) => faultCheck(fault, environment)),
      ...(options === null || faults.length > 0
        ? []
        : [ok('options', `They are valid: ${namesOf(environment) || 'all have their defaults'}.`)]),
      ...(options?.warnings ?? []).map(warningCheck),
    ],
    options,
  };
}

const OTHER_FILES = warn(
  '.env',
  'Your source sets envFilePath or ignoreEnvFile for ConfigModule, and the doctor has read .env.',
  'Name the files that your app reads, in their order: --env-file .env.local --env-file .env.',
);

/** What is wrong, and the options without that: one mistake must not hide what lies behind it. */
function resolveWhatIsRight({ read }: AppEnvironment): {
  readonly faults: readonly ConfigurationFault[];
  readonly options: ResolvedHankoOptions | null;
} {
  const first = resolve(read);
  if (first.options !== null) return first;
  const wrong = new Set(first.faults.map(({ path }) => path));
  const { options } = resolve((name) => (wrong.has(name) ? undefined : read(name)));
  return { faults: first.faults, options };
}

function resolve(read: AppEnvironment['read']): {
  readonly faults: readonly ConfigurationFault[];
  readonly options: ResolvedHankoOptions | null;
} {
  try {
    return { faults: [], options: resolveOptions({}, read) };
  } catch (error) {
    if (!(error instanceof HankoConfigurationError)) throw error;
    return { faults: error.faults, options: null };
  }
}

const namesOf = ({ names, read }: AppEnvironment): string =>
  [...new Set([...names, ...VARIABLES])]
    .filter((name) => KNOWN.includes(name) && read(name) !== undefined && read(name) !== '')
    .join(', ');

function fileCheck(
  { name, variables }: EnvFile,
  { hasConfigModule }: AppEnvironment,
  source: AppSource,
  isNamed: boolean,
): Check {
  if (variables === null) {
    return isNamed
      ? fail(name, 'The file cannot be read.', 'Check the path that --env-file names.')
      : ok(name, 'There is no such file: only the environment of the process is read.');
  }
  const ours = Object.keys(variables).filter((variable) => KNOWN.includes(variable));
  if (ours.length === 0) return ok(name, 'It has no variable of nestjs-hanko.');
  const text = `It has ${ours.join(', ')}.`;
  if (!hasConfigModule) {
    return warn(
      name,
      `${text} Your app does not read it, unless it is started with node --env-file: @nestjs/config is not installed.`,
      'Install @nestjs/config and import ConfigModule.forRoot() in the root module.',
    );
  }
  if (source.files > 0 && !source.hasConfigModule) {
    return warn(
      name,
      `${text} No file of your source calls ConfigModule.forRoot(), which reads it.`,
      'Import ConfigModule.forRoot() of @nestjs/config in the root module, or start Node with --env-file.',
    );
  }
  return ok(name, text);
}

/** A variable that is probably meant to be one of ours. */
function misspelt(name: string): readonly Check[] {
  if (KNOWN.includes(name)) return [];
  const meant = KNOWN.find((known) => isNear(name, known));
  if (meant === undefined) return [];
  const text = `Nothing reads this variable. Is it ${meant}?`;
  return [warn(name, text, `Rename it to ${meant}, if that is what you mean.`)];
}

function isNear(name: string, known: string): boolean {
  const [a, b] = [name, known].map((it) => it.slice('HANKO_'.length).replaceAll('_', '')) as [
    string,
    string,
  ];
  const isPart = a.length > 2 && (b.startsWith(a) || b.endsWith(a));
  return isPart || distance(a, b) <= (b.length < 10 ? 2 : 3);
}

/** How many letters must be written, removed or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const cost = letter === other ? 0 : 1;
      next.push(Math.min(Number(row[j]) + cost, Number(row[j + 1]) + 1, Number(next[j]) + 1));
    }
    row = next;
  }
  return Number(row.at(-1));
}

function sourceChecks(source: AppSource, environment: AppEnvironment): readonly Check[] {
  const { files, moduleCalls, hasGuard } = source;
  if (files === 0) return [];
  if (moduleCalls.length === 0) {
    return [
      warn(
        'module',
        'No file of your source calls HankoModule.forRoot().',
        'Add it to the imports of the root module.',
      ),
    ];
  }
  const checks = moduleCalls.map((call) => moduleCheck(call, environment));
  if (hasGuard) return checks;
  const guard = warn(
    'guard',
    'No file of your source names HankoAuthGuard, and the module alone closes no route.',
    'Add { provide: APP_GUARD, useExisting: HankoAuthGuard } to the providers of the root module.',
  );
  return [...checks, guard];
}

function moduleCheck({ file, line, options }: ModuleCall, { flags }: AppEnvironment): Check {
  const at = `${file}:${line}`;
  const unknown = options.filter((name) => !flags.includes(variableOf(name)));
  if (unknown.length === 0) return ok('module', `HankoModule is set up in ${at}.`);
  return warn(
    'module',
    `${at} sets ${unknown.join(', ')} in code, which overrides the environment and which the doctor does not run.`,
    'Give the doctor the same values: --api-url, --audience, --issuer, --cookie-name.',
  );
}

const variableOf = (name: string): string => {
  const option = (OPTIONS as Readonly<Record<string, object | undefined>>)[name];
  return option !== undefined && 'variable' in option ? String(option.variable) : '';
};

/** A hint is the end of a sentence that begins with what it is about. */
function faultCheck({ path, hint }: ConfigurationFault, { placeOf }: AppEnvironment): Check {
  return path.startsWith('HANKO_')
    ? fail(path, `It ${hint}`, `Correct it in ${placeOf(path)}.`)
    : fail(path, `It ${hint}`, 'If your app sets it in code, pass it to the doctor: --api-url.');
}

function warningCheck(text: string): Check {
  const [, id = 'options'] = /\b(HANKO_[A-Z_]+)\b/.exec(text) ?? [];
  return warn(id, text);
}
