/** None, one, or several of something that is mostly one: one by itself takes no memory for a set. */
export type Few<T extends object> = T | Set<T> | undefined;

export function withOne<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === undefined || few === item) return item;
  return few instanceof Set ? few.add(item) : new Set([few, item]);
}

/** @returns undefined once the last one is gone. */
export function withoutOne<T extends object>(few: Few<T>, item: T): Few<T> {
  if (!(few instanceof Set)) return few === item ? undefined : few;
  few.delete(item);
  return few.size === 0 ? undefined : few;
}

export const hasOne = <T extends object>(few: Few<T>, item: T): boolean =>
  few instanceof Set ? few.has(item) : few === item;

export const countOf = (few: Few<object>): number =>
  few === undefined ? 0 : few instanceof Set ? few.size : 1;

/** Those that there are now: they may be taken out meanwhile. */
export const eachOf = <T extends object>(few: Few<T>): Iterable<T> =>
  few === undefined ? NONE : few instanceof Set ? [...few] : [few];

const NONE: readonly never[] = [];
