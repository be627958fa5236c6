import { isFunction, isObject } from '../util/value-checks.js';
import { isOnUnavailable, ON_UNAVAILABLE_HINT, type OnUnavailable } from './on-unavailable.js';
import { type Limits, type Option, readNumbers } from './option.js';

/**
 * Shares revocations between instances: a `Keyv` (5 or later) with any adapter (Redis, Valkey, Postgres, …), or
 * anything else with these methods.
 *
 * A store that fails must reject or emit `error`. Keyv emits, and returns undefined as if it had found nothing.
 */
export interface RevocationStore {
  /**
   * Reads several values at once.
   * @returns one value for each key, in their order; undefined or null for what it does not have.
   */
  getMany(keys: string[]): Promise<readonly unknown[]>;
  /**
   * Stores a JSON value. Resolves when it is stored.
   * @param ttlMs milliseconds after which the value may be forgotten.
   */
  set(key: string, value: unknown, ttlMs: number): Promise<unknown>;
  /** Reports failures that do not reject, as Keyv does. */
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  /**
   * Calls the listener for each value that another instance has set, as soon as it can. Optional: with it
   * `revoked$` emits those at once, and not only when a request comes for them.
   * @returns a function that ends the subscription, or a promise of it, which resolves once the subscription has begun.
   * If it fails, or returns anything else, that is logged, and the store is read as one that does not tell.
   */
  subscribe?(listener: (key: string, value: unknown) => void): (() => void) | Promise<() => void>;
}

/** Configures how revoked sessions are remembered and shared: the option `revocation`. */
export interface RevocationOptions {
  /** Shared by all instances. Default none: each instance knows only its own revocations, until it restarts. */
  readonly store?: RevocationStore;
  /**
   * Maximum age of the store's last reply about a session, in seconds: a revocation takes effect on all instances
   * within this time. 0 reads the store on each request. Default 1, range 0 to 60.
   */
  readonly maxAgeSeconds?: number;
  /**
   * Longest life of a session, in seconds, which is how long a revoked user is remembered. It must be at least the
   * server's `session.lifespan`. Default 2,678,400 (31 days), range 60 to 31,622,400.
   */
  readonly maxSessionLifetimeSeconds?: number;
  /**
   * Decides about requests while the store does not reply: `'reject'` answers 503, `'accept'` relies on the
   * revocations that this instance knows. Default `'reject'`, also if the module's `onUnavailable` is `'accept'`.
   */
  readonly onUnavailable?: OnUnavailable;
}

/** Checked, with defaults. */
export interface ResolvedRevocationOptions {
  readonly store: RevocationStore | null;
  readonly maxAgeSeconds: number;
  readonly maxSessionLifetimeSeconds: number;
  readonly onUnavailable: OnUnavailable;
}

/** @internal */
export const REVOCATION_LIMITS = {
  maxAgeSeconds: [1, 0, 60],
  maxSessionLifetimeSeconds: [2_678_400, 60, 31_622_400],
} as const satisfies Readonly<Record<string, Limits>>;

const MEMBERS: readonly string[] = ['store', ...Object.keys(REVOCATION_LIMITS), 'onUnavailable'];

export const revocationOption: Option<ResolvedRevocationOptions> = {
  read: ({ value: written = {}, fault }) => {
    const options = isObject(written) ? written : {};
    if (!isObject(written)) fault(`must be an object with ${MEMBERS.join(', ')}.`);
    for (const name of Object.keys(options)) {
      if (MEMBERS.includes(name)) continue;
      fault(`is not an option. The options are ${MEMBERS.join(', ')}.`, `.${name}`);
    }
    const { store, onUnavailable = 'reject' } = options;
    if (store !== undefined && !isStore(store)) {
      fault(
        'must be a Keyv (5 or later), or a RevocationStore: an object with getMany(keys) and set(key, value, ttlMs).',
        '.store',
      );
    }
    if (!isOnUnavailable(onUnavailable)) fault(ON_UNAVAILABLE_HINT, '.onUnavailable');
    const numbers = readNumbers(options, REVOCATION_LIMITS, (name, hint) =>
      fault(hint, `.${name}`),
    );
    return {
      store: (store as RevocationStore | undefined) ?? null,
      onUnavailable: onUnavailable as OnUnavailable,
      ...numbers,
    };
  },
};

/** By shape: a Keyv may be of any version or realm. */
const isStore = (value: unknown): boolean =>
  isObject(value) && isFunction(value.getMany) && isFunction(value.set);
