import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './api-program.js';

/** Code that a comment shows. */
export interface ShownCode {
  /** The declaration that it belongs to: `HankoRevocation.revoke`. */
  readonly owner: string;
  readonly code: string;
}

/** What the comments of one file show, and the tags that they have. */
export interface Comments {
  readonly examples: readonly ShownCode[];
  /** `CurrentUser: @Get`: a decorator that TypeScript reads as a tag, which ends the text on a hover. */
  readonly strayTags: readonly string[];
}

const TAGS = ['example', 'internal', 'param', 'returns', 'throws', 'typeParam'];

/** Reads the comments of a source text. */
export function commentsIn(text: string): Comments {
  const file = ts.createSourceFile('comments.ts', text, ts.ScriptTarget.Latest, true);
  const examples: ShownCode[] = [];
  const strayTags: string[] = [];
  const seen = new Set<ts.Node>();
  const visit = (node: ts.Node, owner: string): void => {
    const name = nameOf(node);
    const path = name === undefined ? owner : owner === '' ? name : `${owner}.${name}`;
    for (const comment of ts.getJSDocCommentsAndTags(node)) {
      if (!ts.isJSDoc(comment) || seen.has(comment)) continue;
      seen.add(comment);
      examples.push(...codeOf(comment.getText()).map((code) => ({ owner: path, code })));
      for (const { tagName } of comment.tags ?? []) {
        if (!TAGS.includes(tagName.text)) strayTags.push(`${path}: @${tagName.text}`);
      }
    }
    ts.forEachChild(node, (child) => visit(child, path));
  };
  visit(file, '');
  return { examples, strayTags };
}

/** The comments of all files of the package. */
export function comments(): readonly (Comments & { readonly file: string })[] {
  return ['lib', 'fake-hanko/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`)
      .map((file) => ({ file, ...commentsIn(readFileSync(join(root, file), 'utf8')) })),
  );
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText();
  if (!ts.isClassLike(node) && !ts.isInterfaceDeclaration(node) && !isMember(node)) {
    return undefined;
  }
  return node.name?.getText();
}

const isMember = (node: ts.Node): node is ts.NamedDeclaration =>
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isPropertyDeclaration(node) ||
  ts.isPropertySignature(node);

/** Blocks marked `ts`, and the spans of code in a paragraph that begins with "Example:". */
function codeOf(comment: string): readonly string[] {
  const text = comment.replaceAll(/^[ \t]*\*(?: |$)/gm, '');
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  const paragraphs = [...text.matchAll(/^Examples?:([^]*?)(?:\n\s*\n|\n@|\*\/)/gm)];
  const spans = paragraphs.flatMap(([, paragraph = '']) =>
    [...paragraph.matchAll(/`([^`]+)`/g)].map(([, code = '']) => inPlace(code)),
  );
  return [...blocks, ...spans];
}

/** A decorator, or the head of a method, with what has to be around it. */
function inPlace(code: string): string {
  if (code.startsWith('@Module(')) return `${code}\nclass Example {}`;
  if (code.startsWith('@')) return `class Example { ${code} method() {} }`;
  return /^\w+\((?:@|\w+: )/.test(code) ? `class Example { ${code} {} }` : code;
}
