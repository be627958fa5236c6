import type { Manifest, Tree } from './workspace.js';
import { write } from './workspace.js';

/** What package.json gets. */
export interface Packages {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

const FILE = 'package.json';

export function readManifest(tree: Tree): Manifest {
  if (!tree.exists(FILE))
    throw new Error('There is no package.json here: run nest add in the folder of the app.');
  return JSON.parse(withoutMark(tree.readText(FILE))) as Manifest;
}

/**
 * Adds what is missing, and changes nothing that is there.
 * @returns the names that it added.
 */
export function addToManifest(tree: Tree, additions: Packages): readonly string[] {
  const text = withoutMark(tree.readText(FILE));
  const manifest = JSON.parse(text) as Record<string, Record<string, string>>;
  const everywhere = { ...manifest.devDependencies, ...manifest.dependencies };
  const added: string[] = [];
  for (const [section, entries] of Object.entries(additions)) {
    const present = section === 'scripts' ? manifest.scripts : everywhere;
    const missing = Object.entries(entries ?? {}).filter(([name]) => present?.[name] === undefined);
    if (missing.length === 0) continue;
    added.push(...missing.map(([name]) => name));
    const all = Object.entries(manifest[section] ?? {}).concat(missing as [string, string][]);
    // As the package managers do; scripts have an order of their own.
    const written = section === 'scripts' ? all : all.toSorted(([a], [b]) => (a < b ? -1 : 1));
    manifest[section] = Object.fromEntries(written);
  }
  if (added.length === 0) return [];
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? 2;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const json = JSON.stringify(manifest, null, indent).replaceAll('\n', eol);
  write(tree, FILE, json + (text.endsWith('\n') ? eol : ''));
  return added;
}

const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');
