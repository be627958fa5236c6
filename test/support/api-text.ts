import { format } from 'prettier';
import ts from 'typescript';
import { accessOf, type ApiProgram, isOurs, membersOf, writtenName } from './api-program.js';

const { NodeBuilderFlags, SymbolFlags, SyntaxKind } = ts;

const FLAGS =
  NodeBuilderFlags.NoTruncation |
  NodeBuilderFlags.MultilineObjectLiterals |
  NodeBuilderFlags.UseAliasDefinedOutsideCurrentScope |
  NodeBuilderFlags.AllowUniqueESSymbolType |
  NodeBuilderFlags.IgnoreErrors;

/**
 * The exports of a file as users of the package see them, as sorted TypeScript declarations.
 * @param main the package's main entry, if `file` is another one: what it exports is named and not written again.
 */
export async function apiText(program: ApiProgram, file: string, main?: string): Promise<string> {
  const exported = program.exportsOf(file);
  const named = new Map(main === undefined ? [] : program.exportsOf(main));
  const writer = new ApiWriter(program.checker, new Set([...exported.values(), ...named.values()]));
  const declarations = [...exported].map(
    ([name, symbol]) => `export ${writer.declaration(name, symbol)}`,
  );
  // What is not exported, but is part of what is: a Set goes on over what is added meanwhile.
  const reached: string[] = [];
  for (const symbol of writer.reached) reached.push(writer.declaration(symbol.name, symbol));
  const note = reached.length > 0 ? ['// Not exported, but reached from what is.'] : [];
  const imported = [...named].filter(([, symbol]) => writer.mentioned.has(symbol));
  const imports =
    imported.length > 0
      ? [`import type { ${imported.map(([name]) => name).join(', ')} } from 'nestjs-hanko';`]
      : [];
  const text = [...imports, ...declarations, ...note, ...reached.toSorted()].join('\n\n');
  return format(text, { parser: 'typescript', singleQuote: true, printWidth: 100 });
}

const isInternalTo = (declaration: ts.Node): boolean =>
  ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'internal');

class ApiWriter {
  readonly reached = new Set<ts.Symbol>();
  /** Classes, interfaces and types with a name for users, where something mentions them. */
  readonly mentioned = new Set<ts.Symbol>();
  private readonly printer = ts.createPrinter({ removeComments: true });

  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly exported: ReadonlySet<ts.Symbol>,
  ) {}

  declaration(name: string, symbol: ts.Symbol): string {
    const { flags } = symbol;
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined) throw new Error(`${name} is declared nowhere`);
    if (flags & SymbolFlags.Function) {
      return this.signatures(symbol)
        .map((signature) => `function ${name}${signature}`)
        .join('\nexport ');
    }
    if (flags & SymbolFlags.Variable) {
      return `const ${name}: ${this.type(this.checker.getTypeOfSymbol(symbol))};`;
    }
    if (ts.isTypeAliasDeclaration(declaration)) {
      const parameters = typeParameters(declaration);
      const type = this.type(this.checker.getDeclaredTypeOfSymbol(symbol), true);
      return `type ${name}${parameters} = ${type};`;
    }
    if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
      const heritage = (declaration.heritageClauses ?? []).map((clause) => this.heritage(clause));
      const isAbstract = ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Abstract;
      const kind = ts.isInterfaceDeclaration(declaration) ? 'interface' : 'declare class';
      return [
        `${isAbstract ? 'declare abstract class' : kind} ${name}${typeParameters(declaration)}`,
        ...heritage,
        '{',
        ...membersOf(this.checker, symbol, this.exported)
          .flatMap((member) => this.member(member, symbol))
          .toSorted((a, b) => (a.key < b.key ? -1 : 1))
          .map(({ text }) => text),
        '}',
      ].join('\n');
    }
    throw new Error(`${name}: the report cannot write this kind of export yet`);
  }

  /** Interfaces of ours that users have no name for are left out: their members are written as the owner's. */
  private heritage(clause: ts.HeritageClause): string {
    if (!ts.isInterfaceDeclaration(clause.parent)) return clause.getText();
    const types = clause.types.filter((type) => {
      // `object` has no symbol, and adds nothing.
      const symbol = this.checker.getTypeAtLocation(type).symbol as ts.Symbol | undefined;
      if (symbol === undefined) return false;
      return this.exported.has(symbol) || !symbol.declarations?.some(isOurs);
    });
    return types.length === 0 ? '' : `extends ${types.map((type) => type.getText()).join(', ')}`;
  }

  private member(symbol: ts.Symbol, owner: ts.Symbol): readonly { key: string; text: string }[] {
    const { flags } = symbol;
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined) throw new Error(`${symbol.name} is declared nowhere`);
    const access = accessOf(declaration);
    if (flags & SymbolFlags.Constructor) {
      if (access === 'private') return [{ key: '0', text: 'private constructor();' }];
      if (isInternalTo(declaration)) return [{ key: '0', text: '// @internal\nconstructor();' }];
      const type = this.checker.getTypeOfSymbol(owner);
      // What Nest makes, nobody else does: what it takes is spelled out no further.
      const isNests =
        ts.canHaveDecorators(declaration.parent) && ts.getDecorators(declaration.parent);
      const text = type.getConstructSignatures().map((signature) => {
        const whole = this.signature(signature, !isNests);
        const parameters = whole.slice(whole.indexOf('('), whole.lastIndexOf(')') + 1);
        return `${access === 'public' ? '' : `${access} `}constructor${parameters};`;
      });
      return [{ key: '0', text: text.join('\n') }];
    }
    if (access === 'private') return [];

    const modifiers = ts.getCombinedModifierFlags(declaration);
    const isInternal = isInternalTo(declaration);
    const isAccessor = (flags & SymbolFlags.Accessor) !== 0;
    const isStatic = (modifiers & ts.ModifierFlags.Static) !== 0;
    const name = `${writtenName(symbol)}${flags & SymbolFlags.Optional ? '?' : ''}`;
    const before = [
      isInternal && '// @internal\n',
      access === 'protected' && 'protected ',
      isStatic && 'static ',
      modifiers & ts.ModifierFlags.Abstract && 'abstract ',
      modifiers & ts.ModifierFlags.Readonly && 'readonly ',
      isAccessor && !(flags & SymbolFlags.SetAccessor) && 'readonly ',
    ]
      .filter((word) => typeof word === 'string')
      .join('');
    const key = `${isStatic ? '1' : '2'}${name}`;
    if (flags & SymbolFlags.Method) {
      const texts = this.signatures(symbol, !isInternal).map((it) => `${before}${name}${it}`);
      return [{ key, text: texts.join('\n') }];
    }
    if (!(flags & (SymbolFlags.Property | SymbolFlags.Accessor))) {
      throw new Error(`${name}: the report cannot write this kind of member yet`);
    }
    const written = 'type' in declaration ? (declaration.type as ts.TypeNode | undefined) : null;
    const type = written
      ? this.checker.getTypeFromTypeNode(written)
      : this.checker.getTypeOfSymbol(symbol);
    return [{ key, text: `${before}${name}: ${this.type(type)};` }];
  }

  private signatures(symbol: ts.Symbol, notes = true): readonly string[] {
    const type = this.checker.getTypeOfSymbol(symbol);
    const callable = symbol.flags & SymbolFlags.Optional ? type.getNonNullableType() : type;
    return callable.getCallSignatures().map((signature) => this.signature(signature, notes));
  }

  private signature(signature: ts.Signature, notes: boolean): string {
    const node = this.checker.signatureToSignatureDeclaration(
      signature,
      SyntaxKind.CallSignature,
      undefined,
      FLAGS,
    );
    if (node === undefined) throw new Error('A signature cannot be written');
    return this.print(node, notes);
  }

  /** A union that users have no name for is spelled out. */
  private type(type: ts.Type, isAlias = false): string {
    const isNamed = type.aliasSymbol !== undefined && this.exported.has(type.aliasSymbol);
    const isWhole = isAlias || (type.isUnion() && !isNamed);
    const flags = isWhole ? FLAGS | NodeBuilderFlags.InTypeAlias : FLAGS;
    const node = this.checker.typeToTypeNode(type, undefined, flags);
    if (node === undefined) throw new Error('A type cannot be written');
    return this.print(node, true);
  }

  private print(node: ts.Node, notes: boolean): string {
    const file = ts.createSourceFile('', '', ts.ScriptTarget.Latest);
    const text = (it: ts.Node): string => this.printer.printNode(ts.EmitHint.Unspecified, it, file);
    const { transformed } = ts.transform(node, [
      (context) => {
        const visit = (it: ts.Node): ts.Node => {
          if (notes && ts.isIdentifier(it)) this.note(it);
          const visited = ts.visitEachChild(it, visit, context);
          if (!ts.isUnionTypeNode(visited)) return visited;
          // The compiler's order depends on what it has read before.
          const key = (type: ts.TypeNode): string =>
            `${type.kind === SyntaxKind.UndefinedKeyword || text(type) === 'null' ? 1 : 0}${text(type)}`;
          return ts.factory.createUnionTypeNode(
            visited.types.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
          );
        };
        return visit;
      },
    ]);
    return text(transformed[0] ?? node);
  }

  private note(identifier: ts.Identifier): void {
    const { symbol } = identifier as { symbol?: ts.Symbol };
    const named = SymbolFlags.Class | SymbolFlags.Interface | SymbolFlags.TypeAlias;
    if (!symbol || !(symbol.flags & named)) return;
    if (this.exported.has(symbol)) this.mentioned.add(symbol);
    else if (symbol.declarations?.some(isOurs)) this.reached.add(symbol);
  }
}

const typeParameters = (node: ts.DeclarationWithTypeParameterChildren): string =>
  node.typeParameters?.length
    ? `<${node.typeParameters.map((parameter) => parameter.getText()).join(', ')}>`
    : '';
