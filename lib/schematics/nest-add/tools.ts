import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';

/** The functions of `typescript`, whichever copy of it. */
export type TypeScript = typeof ts;

/** What the app's own folder has, and so what its Nest CLI uses. */
export interface Tools {
  readonly ts: TypeScript | undefined;
  /** Formats what was formatted before, and gives back all else as it is. */
  format(path: string, before: string, after: string): Promise<string>;
}

interface Prettier {
  resolveConfig(path: string, options: { readonly editorconfig: true }): Promise<object | null>;
  check(text: string, options: object): Promise<boolean>;
  format(text: string, options: object): Promise<string>;
}

/** @param root the folder of the app. */
export function toolsIn(root: string): Tools {
  return {
    ts: compilerIn(root),
    async format(path, before, after) {
      const prettier = loadFrom(root, 'prettier') as Partial<Prettier> | undefined;
      if (!isPrettier(prettier)) return after;
      try {
        const filepath = join(root, path);
        const config = await prettier.resolveConfig(filepath, { editorconfig: true });
        const options = { ...config, filepath };
        if (!(await prettier.check(before, options))) return after;
        return await prettier.format(after, options);
      } catch {
        return after; // its configuration is not for us to judge
      }
    },
  };
}

const isPrettier = (it: Partial<Prettier> | undefined): it is Prettier =>
  typeof it?.resolveConfig === 'function' &&
  typeof it.check === 'function' &&
  typeof it.format === 'function';

/** TypeScript 7 has no parser in JavaScript: the Nest CLI of such an app brings one. */
function compilerIn(root: string): TypeScript | undefined {
  const froms = [root, folderOf(root, '@nestjs/cli'), process.argv[1]];
  for (const from of froms) {
    const found = from === undefined ? undefined : loadFrom(from, 'typescript');
    if (typeof (found as Partial<TypeScript> | undefined)?.createSourceFile === 'function') {
      return found as TypeScript;
    }
  }
  return undefined;
}

function folderOf(root: string, name: string): string | undefined {
  try {
    return realpathSync(join(root, 'node_modules', name)); // pnpm links it, and what it brings is beside it
  } catch {
    return undefined;
  }
}

/** @param from a folder, or a file. */
function loadFrom(from: string, name: string): unknown {
  try {
    return createRequire(join(from, 'package.json'))(name);
  } catch {
    return undefined;
  }
}
