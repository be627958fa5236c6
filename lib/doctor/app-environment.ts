import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { isFunction } from '../util/value-checks.js';
import { findInstalled } from './installed.js';

/** One `.env` file. */
export interface EnvFile {
  /** As it was named. */
  readonly name: string;
  /** Null if it is not there, or cannot be read. */
  readonly variables: Readonly<Record<string, string | undefined>> | null;
}

/** The variables that an app sees. */
export interface AppEnvironment {
  readonly read: (variable: string) => string | undefined;
  /** Where its value comes from, in words. */
  readonly placeOf: (variable: string) => string;
  /** Variables that flags set. */
  readonly flags: readonly string[];
  /** Names of all variables that begin with `HANKO_`. */
  readonly names: readonly string[];
  readonly files: readonly EnvFile[];
  /** Variables that a file sets to one value and the environment of the process to another, which holds. */
  readonly overridden: readonly string[];
  /** Whether `@nestjs/config`, which reads `.env` files, is installed. */
  readonly hasConfigModule: boolean;
}

export interface EnvironmentSources {
  /** The folder that the app is started in. */
  readonly appFolder: string;
  /** Names of files; the first that sets a variable holds. */
  readonly files: readonly string[];
  readonly process: Readonly<Record<string, string | undefined>>;
  /** What flags say in the place of variables. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

type Parse = (text: string) => Readonly<Record<string, string | undefined>>;

/** The environment as `ConfigModule.forRoot()` makes it: a variable of the process overrides that of a file. */
export function readAppEnvironment(sources: EnvironmentSources): AppEnvironment {
  const { appFolder, process: ofProcess, flags } = sources;
  const config = findInstalled('@nestjs/config', appFolder);
  const parse = parserOf(config?.folder);
  const files = sources.files.map((name) => ({
    name,
    variables: readEnvFile(resolve(appFolder, name), parse),
  }));
  const ofFiles = new Map<string, string | undefined>(
    files.toReversed().flatMap(({ variables }) => Object.entries(variables ?? {})),
  );
  const ofFlags = new Map(Object.entries(flags).filter(([, value]) => value !== undefined));
  // A variable that is there and empty counts too, as it does for ConfigModule.
  const read = (name: string): string | undefined =>
    ofFlags.get(name) ?? (Object.hasOwn(ofProcess, name) ? ofProcess[name] : ofFiles.get(name));
  const placeOf = (name: string): string => {
    if (ofFlags.has(name)) return 'the flag';
    if (Object.hasOwn(ofProcess, name)) return 'the environment of the process';
    const file = files.find(({ variables }) => Object.hasOwn(variables ?? {}, name));
    return file?.name ?? 'the environment';
  };
  const names = new Set([...Object.keys(ofProcess), ...ofFiles.keys()]);
  return {
    read,
    placeOf,
    flags: [...ofFlags.keys()],
    files,
    names: [...names].filter((name) => name.startsWith('HANKO_')).toSorted(),
    overridden: [...ofFiles]
      .filter(([name, value]) => Object.hasOwn(ofProcess, name) && ofProcess[name] !== value)
      .map(([name]) => name)
      .filter((name) => name.startsWith('HANKO_')),
    hasConfigModule: config !== null,
  };
}

function readEnvFile(path: string, parse: Parse): EnvFile['variables'] {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** That of the app's `@nestjs/config`, which is dotenv; else that of `node --env-file`. */
function parserOf(configFolder: string | undefined): Parse {
  if (configFolder === undefined) return parseEnv;
  try {
    const dotenv: unknown = createRequire(join(configFolder, 'package.json'))('dotenv');
    const { parse } = Object(dotenv) as { parse?: unknown };
    return isFunction(parse) ? (parse as unknown as Parse) : parseEnv;
  } catch {
    return parseEnv;
  }
}
