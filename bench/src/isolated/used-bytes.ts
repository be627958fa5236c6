/** What is alive on the heap and in buffers. */
export function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error('node was started without --expose-gc');
  // The second one takes what the first one's finalizers let go.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
