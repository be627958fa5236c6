import type { ConfigurationFault } from '../errors/hanko.errors.js';
import { readNumbers, REVOCATION_NUMBERS } from './numbers.js';
import { isOnUnavailable, ON_UNAVAILABLE_HINT, type OnUnavailable } from './session-policy.js';
import { isFunction, isObject } from '../util/value-checks.js';

/**
 * Where several instances share what one of them learned: a `Keyv` (5 or later) with any adapter (Redis,
 * Valkey, Postgres, …), or anything else with these methods.
 *
 * A store that fails has to throw, or to emit `error`: Keyv emits, and returns undefined as if there were
 * nothing.
 */
export interface RevocationStore {
  /**
   * Reads several values at once.
   * @returns one value for each key, in their order; undefined or null for what it does not have.
   */
  getMany(keys: string[]): Promise<readonly unknown[]>;
  /**
   * Keeps a value, which is JSON; it resolves when it is kept.
   * @param ttlMs milliseconds after which the value may be forgotten.
   */
  set(key: string, value: unknown, ttlMs: number): Promise<unknown>;
  /** Keyv's. */
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  /**
   * Calls the listener for each value that another instance has set, as soon as it can. Optional: with it
   * `revoked$` tells of those at once, and not only when a request comes for them.
   * @returns what ends it.
   */
  subscribe?(listener: (key: string, value: unknown) => void): () => void;
}

/** Members of the option `revocation`. */
export interface RevocationOptions {
  /** Shared by all instances. Default none: each instance knows what it was told itself, until it restarts. */
  readonly store?: RevocationStore;
  /**
   * How old the store's last answer about a session may be, in seconds: what one instance learned holds on
   * all within this time. 0 asks on each request. Default 1, range 0 to 60.
   */
  readonly maxAgeSeconds?: number;
  /**
   * Longest life of a session, in seconds: how long a revoked user is remembered. At least the server's
   * `session.lifespan`. Default 2,678,400 (31 days), range 60 to 31,622,400.
   */
  readonly maxSessionLifetimeSeconds?: number;
  /** What requests get while the store does not answer. Default: the module's `onUnavailable`. */
  readonly onUnavailable?: OnUnavailable;
}

/** The same with defaults, checked. */
export interface ResolvedRevocationOptions {
  readonly store: RevocationStore | null;
  readonly maxAgeSeconds: number;
  readonly maxSessionLifetimeSeconds: number;
  readonly onUnavailable: OnUnavailable;
}

const MEMBERS: readonly string[] = ['store', ...Object.keys(REVOCATION_NUMBERS), 'onUnavailable'];

/** @param fault told of each that is wrong. */
export function readRevocationOptions(
  written: unknown,
  onUnavailableOfModule: OnUnavailable,
  fault: (fault: ConfigurationFault) => void,
): ResolvedRevocationOptions {
  const options = isObject(written) ? written : {};
  if (!isObject(written)) {
    fault({ path: 'revocation', hint: `must be an object with ${MEMBERS.join(', ')}.` });
  }
  for (const name of Object.keys(options)) {
    if (MEMBERS.includes(name)) continue;
    fault({
      path: `revocation.${name}`,
      hint: `is not an option: there are ${MEMBERS.join(', ')}.`,
    });
  }
  const { store, onUnavailable = onUnavailableOfModule } = options;
  if (store !== undefined && !isStore(store)) {
    fault({
      path: 'revocation.store',
      hint: 'must be a Keyv (5 or later), or a RevocationStore: an object with getMany(keys) and set(key, value, ttlMs).',
    });
  }
  if (options.onUnavailable !== undefined && !isOnUnavailable(onUnavailable)) {
    fault({ path: 'revocation.onUnavailable', hint: ON_UNAVAILABLE_HINT });
  }
  const numbers = readNumbers(options, REVOCATION_NUMBERS, (name, hint) =>
    fault({ path: `revocation.${name}`, hint }),
  );
  return {
    store: (store as RevocationStore | undefined) ?? null,
    onUnavailable: onUnavailable as OnUnavailable,
    ...numbers,
  };
}

/** By shape: a Keyv may be of any version or realm. */
const isStore = (value: unknown): boolean =>
  isObject(value) && isFunction(value.getMany) && isFunction(value.set);
