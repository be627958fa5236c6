import { isObject } from '../util/value-checks.js';
import type { HankoClaims } from './hanko-claims.js';

/** How deep paths reach, for the compiler's sake. */
type Deeper = { readonly 4: 3; readonly 3: 2; readonly 2: 1; readonly 1: 0 };

/** Names that are declared one by one, of what JSON can hold: an index signature names nothing, methods are no claims. */
type NameIn<Value> = keyof {
  [
    Name in keyof Value as string extends Name
      ? never
      : Value[Name] extends (...input: never) => unknown
        ? never
        : Name & string
  ]: true;
};

type PathIn<Value, Depth> = Depth extends keyof Deeper
  ? Value extends readonly unknown[]
    ? never
    : Value extends object
      ? {
          [Name in NameIn<Value> & keyof Value & string]:
            Name | `${Name}.${PathIn<NonNullable<Value[Name]>, Deeper[Depth]>}`;
        }[NameIn<Value> & keyof Value & string]
      : never
  : never;

/**
 * A claim that {@link HankoClaims} declares, or a member of one, up to four names deep, with dots in between:
 * `role`, `org.plan`.
 */
export type HankoClaimPath = PathIn<HankoClaims, 4>;

/** The paths of each member of a union, taken one by one. Names may hold dots. */
type ValueIn<Value, Path> = Value extends readonly unknown[]
  ? never
  : Value extends object
    ? Path extends keyof Value
      ? Value[Path]
      : {
          [Name in NameIn<Value> & keyof Value]: Path extends `${Name & string}.${infer Rest}`
            ? ValueIn<NonNullable<Value[Name]>, Rest> | AbsentIn<Value[Name]>
            : never;
        }[NameIn<Value> & keyof Value]
    : never;

type AbsentIn<Value> = undefined extends Value ? undefined : null extends Value ? undefined : never;

/** The type that {@link HankoClaims} declares for the claim at a path. */
export type HankoClaimAt<Path extends HankoClaimPath> = ValueIn<HankoClaims, Path>;

/**
 * The claim at a path; undefined if there is none. Names may hold dots themselves, as those that are URLs do:
 * the longest one comes first. Only what the token says: nothing that JavaScript's objects have by themselves.
 */
export function claimAt(claims: HankoClaims, path: string): unknown {
  return valueAt(claims, path);
}

function valueAt(at: unknown, path: string): unknown {
  if (!isObject(at)) return undefined;
  if (Object.hasOwn(at, path)) return at[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot);
    const found = Object.hasOwn(at, name) ? valueAt(at[name], path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
