import type ts from 'typescript';
import type { App, ModuleClass } from './app.js';
import { applied, Editor } from './edits.js';
import type { Source } from './source.js';
import type { TypeScript } from './tools.js';

/** `GET /` as `nest new` makes it. */
export interface TemplateRoute {
  readonly source: Source;
  readonly method: ts.MethodDeclaration;
}

/**
 * The route of the template, in a controller of the root module, if nobody has changed it: what was changed may be
 * private by now, and is not opened.
 */
export function templateRoute(
  compiler: TypeScript,
  app: App,
  { source: module, decorator }: ModuleClass,
): TemplateRoute | undefined {
  const { isArrayLiteralExpression, isIdentifier, isObjectLiteralExpression } = compiler;
  const [metadata] = decorator.arguments;
  const members =
    metadata && isObjectLiteralExpression(metadata) ? module.members(metadata) : undefined;
  const controllers = members?.get('controllers');
  if (!controllers || !isArrayLiteralExpression(controllers)) return undefined;
  for (const controller of controllers.elements) {
    if (!isIdentifier(controller)) continue;
    const source = app.sourceOf(module, controller.text);
    const owner = source?.classes.find(({ name }) => name?.text === controller.text);
    const method = source && owner && methodIn(compiler, source, owner);
    if (method) return { source, method };
  }
  return undefined;
}

function methodIn(
  compiler: TypeScript,
  source: Source,
  owner: ts.ClassDeclaration,
): ts.MethodDeclaration | undefined {
  const isTemplate = (node: ts.Node, name: string): boolean => {
    const all = source.decorators(node);
    const decorator = source.decorator(node, '@nestjs/common', name);
    return all.length === 1 && decorator?.arguments.length === 0;
  };
  if (!isTemplate(owner, 'Controller')) return undefined;
  return owner.members
    .filter((it) => compiler.isMethodDeclaration(it))
    .find(
      (it) =>
        it.parameters.length === 0 &&
        isTemplate(it, 'Get') &&
        /^\{ *return this\.\w+\.getHello\(\);? *\}$/.test(
          it.body?.getText().replace(/\s+/g, ' ') ?? '',
        ),
    );
}

/** The text of the controller with `@Public()`; undefined if another `Public` is there. */
export function withPublic(
  compiler: TypeScript,
  { source, method }: TemplateRoute,
): string | undefined {
  if (!source.isValid || source.declared.has('Public')) return undefined;
  const editor = new Editor(compiler, source);
  return applied(source.text, [
    ...editor.import('nestjs-hanko', ['Public']),
    ...editor.above(method, '@Public()'),
  ]);
}
