import { isObject } from '../util/value-checks.js';
import { type Limits, type Option, readNumbers } from './option.js';

/** Limits the cache of verified signatures: the option `signatureCache`. A token takes about 2.1 kB with its claims. */
export interface SignatureCacheOptions {
  /** Largest number of remembered tokens. Default 10,000, range 0 to 1,000,000. */
  readonly maxEntries?: number;
  /** Largest use of memory, in bytes, as estimated. Default 33,554,432 (32 MiB), range 0 to 1,073,741,824. */
  readonly maxBytes?: number;
}

/** @internal */
export const SIGNATURE_CACHE_LIMITS = {
  maxEntries: [10_000, 0, 1_000_000],
  maxBytes: [33_554_432, 0, 1_073_741_824],
} as const satisfies Readonly<Record<keyof SignatureCacheOptions, Limits>>;

/** The bounds, with their defaults; all zero = off. */
export const signatureCacheOption: Option<Readonly<Record<keyof SignatureCacheOptions, number>>> = {
  read: ({ value: written = {}, fault }) => {
    if (written === false) return { maxEntries: 0, maxBytes: 0 };
    if (!isObject(written))
      fault('must be { maxEntries, maxBytes }, or false to turn the cache off.');
    const bounds = isObject(written) ? written : {};
    for (const name of Object.keys(bounds)) {
      if (!Object.hasOwn(SIGNATURE_CACHE_LIMITS, name)) {
        fault('is not an option. The options are maxEntries and maxBytes.', `.${name}`);
      }
    }
    return readNumbers(bounds, SIGNATURE_CACHE_LIMITS, (name, hint) => fault(hint, `.${name}`));
  },
};
