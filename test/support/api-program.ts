import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the package exports, by entry. */
export const ENTRIES = {
  'nestjs-hanko': 'lib/index.ts',
  'nestjs-hanko/testing': 'lib/testing/index.ts',
  'fake-hanko': 'fake-hanko/src/index.ts',
  'nestjs-hanko/webhooks': 'lib/webhooks/index.ts',
  'nestjs-hanko/swagger': 'lib/swagger/index.ts',
  'nestjs-hanko/admin': 'lib/admin/index.ts',
  'nestjs-hanko/terminus': 'lib/terminus/index.ts',
  'nestjs-hanko/opentelemetry': 'lib/opentelemetry/index.ts',
} as const;

/** The source of the package, read by the compiler. */
export interface ApiProgram {
  readonly checker: ts.TypeChecker;
  /** What a file of it exports, sorted by name; aliases are followed. */
  exportsOf(file: string): ReadonlyMap<string, ts.Symbol>;
}

/**
 * One program of both entries; a file that asks for it gets one of its own, as Vitest isolates files.
 *
 * @param samples files of `lib` that stand in memory only, to be found at fault by a check.
 */
export function apiProgram(samples: Readonly<Record<string, string>> = {}): ApiProgram {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) =>
    ts.sys.readFile(file),
  );
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const inMemory = new Map(
    Object.entries(samples).map(([file, text]) => [join(root, file), text] as const),
  );
  const getSourceFile = host.getSourceFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.fileExists = (file) => inMemory.has(file) || fileExists(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = inMemory.get(file);
    return text === undefined
      ? getSourceFile(file, version, ...rest)
      : ts.createSourceFile(file, text, version);
  };
  const files = [...Object.values(ENTRIES), ...Object.keys(samples)];
  const program = ts.createProgram(
    files.map((file) => join(root, file)),
    options,
    host,
  );
  const checker = program.getTypeChecker();
  return {
    checker,
    exportsOf(file) {
      const source = program.getSourceFile(join(root, file));
      const module = source && checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`${file} is no module`);
      const found = checker.getExportsOfModule(module).map((symbol) => {
        const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
        return [symbol.name, isAlias ? checker.getAliasedSymbol(symbol) : symbol] as const;
      });
      return new Map(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}

/** Whether a declaration is ours, not one of Nest, Node or the language. */
export const isOurs = (node: ts.Node): boolean =>
  ['lib/', 'fake-hanko/src/'].some((folder) =>
    node.getSourceFile().fileName.startsWith(join(root, folder)),
  );

/** Public, protected and private, as a declaration says it. */
export function accessOf(node: ts.Declaration): 'public' | 'protected' | 'private' {
  const flags = ts.getCombinedModifierFlags(node);
  const name = ts.getNameOfDeclaration(node);
  if (flags & ts.ModifierFlags.Private || (name && ts.isPrivateIdentifier(name))) return 'private';
  return flags & ts.ModifierFlags.Protected ? 'protected' : 'public';
}

/** What a class or an interface declares itself: members, static ones, parameter properties, constructor. */
export function membersOf(
  checker: ts.TypeChecker,
  symbol: ts.Symbol,
  exported: ReadonlySet<ts.Symbol>,
): readonly ts.Symbol[] {
  const owners = ownersOf(checker, symbol, exported).flatMap((it) => it.declarations ?? []);
  const isOwn = ({ declarations = [] }: ts.Symbol): boolean =>
    declarations.some(({ parent }) =>
      owners.some((owner) => owner === parent || owner === parent.parent),
    );
  const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
  const unnamed = [...(symbol.members?.values() ?? [])].filter(
    ({ flags }) => flags & (ts.SymbolFlags.Constructor | ts.SymbolFlags.Signature),
  );
  return [
    ...unnamed,
    ...checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).filter(isOwn),
    ...(isClass ? checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol)) : []).filter(isOwn),
  ];
}

/** An interface with those of ours that it extends and that users have no name for: its members are theirs. */
function ownersOf(
  checker: ts.TypeChecker,
  symbol: ts.Symbol,
  exported: ReadonlySet<ts.Symbol>,
): readonly ts.Symbol[] {
  const parents = (symbol.declarations ?? [])
    .flatMap((it) => (ts.isInterfaceDeclaration(it) ? (it.heritageClauses ?? []) : []))
    .flatMap(({ types }) => types)
    .flatMap((type) => checker.getTypeAtLocation(type).symbol ?? [])
    .filter((it) => !exported.has(it) && it.declarations?.some(isOurs));
  return [symbol, ...parents.flatMap((parent) => ownersOf(checker, parent, exported))];
}

/** The name of a member as it is written: `[Symbol.asyncDispose]`, not what the compiler calls it. */
export function writtenName(symbol: ts.Symbol): string {
  const [declaration] = symbol.declarations ?? [];
  const name = declaration && ts.getNameOfDeclaration(declaration);
  return name?.getText() ?? symbol.name.replace(/^__/, '');
}
