import { isObject } from '../util/value-checks.js';
import { readNumbers, SIGNATURE_CACHE_NUMBERS } from './numbers.js';

/** The bounds, with their defaults; all zero = off. */
export function readSignatureCacheOptions(
  written: unknown,
  fault: (path: string, hint: string) => void,
): Record<keyof typeof SIGNATURE_CACHE_NUMBERS, number> {
  if (written === false) return { maxEntries: 0, maxBytes: 0 };
  if (!isObject(written)) {
    fault('signatureCache', 'must be { maxEntries, maxBytes }, or false to remember nothing.');
  }
  const bounds = isObject(written) ? written : {};
  for (const name of Object.keys(bounds)) {
    if (!Object.hasOwn(SIGNATURE_CACHE_NUMBERS, name)) {
      fault(`signatureCache.${name}`, 'is not an option: there are maxEntries and maxBytes.');
    }
  }
  return readNumbers(bounds, SIGNATURE_CACHE_NUMBERS, (name, hint) =>
    fault(`signatureCache.${name}`, hint),
  );
}
