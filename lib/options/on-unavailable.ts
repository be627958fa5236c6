/**
 * Decision about a request while it cannot be known whether its session has ended: `'reject'` responds with 503,
 * `'accept'` allows every valid token.
 */
export type OnUnavailable = 'reject' | 'accept';

export const ON_UNAVAILABLE_HINT = "must be 'reject' or 'accept'.";

export const isOnUnavailable = (value: unknown): value is OnUnavailable =>
  value === 'reject' || value === 'accept';
