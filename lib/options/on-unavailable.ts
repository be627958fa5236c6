/**
 * What happens to a request while it cannot be known whether its session has ended: `'reject'` answers 503,
 * `'accept'` lets in whoever has a valid token.
 */
export type OnUnavailable = 'reject' | 'accept';

export const ON_UNAVAILABLE_HINT = "must be 'reject' or 'accept'.";

export const isOnUnavailable = (value: unknown): value is OnUnavailable =>
  value === 'reject' || value === 'accept';
