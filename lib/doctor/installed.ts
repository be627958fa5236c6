import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isObject } from '../util/value-checks.js';

/** A package as it lies on the disk. */
export interface Installed {
  readonly name: string;
  readonly version: string;
  /** Where it really lies, links followed. */
  readonly folder: string;
  /** Names and ranges, by the kind of dependency. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** One copy of a package, and who asks for it. */
export interface Copy extends Installed {
  /** Name of the package that asked for it first; null = the app. */
  readonly askedBy: string | null;
}

/** Bounds the walk. */
const MAX_PACKAGES = 20_000;

/** What is installed with a package. */
const DEPENDENCIES = ['dependencies', 'optionalDependencies', 'peerDependencies'];

/** The package of a folder; null without a package.json that can be read. */
export function packageIn(folder: string): Installed | null {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (!isObject(manifest)) return null;
    const { name, version } = manifest;
    return {
      name: typeof name === 'string' ? name : '',
      version: typeof version === 'string' ? version : '',
      folder: realpathSync(folder),
      manifest,
    };
  } catch {
    return null;
  }
}

/**
 * The package that code in a folder gets by its name, as Node finds it: the nearest `node_modules` upwards. Where there are
 * none (Yarn's Plug'n'Play), as Node says it.
 */
export function findInstalled(name: string, from: string): Installed | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    const found = existsSync(candidate) ? packageIn(candidate) : null;
    if (found !== null) return found;
    if (dirname(folder) === folder) return resolvedByNode(name, from);
  }
}

function resolvedByNode(name: string, from: string): Installed | null {
  try {
    const require = createRequire(join(from, 'package.json'));
    return packageIn(dirname(require.resolve(`${name}/package.json`)));
  } catch {
    return null;
  }
}

/**
 * Every copy of some packages that an app can reach, in the order of their way from it. It follows what each package asks for,
 * so that what lies in a store without being used (pnpm), or belongs to another app of a monorepo, does not count.
 */
export function copiesOf(names: readonly string[], appFolder: string): readonly Copy[] {
  const app = packageIn(appFolder);
  const copies: Copy[] = [];
  const visited = new Set<string>();
  const queue: { readonly from: Installed; readonly isApp: boolean }[] =
    app === null ? [] : [{ from: app, isApp: true }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { from, isApp } = next;
    for (const name of askedFor(from, isApp)) {
      const found = findInstalled(name, from.folder);
      if (found === null || visited.has(found.folder) || visited.size >= MAX_PACKAGES) continue;
      visited.add(found.folder);
      if (names.includes(found.name)) copies.push({ ...found, askedBy: isApp ? null : from.name });
      queue.push({ from: found, isApp: false });
    }
  }
  return copies;
}

function askedFor({ manifest }: Installed, isApp: boolean): readonly string[] {
  const kinds = isApp ? [...DEPENDENCIES, 'devDependencies'] : DEPENDENCIES;
  return [...new Set(kinds.flatMap((kind) => Object.keys(Object(manifest[kind]) as object)))];
}
