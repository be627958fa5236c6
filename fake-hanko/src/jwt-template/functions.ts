/** A template that cannot be filled in for this user: Hanko omits the claim, and so is done here. */
export class FillError extends Error {}

/** What a value of a template can be; an object is a struct of Hanko. */
export type Value = boolean | number | object | string | null;

type Comparison = (order: number) => boolean;

export const isTrue = (value: Value): boolean =>
  value !== null && value !== '' && value !== 0 && value !== false;

/** As Go's `print` writes it. */
export function written(value: Value): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function sameKind(a: Value, b: Value): void {
  if (typeof a !== typeof b || typeof a === 'object') {
    throw new FillError('incompatible types for comparison');
  }
}

function isEqual(a: Value, b: Value): boolean {
  sameKind(a, b);
  return a === b;
}

const compare =
  (holds: Comparison) =>
  ([a = null, b = null]: readonly Value[]): Value => {
    sameKind(a, b);
    if (typeof a === 'boolean') throw new FillError('invalid type for comparison');
    const [left, right] = [a as string, b as string];
    return holds(left < right ? -1 : left > right ? 1 : 0);
  };

/** Go puts a space between two values where neither is text. */
const printed = (values: readonly Value[]): string =>
  values
    .map((value, index) => {
      const before = values[index - 1];
      const isApart = index > 0 && typeof value !== 'string' && typeof before !== 'string';
      return (isApart ? ' ' : '') + written(value);
    })
    .join('');

function formatted([format = '', ...values]: readonly Value[]): string {
  if (typeof format !== 'string') throw new FillError('printf needs a format');
  let index = 0;
  return format.replace(/%([a-z%])/gi, (verb, letter: string) => {
    if (letter === '%') return '%';
    if (index >= values.length) return `%!${letter}(MISSING)`;
    const value = values[index++] as Value;
    if (letter === 'q') return JSON.stringify(written(value));
    if (!/[svdt]/.test(letter)) throw new FillError(`${verb} is omitted`);
    return written(value);
  });
}

function lengthOf([value = null]: readonly Value[]): number {
  // Go counts bytes.
  if (typeof value === 'string') return Buffer.byteLength(value);
  throw new FillError('len of what has no length');
}

const LIMITS: Readonly<Record<string, readonly [fewest: number, most: number]>> = {
  not: [1, 1],
  len: [1, 1],
  eq: [2, Infinity],
  printf: [1, Infinity],
  urlquery: [0, Infinity],
};

/** `and` and `or` are not here: they do not evaluate all that they are given. */
const EAGER = {
  not: ([value = null]: readonly Value[]) => !isTrue(value),
  eq: ([a = null, ...others]: readonly Value[]) => others.some((b) => isEqual(a, b)),
  ne: ([a = null, b = null]: readonly Value[]) => !isEqual(a, b),
  lt: compare((order) => order < 0),
  le: compare((order) => order <= 0),
  gt: compare((order) => order > 0),
  ge: compare((order) => order >= 0),
  len: lengthOf,
  print: printed,
  println: (values: readonly Value[]) => `${values.map(written).join(' ')}\n`,
  printf: formatted,
  urlquery: (values: readonly Value[]) =>
    encodeURIComponent(printed(values)).replaceAll('%20', '+'),
} as const;

export const FUNCTIONS: ReadonlySet<string> = new Set(['and', 'or', ...Object.keys(EAGER)]);

/** @throws FillError for values that it does not take. */
export function call(name: string, values: readonly Value[]): Value {
  const [fewest, most] =
    LIMITS[name] ?? (/^[lgn][te]$|^[lg]e$/.test(name) ? [2, 2] : [0, Infinity]);
  if (values.length < fewest || values.length > most) {
    throw new FillError(`wrong number of args for ${name}`);
  }
  return EAGER[name as keyof typeof EAGER](values);
}
