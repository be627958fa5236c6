/**
 * What a log line says in the place of an error's `reason`: what came, and what is accepted. The error itself is published,
 * and apps show it, so it has none of that.
 */
const details = new WeakMap<object, () => string>();

/** @param detail asked only if a line is written. What callers wrote must be cut and cleaned in it. */
export function withLogDetail<E extends object>(error: E, detail: () => string): E {
  details.set(error, detail);
  return error;
}

/** Undefined if the `reason` of the error says it all. */
export const logDetailOf = (error: object): string | undefined => details.get(error)?.();
