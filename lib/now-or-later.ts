/** What is known already comes without a promise: Nest then has nothing to wait for. */
export type NowOrLater<T> = T | Promise<T>;

/** Also a promise of another realm, as Jest makes them, and any other thenable. */
export function isLater<T>(value: NowOrLater<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * `step`, then `onValue`; `onError` gets what either throws. All of it now, if `step` knows already.
 */
export function settle<T, U>(
  step: () => NowOrLater<T>,
  onValue: (value: T) => U,
  onError: (error: unknown) => U,
): NowOrLater<U> {
  try {
    const value = step();
    return isLater(value) ? Promise.resolve(value).then(onValue).catch(onError) : onValue(value);
  } catch (error) {
    return onError(error);
  }
}
