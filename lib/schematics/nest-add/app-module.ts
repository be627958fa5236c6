import type ts from 'typescript';
import { guardOf, type ModuleClass } from './app.js';
import { applied, type Edit, Editor } from './edits.js';
import { Source } from './source.js';
import type { TypeScript } from './tools.js';

/** What a module gets. */
export interface Additions {
  readonly configModule: boolean;
  readonly hankoModule: boolean;
  readonly guard: boolean;
}

/** A module whose metadata is written in a way that is not understood; the message says in which. */
export class NotUnderstood extends Error {}

/**
 * The text of a module with what it gets.
 * @throws NotUnderstood
 */
export function withHanko(compiler: TypeScript, module: ModuleClass, additions: Additions): string {
  const { source } = module;
  if (!source.isValid) throw new NotUnderstood('it has a syntax error');
  if (additions.hankoModule && source.localName('nestjs-hanko', 'HankoModule') !== undefined) {
    throw new NotUnderstood('it imports HankoModule, which is not set up by forRoot()');
  }
  const metadata = metadataOf(compiler, module);
  const editor = new Editor(compiler, source);
  const { names, edits } = importsFor(source, editor, additions);

  const imports = [
    ...(additions.configModule ? [`${names.ConfigModule}.forRoot()`] : []),
    ...(additions.hankoModule ? [`${names.HankoModule}.forRoot()`] : []),
  ];
  const guard = `{ provide: ${names.APP_GUARD}, useExisting: ${names.HankoAuthGuard} }`;
  const providers = additions.guard ? [guard] : [];
  const lists = [
    { name: 'imports', texts: imports, isFirst: true, place: () => -1 },
    {
      name: 'providers',
      texts: providers,
      isFirst: false,
      place: (list: ts.NodeArray<ts.Expression>) => placeOfGuard(compiler, source, list),
    },
  ];
  const written = lists.map(({ name, texts, isFirst, place }) => {
    const value = metadata.members.get(name);
    if (texts.length === 0) return { edits: [] };
    if (value === undefined) return { member: `${name}: [${texts.join(', ')}]`, isFirst };
    if (!compiler.isArrayLiteralExpression(value)) {
      throw new NotUnderstood(`its ${name} are not written as a list`);
    }
    const [open, close] = [value.getStart() + 1, value.end - 1];
    return {
      edits: editor.insert({ list: value.elements, open, close }, texts, place(value.elements)),
    };
  });
  const all = [...edits, ...written.flatMap((it) => it.edits ?? [])];
  all.push(...newMembers(editor, metadata.object, written));

  const text = applied(source.text, all);
  expectWritten(compiler, module, text, [...imports, ...providers]);
  return text;
}

interface Written {
  readonly member?: string;
  readonly isFirst?: boolean;
}

function newMembers(
  editor: Editor,
  object: ts.ObjectLiteralExpression,
  written: readonly Written[],
): readonly Edit[] {
  const members = (isFirst: boolean): readonly string[] =>
    written.flatMap((it) => (it.member !== undefined && it.isFirst === isFirst ? [it.member] : []));
  const list = object.properties;
  const place = { list, open: object.getStart() + 1, close: object.end - 1 };
  const [first, last] = [members(true), members(false)];
  if (list.length === 0) return editor.insert(place, [...first, ...last]);
  return [...editor.insert(place, first, 0), ...editor.insert(place, last)];
}

function metadataOf(
  { isObjectLiteralExpression }: TypeScript,
  { source, decorator }: ModuleClass,
): { object: ts.ObjectLiteralExpression; members: ReadonlyMap<string, ts.Expression> } {
  const [argument] = decorator.arguments;
  const object = argument && source.bare(argument);
  if (!object || !isObjectLiteralExpression(object)) {
    throw new NotUnderstood('@Module() has no object written into it');
  }
  const members = source.members(object);
  if (!members) throw new NotUnderstood('@Module() has members whose names are not written out');
  return { object, members };
}

/** Rate limits count what is refused, so they come before; what reads the user comes after. */
function placeOfGuard(
  compiler: TypeScript,
  source: Source,
  list: ts.NodeArray<ts.Expression>,
): number {
  const guards = list.map((it) => guardOf(compiler, source, source.bare(it)));
  const limit = guards.findLastIndex((name) => name !== undefined && isRateLimit(name));
  const next = limit === -1 ? guards.findIndex((name) => name !== undefined) : limit + 1;
  return next < list.length ? next : -1;
}

export const isRateLimit = (guard: string): boolean => /throttl|ratelimit/i.test(guard);

type Names = Readonly<
  Record<'ConfigModule' | 'HankoModule' | 'HankoAuthGuard' | 'APP_GUARD', string>
>;

function importsFor(
  source: Source,
  editor: Editor,
  { configModule, hankoModule, guard }: Additions,
): { readonly names: Names; readonly edits: readonly Edit[] } {
  const names = { ConfigModule: '', HankoModule: '', HankoAuthGuard: '', APP_GUARD: '' };
  const wanted: Readonly<Record<string, readonly (keyof Names)[]>> = {
    '@nestjs/config': configModule ? ['ConfigModule'] : [],
    '@nestjs/core': guard ? ['APP_GUARD'] : [],
    'nestjs-hanko': [
      ...(guard ? (['HankoAuthGuard'] as const) : []),
      ...(hankoModule ? (['HankoModule'] as const) : []),
    ],
  };
  const { declared } = source;
  const edits = Object.entries(wanted).flatMap(([module, exported]) => {
    const missing = exported.filter((name) => {
      names[name] = source.localName(module, name) ?? name;
      return source.localName(module, name) === undefined;
    });
    const written = missing.map((name) => {
      if (!declared.has(name)) return name;
      // Apps have modules of this name of their own.
      if (name !== 'ConfigModule') throw new NotUnderstood(`it has a ${name} of its own`);
      names[name] = 'NestConfigModule';
      return 'ConfigModule as NestConfigModule';
    });
    return editor.import(module, written);
  });
  return { names, edits };
}

/** Reads what was written: comments in odd places must not swallow it. */
function expectWritten(
  compiler: TypeScript,
  module: ModuleClass,
  text: string,
  elements: readonly string[],
): void {
  const source = new Source(compiler, module.source.path, text);
  const owner = source.classes[module.index];
  const decorator = owner && source.decorator(owner, '@nestjs/common', 'Module');
  const members = decorator && metadataOf(compiler, { ...module, source, decorator }).members;
  const lists = [...(members?.values() ?? [])].flatMap((it) =>
    compiler.isArrayLiteralExpression(it) ? it.elements.map((each) => each.getText()) : [],
  );
  const isThere = elements.every((it) => lists.includes(it));
  if (!source.isValid || !isThere || lists.includes('')) {
    throw new NotUnderstood('it is written in an unusual way');
  }
}
