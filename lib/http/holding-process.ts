/** Longer than any time-out. */
const LONG_MS = 2 ** 31 - 1;

/**
 * Keeps the process running while somebody waits for a fetch that would not.
 */
export async function holdingProcess<T>(work: Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, LONG_MS);
  try {
    return await work;
  } finally {
    clearInterval(hold);
  }
}
