import { isObject } from '../value-checks.js';
import type { HankoClaims } from './hanko-claims.js';

/** How deep paths reach, for the compiler's sake. */
type Deeper = { readonly 4: 3; readonly 3: 2; readonly 2: 1; readonly 1: 0 };

type PathIn<Value, Depth> = Depth extends keyof Deeper
  ? Value extends readonly unknown[] | ((...input: never) => unknown)
    ? never
    : Value extends object
      ? {
          [Name in keyof Value & string]:
            Name | `${Name}.${PathIn<NonNullable<Value[Name]>, Deeper[Depth]>}`;
        }[keyof Value & string]
      : never
  : never;

/**
 * A claim that {@link HankoClaims} declares, or a member of one, up to four names deep, with dots in between:
 * `role`, `org.plan`.
 */
export type HankoClaimPath = PathIn<HankoClaims, 4>;

type ValueIn<Value, Path> = Path extends keyof Value
  ? Value[Path]
  : Path extends `${infer Name}.${infer Rest}`
    ? Name extends keyof Value
      ? | ValueIn<NonNullable<Value[Name]>, Rest>
        | (undefined extends Value[Name] ? undefined : never)
      : never
    : never;

/** What {@link HankoClaims} declares at a path. */
export type HankoClaimAt<Path extends HankoClaimPath> = ValueIn<HankoClaims, Path>;

/**
 * The claim at a path; undefined if there is none. A claim whose own name holds dots comes first.
 * Only what the token says: nothing that JavaScript's objects have by themselves.
 */
export function claimAt(claims: HankoClaims, path: string): unknown {
  let at: unknown = claims;
  if (Object.hasOwn(claims, path)) return (claims as unknown as Record<string, unknown>)[path];
  for (const name of path.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return at;
}
