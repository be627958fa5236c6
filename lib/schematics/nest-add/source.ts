import { posix } from 'node:path';
import type ts from 'typescript';
import type { TypeScript } from './tools.js';

/** A TypeScript file, and the questions that are asked of it. */
export class Source {
  readonly #ts: TypeScript;
  #file: ts.SourceFile | undefined;

  constructor(
    compiler: TypeScript,
    readonly path: string,
    readonly text: string,
  ) {
    this.#ts = compiler;
  }

  get file(): ts.SourceFile {
    const { createSourceFile, ScriptTarget } = this.#ts;
    return (this.#file ??= createSourceFile(this.path, this.text, ScriptTarget.Latest, true));
  }

  /** Whether a compiler can read it. */
  get isValid(): boolean {
    const { parseDiagnostics = [] } = this.file as { parseDiagnostics?: readonly unknown[] };
    return parseDiagnostics.length === 0;
  }

  get imports(): readonly ts.ImportDeclaration[] {
    return this.file.statements.filter((it) => this.#ts.isImportDeclaration(it));
  }

  /** The name that an import has in this file; undefined if it is not imported as a value. */
  localName(module: string, name: string): string | undefined {
    if (!this.text.includes(name)) return undefined; // most files are never parsed
    for (const { importClause, moduleSpecifier } of this.imports) {
      if ((moduleSpecifier as ts.StringLiteral).text !== module) continue;
      const bindings = importClause?.namedBindings;
      if (bindings === undefined || !this.#ts.isNamedImports(bindings)) continue;
      if (importClause?.isTypeOnly === true) continue;
      const found = bindings.elements.find(
        (each) => !each.isTypeOnly && (each.propertyName ?? each.name).text === name,
      );
      if (found) return found.name.text;
    }
    return undefined;
  }

  /** Names that are declared at the top of the file, with what imports of them say where from. */
  get declared(): ReadonlySet<string> {
    const { isNamedImports, isNamespaceImport, isVariableStatement, isIdentifier } = this.#ts;
    const names = new Set<string>();
    for (const { importClause } of this.imports) {
      const bindings = importClause?.namedBindings;
      if (importClause?.name) names.add(importClause.name.text);
      if (bindings && isNamespaceImport(bindings)) names.add(bindings.name.text);
      if (bindings && isNamedImports(bindings)) {
        for (const { name } of bindings.elements) names.add(name.text);
      }
    }
    for (const statement of this.file.statements) {
      if (isVariableStatement(statement)) {
        for (const { name } of statement.declarationList.declarations) {
          if (isIdentifier(name)) names.add(name.text);
        }
      } else {
        const { name } = statement as { name?: ts.Node };
        if (name && isIdentifier(name)) names.add(name.text);
      }
    }
    return names;
  }

  /** Where an import of this file leads, without its ending, if it is relative to the file. */
  importedPath(localName: string): string | undefined {
    for (const { importClause, moduleSpecifier } of this.imports) {
      const bindings = importClause?.namedBindings;
      const names = bindings && this.#ts.isNamedImports(bindings) ? bindings.elements : [];
      const all = [importClause?.name, ...names.map(({ name }) => name)];
      if (!all.some((name) => name?.text === localName)) continue;
      const { text } = moduleSpecifier as ts.StringLiteral;
      if (!text.startsWith('.')) return undefined;
      return posix.join(posix.dirname(this.path), text).replace(/\.[jt]s$/, '');
    }
    return undefined;
  }

  /** The call of a decorator that a module exports. */
  decorator(node: ts.Node, module: string, name: string): ts.CallExpression | undefined {
    const local = this.localName(module, name);
    return this.decorators(node).find(
      ({ expression }) =>
        local !== undefined && this.#ts.isIdentifier(expression) && expression.text === local,
    );
  }

  /** All decorators that are calls. */
  decorators(node: ts.Node): readonly ts.CallExpression[] {
    const { canHaveDecorators, getDecorators, isCallExpression } = this.#ts;
    const found = canHaveDecorators(node) ? (getDecorators(node) ?? []) : [];
    return found.flatMap(({ expression }) => (isCallExpression(expression) ? [expression] : []));
  }

  get classes(): readonly ts.ClassDeclaration[] {
    return this.file.statements.filter((it) => this.#ts.isClassDeclaration(it));
  }

  /** Every node of the file, a parent before its children. */
  *nodes(from: ts.Node = this.file): Generator<ts.Node> {
    yield from;
    const children: ts.Node[] = [];
    this.#ts.forEachChild(from, (child) => void children.push(child));
    for (const child of children) yield* this.nodes(child);
  }

  /** Calls `local.method()` of a class that a module exports. */
  calls(module: string, name: string, methods: readonly string[]): readonly ts.CallExpression[] {
    const { isCallExpression, isPropertyAccessExpression, isIdentifier } = this.#ts;
    const local = this.localName(module, name);
    if (local === undefined) return [];
    return [...this.nodes()].filter(
      (it): it is ts.CallExpression =>
        isCallExpression(it) &&
        isPropertyAccessExpression(it.expression) &&
        isIdentifier(it.expression.expression) &&
        it.expression.expression.text === local &&
        methods.includes(it.expression.name.text),
    );
  }

  /** The members of an object literal by name; undefined if one of them cannot be known. */
  members(object: ts.ObjectLiteralExpression): ReadonlyMap<string, ts.Expression> | undefined {
    const { isPropertyAssignment, isShorthandPropertyAssignment } = this.#ts;
    const { isIdentifier, isStringLiteralLike } = this.#ts;
    const found = new Map<string, ts.Expression>();
    for (const property of object.properties) {
      if (isShorthandPropertyAssignment(property)) {
        found.set(property.name.text, property.name);
        continue;
      }
      if (!isPropertyAssignment(property)) return undefined;
      const { name, initializer } = property;
      if (!isIdentifier(name) && !isStringLiteralLike(name)) return undefined;
      if (found.has(name.text)) return undefined;
      found.set(name.text, this.bare(initializer));
    }
    return found;
  }

  /** Without parentheses and assertions of its type. */
  bare(node: ts.Expression): ts.Expression {
    const { isParenthesizedExpression, isAsExpression, isSatisfiesExpression } = this.#ts;
    return isParenthesizedExpression(node) || isAsExpression(node) || isSatisfiesExpression(node)
      ? this.bare(node.expression)
      : node;
  }
}
