import type ts from 'typescript';
import type { TypeScript } from './tools.js';

/**
 * The file that `ConfigModule.forRoot()` reads, `.env` if it is one of several; null if that cannot be known.
 * @param calls that set it up; none: it will be set up without options.
 */
export function environmentFileOf(
  compiler: TypeScript,
  calls: readonly ts.CallExpression[],
): string | null {
  if (calls.length === 0) return '.env';
  const files = calls.map((call) => fileOf(compiler, call));
  return files.find((file) => file !== null) ?? null;
}

function fileOf(compiler: TypeScript, { arguments: [options] }: ts.CallExpression): string | null {
  const { isObjectLiteralExpression, isPropertyAssignment, isSpreadAssignment } = compiler;
  const { isArrayLiteralExpression, isStringLiteralLike, SyntaxKind } = compiler;
  if (options === undefined) return '.env';
  if (!isObjectLiteralExpression(options)) return null;
  if (options.properties.some((it) => isSpreadAssignment(it))) return null;
  const valueOf = (name: string): ts.Expression | null | undefined => {
    const property = options.properties.find((it) => it.name?.getText() === name);
    if (property === undefined) return undefined;
    return isPropertyAssignment(property) ? property.initializer : null;
  };
  const ignored = valueOf('ignoreEnvFile');
  if (ignored !== undefined && ignored?.kind !== SyntaxKind.FalseKeyword) return null;
  const path = valueOf('envFilePath');
  if (path === undefined) return '.env';
  if (path === null) return null;
  const paths = (isArrayLiteralExpression(path) ? [...path.elements] : [path]).flatMap((it) =>
    isStringLiteralLike(it) ? [it.text.replace(/^\.\//, '')] : [],
  );
  if (paths.includes('.env')) return '.env';
  // Outside of the app's folder, it is not for us to write.
  return paths.find((it) => !/^(?:\/|\.\.|[a-z]:)/i.test(it)) ?? null;
}
