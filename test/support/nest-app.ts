import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HostTree } from '@angular-devkit/schematics';
import ts from 'typescript';
import { addHanko, type NestAddOptions } from '../../lib/schematics/nest-add/index.js';
import type { Tools } from '../../lib/schematics/nest-add/tools.js';

const TEMPLATES = fileURLToPath(new URL('../package/templates', import.meta.url));

/** Files of an app, by path. */
export type Files = Readonly<Record<string, string>>;

/** What a folder may hold as well. */
export type RawFiles = Readonly<Record<string, string | Buffer>>;

export type TemplateName = 'nest-11-cjs-jest' | 'nest-12-cjs-jest' | 'nest-12-esm-vitest';

/** What `nest new` makes, but for the lock file. */
export function template(name: TemplateName): Files {
  const folder = join(TEMPLATES, name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile() && it.name !== 'package-lock.json')
    .map((it) => join(it.parentPath, it.name));
  return Object.fromEntries(
    files.map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')]),
  );
}

/** TypeScript, and nothing that formats. */
export const TOOLS: Tools = { ts, format: (_path, _before, after) => Promise.resolve(after) };

export interface Added {
  /** All files, as they are now. */
  readonly files: Files;
  /** Those that were written. */
  readonly changed: Files;
  /** All that was said. */
  readonly said: string;
  /** What was left to do. */
  readonly todo: string;
  /** Configurations of the tasks, in order. */
  readonly tasks: readonly { readonly name: string; readonly options: object }[];
}

/** Runs `nest add nestjs-hanko` on files, in a tree of the devkit. */
export async function addTo(
  files: RawFiles,
  options: NestAddOptions = {},
  tools: Tools = TOOLS,
): Promise<Added> {
  const tree = new HostTree();
  for (const [path, content] of Object.entries(files)) tree.create(path, content);
  const said: string[] = [];
  const todo: string[] = [];
  const tasks: { name: string; options: object }[] = [];
  const context = {
    logger: {
      info: (text: string) => void said.push(text),
      warn: (text: string) => {
        said.push(text);
        todo.push(text);
      },
    },
    addTask: (task: { toConfiguration(): { name: string; options: object } }) =>
      tasks.push(task.toConfiguration()),
  };
  await addHanko(tree, context, { sourceRoot: 'src', ...options }, tools);
  const now: Record<string, string> = {};
  tree.visit((path) => void (now[path.slice(1)] = String(tree.read(path))));
  const changed = Object.fromEntries(
    Object.entries(now).filter(([path, content]) => String(files[path]) !== content),
  );
  return { files: now, changed, said: said.join('\n'), todo: todo.join('\n'), tasks };
}

/** An app with this root module. */
export const appWith = (module: string, more: Files = {}): Files => ({
  ...template('nest-12-esm-vitest'),
  'src/app.module.ts': module,
  ...more,
});
