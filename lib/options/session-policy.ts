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
   * What session policies do while Hanko does not reply, unless they set it themselves: `'reject'`
   * answers 503, `'accept'` goes by the token alone, except for sessions that are known to have ended: logouts
   * are missed. It does not apply to the store of `revocation`, which has its own. Default `'reject'`.
   */
  readonly onUnavailable?: OnUnavailable;
}

/** How often a route asks Hanko about each session, and how. */
export interface HankoSessionRefresh {
  /**
   * How long an answer of Hanko's holds, in seconds: a session that has ended is refused after this time
   * at the latest. 0 asks on each request. Range 0 to 86,400.
   */
  readonly refreshSeconds: number;
  /**
   * Whether asking counts as activity of the user. True (the default) asks by POST, which puts off Hanko's
   * idle timeout; false asks by GET, which does not.
   */
  readonly keepAlive?: boolean;
  /** Default: the module's `onUnavailable`. */
  readonly onUnavailable?: OnUnavailable;
}

/**
 * Whether Hanko is asked if a session is still alive: a token alone stays good after a logout, until it
 * expires.
 *
 * - `'offline'`: never.
 * - `'online'`: on each request; short for `{ refreshSeconds: 0 }`.
 * - `{ refreshSeconds }`: once in that time per session.
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
      hint: `is no part of a session policy: there are ${MEMBERS.join(', ')}.`,
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
