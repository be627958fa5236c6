import type ts from 'typescript';
import type { Source } from './source.js';
import type { TypeScript } from './tools.js';

/** Text that takes the place of what stands between two offsets. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function applied(text: string, edits: readonly Edit[]): string {
  // Edits at one place keep their order.
  return edits
    .toSorted((a, b) => a.start - b.start)
    .reduceRight(
      (all, { start, end, text: by }) => all.slice(0, start) + by + all.slice(end),
      text,
    );
}

/** Makes edits in the style in which a file is written. */
export class Editor {
  readonly #ts: TypeScript;
  readonly #source: Source;
  readonly #text: string;
  readonly #eol: string;
  readonly #quote: string;
  readonly #semicolon: string;

  constructor(compiler: TypeScript, source: Source) {
    this.#ts = compiler;
    this.#source = source;
    this.#text = source.text;
    this.#eol = source.text.includes('\r\n') ? '\r\n' : '\n';
    const [first] = source.imports;
    this.#quote = first?.moduleSpecifier.getText()[0] ?? "'";
    this.#semicolon = first === undefined || first.getText().endsWith(';') ? ';' : '';
  }

  /** An import of a name that the file does not import yet. */
  import(module: string, names: readonly string[]): readonly Edit[] {
    if (names.length === 0) return [];
    const same = this.#source.imports.find(
      ({ importClause, moduleSpecifier }) =>
        (moduleSpecifier as ts.StringLiteral).text === module &&
        importClause?.isTypeOnly !== true &&
        importClause?.namedBindings !== undefined &&
        this.#ts.isNamedImports(importClause.namedBindings),
    )?.importClause?.namedBindings as ts.NamedImports | undefined;
    if (same) {
      const { elements } = same;
      const open = same.getStart() + 1;
      const places = new Map<number, string[]>();
      for (const name of names) {
        const next = elements.findIndex((each) => each.name.text > name);
        places.set(next, [...(places.get(next) ?? []), name]);
      }
      return [...places].flatMap(([next, some]) =>
        this.insert({ list: elements, open, close: same.end - 1 }, some, next),
      );
    }
    const line = `import { ${names.join(', ')} } from ${this.#quote}${module}${this.#quote}${this.#semicolon}`;
    const packages = this.#source.imports.filter((it) => !isRelative(it));
    const before = packages.filter((it) => specifier(it) < module).at(-1);
    if (before) {
      const at = this.#endOfLine(before.end);
      return [{ start: at, end: at, text: this.#eol + line }];
    }
    const first = this.#source.imports[0];
    const at = first?.getStart() ?? 0;
    return [{ start: at, end: at, text: line + this.#eol }];
  }

  /**
   * Puts elements into an array, members into an object, names into an import.
   * @param at the index before which they come; -1: at the end.
   */
  insert(
    { list, open, close }: { list: ts.NodeArray<ts.Node>; open: number; close: number },
    texts: readonly string[],
    at = -1,
  ): readonly Edit[] {
    if (texts.length === 0) return [];
    const last = list.at(-1);
    if (last === undefined) return [this.#fill(open, close, texts)];
    const next = at === -1 ? undefined : list[at];
    if (next) {
      const start = this.#startWithComments(next);
      const indent = this.#indentBefore(start);
      const glue = indent === undefined ? ' ' : this.#eol + indent;
      return [{ start, end: start, text: texts.map((text) => `${text},${glue}`).join('') }];
    }
    const indent = this.#indentBefore(last.getStart());
    if (indent === undefined) {
      return [{ start: last.end, end: last.end, text: texts.map((it) => `, ${it}`).join('') }];
    }
    // What stands behind the last one on its line, its comma and a comment, stays there.
    const comma: Edit = { start: last.end, end: last.end, text: ',' };
    const end = Math.min(this.#endOfLine(last.end), close);
    const lines = texts.map((text) => this.#eol + indent + text).join(',');
    const more: Edit = { start: end, end, text: lines + (list.hasTrailingComma ? ',' : '') };
    return list.hasTrailingComma ? [more] : [comma, more];
  }

  /** Writes a line above a node. */
  above(node: ts.Node, text: string): readonly Edit[] {
    const start = node.getStart();
    const indent = this.#indentBefore(start);
    return [{ start, end: start, text: text + (indent === undefined ? ' ' : this.#eol + indent) }];
  }

  /** An empty list: on one line in an array, on a line each in an object. */
  #fill(open: number, close: number, texts: readonly string[]): Edit {
    const inner = this.#text.slice(open, close);
    const isObject = this.#text[close] === '}';
    if (inner.trim() === '' && !isObject)
      return { start: open, end: close, text: texts.join(', ') };
    const outer = /^[ \t]*/.exec(this.#text.slice(this.#startOfLine(open)))?.[0] ?? '';
    const lines = texts.map((text) => `${outer}${this.#unit()}${text},`).join(this.#eol);
    if (inner.trim() === '') {
      return { start: open, end: close, text: this.#eol + lines + this.#eol + outer };
    }
    // Comments: they stay where they are, before what is new.
    const kept = inner.trimEnd();
    const start = open + kept.length;
    return { start, end: close, text: this.#eol + lines + this.#eol + outer };
  }

  /** One level of indentation. */
  #unit(): string {
    return /^(?:\t| {2,8})(?=\S)/m.exec(this.#text)?.[0] ?? '  ';
  }

  /** The white space before a position, if nothing else is on its line. */
  #indentBefore(at: number): string | undefined {
    const before = this.#text.slice(this.#startOfLine(at), at);
    return before.trim() === '' ? before : undefined;
  }

  #startOfLine(at: number): number {
    return this.#text.lastIndexOf('\n', at - 1) + 1;
  }

  #endOfLine(at: number): number {
    const [rest = ''] = /^.*?(?=\r?\n|$)/.exec(this.#text.slice(at)) ?? [];
    return at + rest.length;
  }

  /** With the comments above it that have lines of their own. */
  #startWithComments(node: ts.Node): number {
    const comments = this.#ts.getLeadingCommentRanges(this.#text, node.getFullStart()) ?? [];
    const own = comments.find(({ pos }) => this.#indentBefore(pos) !== undefined);
    return own?.pos ?? node.getStart();
  }
}

const specifier = ({ moduleSpecifier }: ts.ImportDeclaration): string =>
  (moduleSpecifier as ts.StringLiteral).text;

/** Imports of the app's own files, by a path or an alias of one. */
const isRelative = (it: ts.ImportDeclaration): boolean => /^(?:[.~#/]|@\/)/.test(specifier(it));
