/** A template that cannot be read; the text says why. */
export class TemplateError extends Error {}

/** What stands between two pipes: a function or a method with its arguments, or a value. */
export type Command = readonly Operand[];

export interface Pipeline {
  readonly commands: readonly Command[];
  /** The variable that the value goes to: a new one, or one that is there. */
  readonly variable?: string;
  readonly isNew?: boolean;
}

/** A value, and the fields that are asked of it. */
export interface Operand {
  readonly base:
    | { readonly literal: boolean | number | string | null }
    | { readonly name: 'dot' }
    | { readonly variable: string }
    | { readonly pipeline: Pipeline }
    | { readonly callee: string };
  readonly fields: readonly string[];
}

export type Node =
  | { readonly text: string }
  | { readonly print: Pipeline }
  | {
      readonly condition: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
      /** `with`: the value is the dot inside. */
      readonly isScope: boolean;
    };

/** A text, and what is to be done between two pieces of it. */
export type Piece = { readonly text: string } | { readonly action: string };

/** Cuts a template at `{{` and `}}`; a dash inside of them takes the space beside them away. */
export function cut(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let rest = template;
  let isTrimmed = false;
  for (;;) {
    const start = rest.indexOf('{{');
    const text = start < 0 ? rest : rest.slice(0, start);
    const trimsBefore = start >= 0 && /^\{\{-\s/.test(rest.slice(start));
    const left = isTrimmed ? text.trimStart() : text;
    pieces.push({ text: trimsBefore ? left.trimEnd() : left });
    if (start < 0) return pieces;
    const inside = rest.slice(start + (trimsBefore ? 3 : 2));
    const end = endOf(inside);
    const action = inside.slice(0, end);
    isTrimmed = /\s-$/.test(action);
    const body = (isTrimmed ? action.slice(0, -1) : action).trim();
    if (!/^\/\*[^]*\*\/$/.test(body)) pieces.push({ action: body });
    rest = inside.slice(end + 2);
  }
}

/** Where the action ends: texts in it may hold braces. */
function endOf(inside: string): number {
  const token = /\/\*[^]*?\*\/|"(?:\\.|[^"\\])*"|`[^`]*`|\}\}/g;
  for (const match of inside.matchAll(token)) if (match[0] === '}}') return match.index;
  throw new TemplateError('a {{ is not closed');
}

const TOKEN =
  /\s*(?:(?<text>"(?:\\.|[^"\\])*")|(?<raw>`[^`]*`)|(?<number>[+-]?\d+(?:\.\d+)?)|(?<variable>\$\w*)|(?<field>\.\w+)|(?<word>[A-Za-z_]\w*)|(?<mark>:=|[=|().])|(?<other>\S))/gy;

export interface Token {
  readonly kind: string;
  readonly text: string;
  /** Whether white space comes before it: `.A .B` are two values, `.A.B` is one. */
  readonly isApart: boolean;
}

export function tokensOf(action: string): readonly Token[] {
  return Array.from(action.matchAll(TOKEN), (match) => {
    const [kind = '', text = ''] =
      Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    if (kind === 'other') throw new TemplateError(`${text} is not understood`);
    return { kind, text, isApart: /^\s/.test(match[0]) };
  });
}
