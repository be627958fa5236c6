import { HANKO_PARAMETER } from '../hanko.constants.js';
import type { Handler } from './handlers.js';
import * as nest from './nest-metadata.js';

/** Which decorators of ours a handler's parameters bear: `@CurrentUser()`, `@SessionToken()`. */
export function ourParameters({ owner, method }: Handler): readonly string[] {
  const parameters = (nest.metadata(nest.PARAMETERS, owner, method) ?? {}) as Readonly<
    Record<string, { readonly pipes?: readonly unknown[] }>
  >;
  const names = Object.values(parameters).flatMap(({ pipes = [] }) => pipes.map(brandOf));
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Also of pipes of another copy of this package. */
function brandOf(pipe: unknown): string | undefined {
  if (typeof pipe !== 'function') return undefined;
  const prototype = pipe.prototype as { readonly [HANKO_PARAMETER]?: string } | undefined;
  return prototype?.[HANKO_PARAMETER];
}
