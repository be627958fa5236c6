/** What is used of the tree of `@angular-devkit/schematics`, which the Nest CLI brings: nothing of it is imported. */
export interface Tree {
  exists(path: string): boolean;
  readText(path: string): string;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): Folder;
}

interface Folder {
  readonly subdirs: readonly string[];
  readonly subfiles: readonly string[];
}

/** The app's package.json, as far as it is read. */
export interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  scripts?: Record<string, string>;
}

/** One app of nest-cli.json. */
export interface Project {
  /** Its name, which `nest start` needs; undefined if it is the only one, or the default of a monorepo. */
  readonly name: string | undefined;
  readonly sourceRoot: string;
  /** Path of the file that starts it. */
  readonly main: string;
  /** Where the sources of the libraries of a monorepo are. */
  readonly libraries: readonly string[];
}

const CLI_FILES = ['nest-cli.json', '.nest-cli.json', '.nestcli.json', 'nest.json'];

type ReadJson = (text: string) => unknown;

/**
 * @param named the project of a monorepo that was asked for.
 * @throws Error for a project that is not there, or is a library.
 */
export function projectOf(
  tree: Tree,
  { sourceRoot, named }: { readonly sourceRoot: string; readonly named: string | undefined },
  readJson: ReadJson,
): Project {
  const file = CLI_FILES.find((each) => tree.exists(each));
  const cli = asRecord(file === undefined ? {} : readJson(tree.readText(file)));
  const projects = Object.entries(asRecord(cli.projects)).map(([name, it]) => ({
    name,
    ...asRecord(it),
  })) as Readonly<Record<string, unknown>>[];
  // The Nest CLI takes the default project for a name that it does not know.
  if (named !== undefined && !projects.some(({ name }) => name === named)) {
    const known = projects.map(({ name }) => String(name)).join(', ');
    throw new Error(
      `${file ?? 'nest-cli.json'} has no project ${named}. ${known === '' ? 'It has none: omit --project.' : `It has: ${known}.`}`,
    );
  }
  const project = asRecord(
    projects.find(({ name }) => name === named) ??
      projects.find((each) => each.sourceRoot === sourceRoot),
  );
  if (project.type === 'library') {
    throw new Error(`${sourceRoot} is a library. Pass the name of an app: --project <name>.`);
  }
  const root = trimmed(named === undefined ? sourceRoot : (project.sourceRoot ?? sourceRoot));
  const entry = [project.entryFile, cli.entryFile].find((it) => typeof it === 'string') ?? 'main';
  const isDefault = named === undefined && root === trimmed(cli.sourceRoot ?? 'src');
  return {
    name: isDefault || typeof project.name !== 'string' ? undefined : project.name,
    sourceRoot: root,
    main: `${root}/${entry.replace(/\.[jt]s$/, '')}.ts`,
    libraries: projects
      .filter(({ type }) => type === 'library')
      .map((each) => trimmed(each.sourceRoot)),
  };
}

const trimmed = (path: unknown): string => String(path).replace(/^\.?\/|\/+$/g, '');

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** The major version of Nest that is installed, or else asked for; null if neither says. */
export function nestMajor(tree: Tree, manifest: Manifest): number | null {
  const installed = 'node_modules/@nestjs/core/package.json';
  const version = tree.exists(installed)
    ? asRecord(JSON.parse(tree.readText(installed))).version
    : (manifest.dependencies?.['@nestjs/core'] ?? manifest.devDependencies?.['@nestjs/core']);
  const [, major] = /^\D{0,2}(\d+)(?:\.|$)/.exec(String(version)) ?? [];
  return major === undefined ? null : Number(major);
}

/** As the Nest CLI finds it; undefined if the lock file is further up, where the task looks for it. */
export function packageManagerOf(tree: Tree): string | undefined {
  const locks = { 'yarn.lock': 'yarn', 'pnpm-lock.yaml': 'pnpm', 'package-lock.json': 'npm' };
  return Object.entries(locks).find(([file]) => tree.exists(file))?.[1];
}

/** TypeScript files below a folder that are no tests, with their texts. */
export function sourcesIn(tree: Tree, folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (path: string): void => {
    const { subdirs, subfiles } = tree.getDir(path);
    for (const file of subfiles) {
      if (!/(?<!\.d)(?<![.-](?:spec|test))\.ts$/.test(file)) continue;
      const text = readable(tree, `${path}/${file}`);
      if (text !== undefined) found.set(`${path}/${file}`, text);
    }
    for (const each of subdirs) {
      if (!/^(?:node_modules|dist|\..*)$/.test(each)) walk(`${path}/${each}`);
    }
  };
  walk(folder);
  return found;
}

/** Undefined for what is not UTF-8, which the tree refuses to read. */
function readable(tree: Tree, path: string): string | undefined {
  try {
    return tree.readText(path);
  } catch {
    return undefined;
  }
}

/** Writes a file only if that changes it. */
export function write(tree: Tree, path: string, content: string): boolean {
  if (!tree.exists(path)) tree.create(path, content);
  else if (tree.readText(path) === content) return false;
  else tree.overwrite(path, content);
  return true;
}
