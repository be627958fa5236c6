import { type JwkSet, parseJwkSet } from '../jwks/jwk-set.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { type Option, wholeNumber } from './option.js';

/** Where the keys come from that verify tokens. */
export interface JwksOptions {
  /**
   * Verification keys to use instead of fetching Hanko's: a JWK Set (RFC 7517 §5), which is pinned and makes no
   * network calls, or a {@link JwksProvider}. Default none.
   */
  readonly jwks?: JwkSet | JwksProvider;

  /** How long fetched keys are fresh, in seconds. Default 600, as Hanko's `Cache-Control` says; range 1 to 86,400. */
  readonly jwksCacheSeconds?: number;

  /**
   * An unknown `kid` causes at most one fetch in this time, in seconds, which limits what forged tokens can
   * cause. Default 30, range 1 to 3,600.
   */
  readonly jwksCooldownSeconds?: number;

  /** Time-out of one fetch of the keys, in milliseconds. Default 5,000, range 1 to 60,000. */
  readonly jwksTimeoutMs?: number;

  /** Largest accepted JWK Set, in bytes. Default 262,144, range 1,024 to 16,777,216. */
  readonly jwksMaxBytes?: number;

  /**
   * How long the keys of the last successful fetch are used while Hanko cannot be reached, in seconds since that
   * fetch. Default 86,400 (a day), range 0 to 2,678,400 (31 days).
   */
  readonly jwksStaleIfErrorSeconds?: number;
}

/** @returns null = fetched from `apiUrl`. */
const jwks: Option<JwkSet | JwksProvider | null> = {
  read: ({ value, fault }) => {
    if (value === undefined) return null;
    if (isObject(value) && isFunction(value.getKey)) return value as unknown as JwksProvider;
    const set = parseJwkSet(value);
    if (set === null) {
      fault('must be a JWK Set { keys: […] } or a JwksProvider: an object with getKey(kid).');
      return null;
    }
    for (const { index, fault: problem } of set.faults) fault(`${problem}.`, `.keys[${index}]`);
    const kids = set.usable.map(({ kid }) => kid);
    if (new Set(kids).size < kids.length) {
      fault('must not have two keys with the same "kid".', '.keys');
    }
    if (set.usable.length + set.faults.length === 0) fault('must not be empty.', '.keys');
    return value as JwkSet;
  },
};

export const jwksOptions = {
  jwks,
  jwksCacheSeconds: wholeNumber([600, 1, 86_400], 'fetchedKeys'),
  jwksCooldownSeconds: wholeNumber([30, 1, 3_600], 'fetchedKeys'),
  jwksTimeoutMs: wholeNumber([5_000, 1, 60_000], 'fetchedKeys'),
  jwksMaxBytes: wholeNumber([262_144, 1_024, 16_777_216], 'fetchedKeys'),
  jwksStaleIfErrorSeconds: wholeNumber([86_400, 0, 2_678_400], 'fetchedKeys'),
};
