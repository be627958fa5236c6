import { parseDuration } from './duration.js';

/** A key of Hanko's configuration. */
export interface Key<Value> {
  /** Its value where nothing is given. */
  readonly fallback: Value;
  /** @returns the value, or what it must be: Hanko takes `"5"` for 5, and one text for a list of it. */
  readonly read: (given: unknown) => { readonly value: Value } | { readonly mustBe: string };
  /** As Hanko prints it. Default: as it is. */
  readonly print?: (value: Value) => unknown;
  /** Why nothing depends on it; absent if something does. */
  readonly unused?: string;
}

/** A whole part of the configuration that nothing depends on, with whatever keys it has. */
export interface UnusedSection {
  readonly unusedSection: string;
}

/** Several sections of one form: in a list, or by name. */
export interface Many<
  Each extends Section = Section,
  Form extends 'list' | 'map' = 'list' | 'map',
> {
  readonly each: Each;
  readonly form: Form;
  readonly unused?: string;
}

export interface Section {
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly [name: string]: Section | Key<any> | Many<any, any> | UnusedSection;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A section with all its keys. */
export type Complete<S extends Section> = {
  readonly [Name in keyof S as S[Name] extends UnusedSection ? never : Name]: S[Name] extends Key<
    infer Value
  >
    ? Value
    : S[Name] extends Many<infer Each, 'list'>
      ? readonly Complete<Each>[]
      : S[Name] extends Many<infer Each, 'map'>
        ? Readonly<Record<string, Complete<Each>>>
        : S[Name] extends Section
          ? Complete<S[Name]>
          : never;
};

export const isKey = (entry: object): entry is Key<unknown> => 'fallback' in entry;

export const isUnusedSection = (entry: object): entry is UnusedSection => 'unusedSection' in entry;

export const isMany = (entry: object): entry is Many => 'each' in entry;

export const flag = (fallback: boolean): Key<boolean> => ({
  fallback,
  read: (given) =>
    typeof given === 'boolean'
      ? { value: given }
      : given === 'true' || given === 'false'
        ? { value: given === 'true' }
        : { mustBe: 'true or false' },
});

/** A whole number of at least `least`. */
export const count = (fallback: number, least = 0): Key<number> => ({
  fallback,
  read: (given) => {
    const value = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given;
    return Number.isSafeInteger(value) && (value as number) >= least
      ? { value: value as number }
      : { mustBe: `a whole number of at least ${least}` };
  },
});

export const text = (fallback = ''): Key<string> => ({
  fallback,
  read: (given) =>
    typeof given === 'string'
      ? { value: given }
      : typeof given === 'number' || typeof given === 'boolean'
        ? { value: String(given) }
        : { mustBe: 'text' },
});

export const oneOf = <const Value extends string>(
  fallback: NoInfer<Value>,
  values: readonly Value[],
): Key<Value> => ({
  fallback,
  read: (given) => {
    const value = values.find((it) => it === given);
    return value === undefined ? { mustBe: values.join(', ') } : { value };
  },
});

export const texts = (fallback: readonly string[] = []): Key<readonly string[]> => ({
  fallback,
  read: (given) => {
    const list: readonly unknown[] = Array.isArray(given) ? given : [given];
    return list.every((item) => typeof item === 'string')
      ? { value: list }
      : { mustBe: 'a list of texts' };
  },
  print: (value) => (value.length === 0 ? null : value),
});

/** A Go duration. */
export const duration = (fallback: string): Key<string> => ({
  fallback,
  read: (given) =>
    typeof given === 'string' && parseDuration(given) !== null
      ? { value: given }
      : { mustBe: 'a duration, such as 12h or 1m30s' },
});

/** A Go duration that can be given in nanoseconds too, and is printed so. */
export const nanoseconds = (fallback: string): Key<string> => ({
  fallback,
  read: (given) =>
    Number.isSafeInteger(given) && (given as number) >= 0
      ? { value: `${String(given)}ns` }
      : duration(fallback).read(given),
  print: (value) => (parseDuration(value) ?? 0) * 1e6,
});

/** Any JSON object. */
export const jsonObject = (): Key<JsonObject | null> => ({
  fallback: null,
  read: (given) =>
    typeof given === 'object' && given !== null && !Array.isArray(given)
      ? { value: given as JsonObject }
      : { mustBe: 'an object' },
  print: (value) => value ?? undefined,
});

/** A key that is checked and printed, and that nothing depends on. */
export const unused = <Value>(key: Key<Value>, why: string): Key<Value> => ({
  ...key,
  unused: why,
});

export const unusedSection = (why: string): UnusedSection => ({ unusedSection: why });
