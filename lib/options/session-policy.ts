import type { ConfigurationFault } from '../errors/hanko.errors.js';
import { isObject, kindOf } from '../util/value-checks.js';
import { isOnUnavailable, ON_UNAVAILABLE_HINT, type OnUnavailable } from './on-unavailable.js';
import { type Option, wholeNumber } from './option.js';

/** Whether and how Hanko is asked if sessions are still alive. */
export interface SessionOptions {
  /**
   * Whether Hanko is asked if a session is still alive, and how often; `@RequireAuth({ session })` overrides it
   * for a route. Default `'offline'`: never, so a logout takes effect when the token expires.
   */
  readonly session?: HankoSessionPolicy;

  /** Time-out of one call that asks Hanko about a session, in milliseconds. Default 3,000, range 1 to 60,000. */
  readonly validateTimeoutMs?: number;

  /**
   * Decides about requests while Hanko does not reply, unless their session policy sets it: `'reject'` answers 503,
   * `'accept'` relies on the token alone and misses logouts; sessions known to have ended stay refused. It does not
   * apply to the store of `revocation`, which has its own. Default `'reject'`.
   */
  readonly onUnavailable?: OnUnavailable;
}

/** Sets how often Hanko is asked about each session, and how. */
export interface HankoSessionRefresh {
  /**
   * How long Hanko's reply about a session is used, in seconds: a session that has ended is refused after this time
   * at the latest. 0 calls Hanko on each request. Range 0 to 86,400.
   */
  readonly refreshSeconds: number;
  /**
   * Whether the call counts as activity of the user. True (the default) sends POST, which extends Hanko's idle
   * timeout; false sends GET, which does not.
   */
  readonly keepAlive?: boolean;
  /** Decides about requests of this policy while Hanko does not reply. Default: the module's `onUnavailable`. */
  readonly onUnavailable?: OnUnavailable;
}

/**
 * Sets whether Hanko is asked if a session is still alive. A token alone stays valid after a logout, until it
 * expires.
 *
 * - `'offline'`: Hanko is never asked.
 * - `'online'`: Hanko is asked on each request; short for `{ refreshSeconds: 0 }`.
 * - `{ refreshSeconds }`: Hanko is asked once in that time per session.
 */
export type HankoSessionPolicy = 'offline' | 'online' | HankoSessionRefresh;

/** A policy that asks. */
export interface ResolvedSessionPolicy {
  readonly refreshMs: number;
  readonly keepAlive: boolean;
  readonly onUnavailable: OnUnavailable;
}

const MAX_REFRESH_SECONDS = 86_400;
const MEMBERS: readonly string[] = ['refreshSeconds', 'keepAlive', 'onUnavailable'];

/** What is wrong with a policy that somebody wrote; empty if nothing is. */
export function sessionPolicyFaults(policy: unknown, path: string): ConfigurationFault[] {
  if (policy === 'offline' || policy === 'online') return [];
  if (!isObject(policy)) {
    return [{ path, hint: "must be 'offline', 'online' or { refreshSeconds }." }];
  }
  const { refreshSeconds, keepAlive = true, onUnavailable = 'reject' } = policy;
  const faults: ConfigurationFault[] = Object.keys(policy)
    .filter((name) => !MEMBERS.includes(name))
    .map((name) => ({
      path: `${path}.${name}`,
      hint: `is not part of a session policy. Its members are ${MEMBERS.join(', ')}.`,
    }));
  const isInRange =
    Number.isInteger(refreshSeconds) &&
    (refreshSeconds as number) >= 0 &&
    (refreshSeconds as number) <= MAX_REFRESH_SECONDS;
  if (!isInRange) {
    faults.push({
      path: `${path}.refreshSeconds`,
      hint: `must be a whole number from 0 to ${MAX_REFRESH_SECONDS} (seconds), got ${kindOf(refreshSeconds)}.`,
    });
  }
  if (typeof keepAlive !== 'boolean') {
    faults.push({ path: `${path}.keepAlive`, hint: 'must be true or false.' });
  }
  if (!isOnUnavailable(onUnavailable)) {
    faults.push({ path: `${path}.onUnavailable`, hint: ON_UNAVAILABLE_HINT });
  }
  return faults;
}

/**
 * @param policy without faults.
 * @param onUnavailable the module's.
 * @returns null for a policy that never asks.
 */
export function resolveSessionPolicy(
  policy: HankoSessionPolicy,
  onUnavailable: OnUnavailable,
): ResolvedSessionPolicy | null {
  if (policy === 'offline') return null;
  const written = policy === 'online' ? { refreshSeconds: 0 } : policy;
  return {
    refreshMs: written.refreshSeconds * 1000,
    keepAlive: written.keepAlive ?? true,
    onUnavailable: written.onUnavailable ?? onUnavailable,
  };
}

export const isSamePolicy = (
  a: ResolvedSessionPolicy | null,
  b: ResolvedSessionPolicy | null,
): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.refreshMs === b.refreshMs &&
    a.keepAlive === b.keepAlive &&
    a.onUnavailable === b.onUnavailable);

/** @returns unresolved: `onUnavailable` of the module stands beside it. */
const session: Option<HankoSessionPolicy> = {
  needs: 'apiUrl',
  read: ({ value = 'offline', path, fault }) => {
    for (const { path: at, hint } of sessionPolicyFaults(value, path)) {
      fault(hint, at.slice(path.length));
    }
    return value as HankoSessionPolicy;
  },
};

const onUnavailable: Option<OnUnavailable> = {
  read: ({ value = 'reject', fault }) => {
    if (!isOnUnavailable(value)) fault(ON_UNAVAILABLE_HINT);
    return value as OnUnavailable;
  },
};

export const sessionOptions = {
  session,
  validateTimeoutMs: wholeNumber([3_000, 1, 60_000], 'apiUrl'),
  onUnavailable,
};
