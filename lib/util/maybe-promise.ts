/**
 * A value, or a promise of it. A known value is returned synchronously, so that Nest need not await: "good bearer" of the
 * bench's scenario `guard-alone`.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Also a promise of another realm, as Jest makes them, and any other thenable. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * `value.then(onValue, onError)`, without a promise if the value is there already. As with promises,
 * `onError` does not get what `onValue` throws.
 *
 * Its name is not `then`: `import()` takes a module that exports one for a promise.
 */
export function andThen<T, U>(
  value: MaybePromise<T>,
  onValue: (value: T) => MaybePromise<U>,
  onError?: (error: unknown) => MaybePromise<U>,
): MaybePromise<U> {
  return isPromise(value) ? Promise.resolve(value).then(onValue, onError) : onValue(value);
}
