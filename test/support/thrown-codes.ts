import ts from 'typescript';
import { isOurs } from './api-program.js';

/** Our errors by the codes they can have. */
export type ErrorCodes = ReadonlyMap<string, readonly string[]>;

/** Every exported class with a `code` of literal texts is one of our errors. */
export function errorCodes(
  checker: ts.TypeChecker,
  exported: ReadonlyMap<string, ts.Symbol>,
): ErrorCodes {
  const found = [...exported].flatMap(([name, symbol]) => {
    if (!(symbol.flags & ts.SymbolFlags.Class)) return [];
    const code = checker.getDeclaredTypeOfSymbol(symbol).getProperty('code');
    return code ? [[name, literals(checker.getTypeOfSymbol(code))] as const] : [];
  });
  return new Map(found);
}

/**
 * The codes of our errors that a function makes: itself, in functions of ours that it calls, and in
 * interfaces of ours that it calls, as their `@throws` says. More than it throws if it catches some.
 */
export function thrownCodes(
  checker: ts.TypeChecker,
  errors: ErrorCodes,
  start: ts.Symbol,
): ReadonlySet<string> {
  const codes = new Set<string>();
  const pending: (ts.Symbol | undefined)[] = [start];
  const seen = new Set<ts.Symbol>();

  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
      const symbol = called(checker, node.expression);
      const own = symbol && isOursAtAll(symbol) ? errors.get(symbol.name) : undefined;
      if (own !== undefined && ts.isNewExpression(node)) {
        const [code] = node.arguments ?? [];
        const said = code ? literals(checker.getTypeAtLocation(code)) : [];
        const named = said.filter((text) => own.includes(text));
        for (const name of named.length > 0 ? named : own) codes.add(name);
      } else {
        pending.push(symbol);
      }
    }
    ts.forEachChild(node, visit);
  };

  for (let symbol = pending.pop(); symbol || pending.length > 0; symbol = pending.pop()) {
    if (symbol === undefined || seen.has(symbol)) continue;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) {
      if (!isOurs(declaration)) continue;
      if (ts.isMethodSignature(declaration)) {
        for (const code of codesIn(throwsText(symbol), errors)) codes.add(code);
      } else if (ts.isClassDeclaration(declaration)) {
        const constructor = declaration.members.find((it) => ts.isConstructorDeclaration(it));
        if (constructor) visit(constructor);
      } else {
        visit(declaration);
      }
    }
  }
  return codes;
}

/** How a text names every code that callers can meet, once: `HankoAuthError` has the table of them. */
const EVERY_CODE = 'HankoAuthError any of its codes';

/** The codes that a text names, as `token_expired` or, for all of them, as `token_…`. */
export function codesIn(text: string, errors: ErrorCodes): ReadonlySet<string> {
  const all = [...errors.values()].flat();
  const every = text.includes(EVERY_CODE) ? (errors.get('HankoAuthError') ?? []) : [];
  return new Set([
    ...every,
    ...all.filter(
      (code) =>
        new RegExp(`\`${code}\``).test(text) ||
        (code.startsWith('token_') && text.includes('`token_…`')),
    ),
  ]);
}

/** What stands behind every `@throws` of a symbol. */
export const throwsText = (symbol: ts.Symbol): string =>
  symbol
    .getJsDocTags()
    .filter(({ name }) => name === 'throws')
    .map(({ text }) => ts.displayPartsToString(text))
    .join('\n');

function called(checker: ts.TypeChecker, callee: ts.Expression): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(callee);
  return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

const isOursAtAll = (symbol: ts.Symbol): boolean => symbol.declarations?.some(isOurs) ?? false;

const literals = (type: ts.Type): readonly string[] =>
  (type.isUnion() ? type.types : [type]).flatMap((it) => (it.isStringLiteral() ? it.value : []));
