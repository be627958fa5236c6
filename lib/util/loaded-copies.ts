import { LOADED_COPIES } from '../hanko.constants.js';
import { VERSION } from './version.js';

declare const module: unknown;

/** One build of this package that this process has loaded. */
interface LoadedCopy {
  readonly version: string;
  /** Bundlers may define `module` in either: it only words a warning. */
  readonly format: 'ES module' | 'CommonJS';
  /** The folder of the package, or the file that a bundler put it into. */
  readonly place: string;
}

/** By version and position of their code: a bundler may put two copies into one file. */
const registry = globalThis as { [LOADED_COPIES]?: Map<string, LoadedCopy> };

/**
 * What is wrong where more than one copy is loaded, and the cure, in sentences; undefined where there is one.
 */
export function copiesFault(): string | undefined {
  const copies = [...(registry[LOADED_COPIES]?.values() ?? [])];
  if (copies.length < 2) return undefined;
  const list = copies.map(({ version, format, place }) => `${version} (${format}) from ${place}`);
  return (
    `${copies.length} copies of nestjs-hanko are loaded, and a guard of one does not see the module of ` +
    `another: ${list.join('; ')}. ${cureOf(copies)}`
  );
}

function cureOf(copies: readonly LoadedCopy[]): string {
  const count = (name: keyof LoadedCopy): number => new Set(copies.map((copy) => copy[name])).size;
  if (count('place') === 1) {
    return 'It is installed once and loaded in two ways: use import everywhere, or require everywhere.';
  }
  return (
    `${count('version') > 1 ? 'Install one version' : 'Install it once'}: npm ls nestjs-hanko shows where it comes ` +
    'from. A package of your own that uses it names it in its peerDependencies, and a linked one has no ' +
    'node_modules/nestjs-hanko of its own.'
  );
}

/**
 * The stack says where this code stands, in both builds: `import.meta.url` and `__filename` each break the
 * other one, or what a bundler makes of it.
 */
function thisCopy(): { readonly position: string; readonly copy: LoadedCopy } {
  const { stack = '' } = new Error('Where is this?');
  const [, scheme, found = 'an unknown place'] =
    /^ *at (?:[^/\\]* \()?(file:\/\/)?(.*?)\)?$/m.exec(stack) ?? [];
  const position = (scheme === undefined ? found : decoded(found)).replace(
    /\?[^:]*(?=:\d+:\d+$)/, // a query, with which development servers load a file once more
    '',
  );
  const isEsm = scheme !== undefined || typeof module === 'undefined';
  const place = position
    .replace(/:\d+:\d+$/, '')
    .replace(/[\\/](?:dist[\\/](?:esm|cjs)|lib)[\\/]util[\\/][^\\/]+$/, '');
  return { position, copy: { version: VERSION, format: isEsm ? 'ES module' : 'CommonJS', place } };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const { position, copy } = thisCopy();
(registry[LOADED_COPIES] ??= new Map<string, LoadedCopy>()).set(`${VERSION} ${position}`, copy);
