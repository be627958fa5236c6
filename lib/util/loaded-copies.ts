import { LOADED_COPIES } from '../hanko.constants.js';
import { VERSION } from './version.js';

declare const module: unknown;

/** This build, in words. Bundlers may define `module` in either: it only words a warning. */
const THIS_COPY = `${VERSION} (${typeof module === 'undefined' ? 'ES module' : 'CommonJS'})`;

const registry = globalThis as { [LOADED_COPIES]?: Set<string> };

/** Every build and version of this package that this process has loaded. */
export function loadedCopies(): readonly string[] {
  return [...(registry[LOADED_COPIES] ??= new Set<string>()).add(THIS_COPY)];
}

loadedCopies();
