import type ts from 'typescript';
import { Source } from './source.js';
import type { TypeScript } from './tools.js';
import { type Project, sourcesIn, type Tree } from './workspace.js';

/** A guard that an app binds for all its routes. */
export interface AppGuard {
  readonly name: string;
  readonly path: string;
}

/** A class with `@Module()`. */
export interface ModuleClass {
  readonly source: Source;
  readonly name: string;
  /** Which class of its file it is. */
  readonly index: number;
  readonly decorator: ts.CallExpression;
}

/** What an app already has. */
export class App {
  readonly #ts: TypeScript;
  readonly #sources: readonly Source[];
  readonly #libraries: readonly Source[];
  readonly #main: Source | undefined;
  /** The path of the file that starts the app. */
  readonly main: string;

  constructor(compiler: TypeScript, tree: Tree, project: Project) {
    const read = (folder: string): readonly Source[] =>
      [...sourcesIn(tree, folder)].map(([path, text]) => new Source(compiler, path, text));
    this.#ts = compiler;
    this.main = project.main;
    this.#sources = read(project.sourceRoot);
    this.#libraries = project.libraries.flatMap(read);
    this.#main = this.#sources.find(({ path }) => path === project.main);
  }

  get #all(): readonly Source[] {
    return [...this.#sources, ...this.#libraries];
  }

  /** The file where `HankoModule` is set up; undefined if there is none. */
  get hankoModule(): string | undefined {
    return this.#fileWithSetUp(this.#all, 'nestjs-hanko', 'HankoModule');
  }

  /** The file where our guard is named, whatever it does there; undefined if there is none. */
  get hankoGuard(): string | undefined {
    return this.#all.find((it) => it.localName('nestjs-hanko', 'HankoAuthGuard'))?.path;
  }

  /** Calls that set up `ConfigModule`. Those in libraries may belong to another app. */
  get configModules(): readonly ts.CallExpression[] {
    return this.#sources.flatMap((it) =>
      it.calls('@nestjs/config', 'ConfigModule', ['forRoot', 'forRootAsync']),
    );
  }

  #fileWithSetUp(sources: readonly Source[], module: string, name: string): string | undefined {
    return sources.find((it) => it.calls(module, name, ['forRoot', 'forRootAsync']).length > 0)
      ?.path;
  }

  /** Guards that `APP_GUARD` binds. */
  get guards(): readonly AppGuard[] {
    const users = this.#all.filter((it) => it.localName('@nestjs/core', 'APP_GUARD') !== undefined);
    return users.flatMap((source) =>
      [...source.nodes()].flatMap((node) => {
        const name = guardOf(this.#ts, source, node);
        return name === undefined ? [] : [{ name, path: source.path }];
      }),
    );
  }

  /** Whether `APP_GUARD` binds our guard. */
  get isClosed(): boolean {
    return this.guards.some(({ name, path }) => {
      const source = this.#all.find((it) => it.path === path);
      return source?.localName('nestjs-hanko', 'HankoAuthGuard') === name;
    });
  }

  /** Whether a source matches, with its path. */
  mentions(pattern: RegExp): string | undefined {
    return this.#sources.find(({ text }) => pattern.test(text))?.path;
  }

  /** The module that `main.ts` starts; a text that says why it is not known. */
  get rootModule(): ModuleClass | string {
    const name = this.#rootName() ?? 'AppModule';
    const found = this.#sources.flatMap((source) => this.#modulesIn(source, name));
    const path = this.#main?.importedPath(name);
    const chosen = found.length > 1 ? found.filter((it) => isAt(it.source.path, path)) : found;
    const [one] = chosen;
    if (one === undefined || chosen.length > 1) {
      if (found.length > 1) return `several classes are called ${name}`;
      return `no class ${name} with @Module() was found`;
    }
    return one;
  }

  /** The argument of `NestFactory.create()`. */
  #rootName(): string | undefined {
    const { isIdentifier, isCallExpression, isPropertyAccessExpression } = this.#ts;
    const methods = ['create', 'createMicroservice', 'createApplicationContext'];
    const calls = this.#main?.calls('@nestjs/core', 'NestFactory', methods) ?? [];
    for (const call of calls) {
      let [root] = call.arguments;
      // A module that is made by its own static method.
      if (root && isCallExpression(root) && isPropertyAccessExpression(root.expression)) {
        root = root.expression.expression;
      }
      if (root && isIdentifier(root)) return root.text;
    }
    return undefined;
  }

  #modulesIn(source: Source, className: string): readonly ModuleClass[] {
    return source.classes.flatMap((it, index) => {
      const name = it.name?.text ?? (isDefault(this.#ts, it) ? className : undefined);
      const decorator = source.decorator(it, '@nestjs/common', 'Module');
      return name === className && decorator ? [{ source, name, index, decorator }] : [];
    });
  }

  /** The source of a class that another file imports. */
  sourceOf(importer: Source, className: string): Source | undefined {
    const path = importer.importedPath(className);
    return this.#sources.find((it) => isAt(it.path, path));
  }
}

const isAt = (path: string, imported: string | undefined): boolean =>
  imported !== undefined && (path === `${imported}.ts` || path === `${imported}/index.ts`);

const isDefault = (compiler: TypeScript, it: ts.ClassDeclaration): boolean =>
  it.modifiers?.some(({ kind }) => kind === compiler.SyntaxKind.DefaultKeyword) ?? false;

/** The guard of `{ provide: APP_GUARD, … }`; undefined for all else. */
export function guardOf(
  { isObjectLiteralExpression, isIdentifier }: TypeScript,
  source: Source,
  node: ts.Node,
): string | undefined {
  const token = source.localName('@nestjs/core', 'APP_GUARD');
  if (token === undefined || !isObjectLiteralExpression(node)) return undefined;
  const members = source.members(node);
  const provide = members?.get('provide');
  if (!provide || !isIdentifier(provide) || provide.text !== token) return undefined;
  const guard = members?.get('useClass') ?? members?.get('useExisting');
  return guard === undefined ? 'a guard' : guard.getText();
}
