import { FUNCTIONS } from './functions.js';
import { checkPath } from './metadata-path.js';
import {
  type Command,
  cut,
  type Node,
  type Operand,
  type Piece,
  type Pipeline,
  TemplateError,
  type Token,
  tokensOf,
} from './syntax.js';

export type Template = readonly Node[];

/**
 * Reads the part of Go's `text/template` that JWT templates are written in: values, fields, `if`, `with`, variables,
 * pipes and most functions.
 * @throws TemplateError for all else.
 */
export function parseTemplate(template: string): Template {
  const pieces = [...cut(template)];
  const nodes = readNodes(pieces);
  if (pieces.length > 0) throw new TemplateError('there is an end or an else too many');
  return nodes;
}

/** Up to an `end` or `else`, which it leaves. */
function readNodes(pieces: Piece[]): readonly Node[] {
  const nodes: Node[] = [];
  for (;;) {
    const [piece] = pieces;
    if (piece === undefined) return nodes;
    if ('text' in piece) {
      nodes.push(piece);
    } else {
      const tokens = tokensOf(piece.action);
      const [first] = tokens;
      if (isWord(first, 'end', 'else')) return nodes;
      if (isWord(first, 'if', 'with')) {
        pieces.shift();
        nodes.push(readBranch(tokens, pieces));
        continue;
      }
      if (isWord(first, 'range', 'define', 'template', 'block', 'break', 'continue')) {
        throw new TemplateError(`${first?.text} is omitted`);
      }
      nodes.push({ print: new Reader(tokens).pipeline() });
    }
    pieces.shift();
  }
}

/** @param tokens of the action that begins it. */
function readBranch(tokens: readonly Token[], pieces: Piece[]): Node {
  const isScope = tokens[0]?.text === 'with';
  const condition = new Reader(tokens.slice(1)).pipeline();
  const body = readNodes(pieces);
  const next = pieces.shift();
  if (next === undefined || 'text' in next) throw new TemplateError('an end is missing');
  const after = tokensOf(next.action);
  if (isWord(after[0], 'end')) return { condition, body, otherwise: [], isScope };
  // `else if` ends with the same `end`.
  if (isWord(after[1], 'if', 'with')) {
    return { condition, body, otherwise: [readBranch(after.slice(1), pieces)], isScope };
  }
  const otherwise = readNodes(pieces);
  const end = pieces.shift();
  if (end === undefined || 'text' in end || !isWord(tokensOf(end.action)[0], 'end')) {
    throw new TemplateError('an end is missing');
  }
  return { condition, body, otherwise, isScope };
}

const isWord = (token: Token | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text);

class Reader {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  pipeline(): Pipeline {
    const pipeline = this.readPipeline();
    const rest = this.tokens[this.at];
    if (rest !== undefined) throw new TemplateError(`${rest.text} is not understood`);
    return pipeline;
  }

  private readPipeline(): Pipeline {
    const [first, second] = this.tokens.slice(this.at, this.at + 2);
    const isSet = first?.kind === 'variable' && (second?.text === ':=' || second?.text === '=');
    if (isSet) this.at += 2;
    const commands = [this.command()];
    while (this.tokens[this.at]?.text === '|') {
      this.at += 1;
      commands.push(this.command());
    }
    return { commands, ...(isSet && { variable: first.text, isNew: second?.text === ':=' }) };
  }

  private command(): Command {
    const operands: Operand[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (token === undefined || token.text === '|' || token.text === ')') break;
      operands.push(this.operand(token));
    }
    const [first] = operands;
    if (first === undefined) throw new TemplateError('a value is missing');
    const isCall = 'callee' in first.base || first.fields.length > 0;
    if (operands.length > 1 && !isCall)
      throw new TemplateError('what is no function has arguments');
    checkPaths(operands);
    return operands;
  }

  private operand(token: Token): Operand {
    this.at += 1;
    const base = this.base(token);
    const fields: string[] = token.kind === 'field' ? [token.text.slice(1)] : [];
    for (;;) {
      const next = this.tokens[this.at];
      if (next?.kind !== 'field' || next.isApart) return { base, fields };
      this.at += 1;
      fields.push(next.text.slice(1));
    }
  }

  private base({ kind, text }: Token): Operand['base'] {
    if (kind === 'text') return { literal: unquoted(text) };
    if (kind === 'raw') return { literal: text.slice(1, -1) };
    if (kind === 'number') return { literal: Number(text) };
    if (kind === 'variable') return { variable: text };
    if (kind === 'field' || text === '.') return { name: 'dot' };
    if (text === 'true' || text === 'false') return { literal: text === 'true' };
    if (text === 'nil') return { literal: null };
    if (text === '(') {
      const pipeline = this.readPipeline();
      if (this.tokens[this.at]?.text !== ')') throw new TemplateError('a ) is missing');
      this.at += 1;
      return { pipeline };
    }
    if (kind !== 'word') throw new TemplateError(`${text} is not understood`);
    if (!FUNCTIONS.has(text)) throw new TemplateError(`there is no function ${text}`);
    return { callee: text };
  }
}

/** Paths that stand in the template are looked at now, not when somebody signs in. */
function checkPaths([first, ...args]: Command): void {
  if (first === undefined || !/^(Public|Unsafe)$/.test(first.fields.at(-1) ?? '')) return;
  const texts = args.flatMap(({ base }) =>
    'literal' in base && typeof base.literal === 'string' ? [base.literal] : [],
  );
  if (texts.length === args.length) checkPath(texts.join('.'));
}

/** Go's escapes are those of JSON, and some more. */
function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new TemplateError(`${text} has an escape that is not understood`);
  }
}
