import { BoundedMap } from './bounded-map.js';

/** Per minute and key (hanko backend/config/config_default.go). */
const TOKENS = { password: 5, passcode: 3, totp: 3 } as const;
const INTERVAL_MS = 60_000;
const MAX_BUCKETS = 1000;

interface Bucket {
  readonly start: number;
  interval: number;
  left: number;
}

/**
 * How often something may be tried (hanko backend/rate_limiter/rate_limiter.go, in memory). Hanko's keys
 * hold the caller's address too; here all callers are one machine.
 */
export class RateLimits {
  private readonly buckets = new BoundedMap<string, Bucket>(MAX_BUCKETS);

  constructor(
    private readonly now: () => number,
    private readonly mode: 'on' | 'off',
  ) {}

  /** @returns null if it may be tried, else the seconds until it may be tried again. */
  take(what: keyof typeof TOKENS, whose: string): number | null {
    if (this.mode === 'off') return null;
    const now = this.now();
    const key = `${what}/${whose}`;
    const bucket = this.buckets.get(key) ?? { start: now, interval: 0, left: TOKENS[what] };
    const interval = Math.floor((now - bucket.start) / INTERVAL_MS);
    if (interval > bucket.interval) Object.assign(bucket, { interval, left: TOKENS[what] });
    this.buckets.set(key, bucket);
    if (bucket.left > 0) {
      bucket.left -= 1;
      return null;
    }
    const refilledAt = bucket.start + (bucket.interval + 1) * INTERVAL_MS;
    // Whole seconds, of a time in which the answer is already under way.
    return Math.floor((refilledAt - now - 1) / 1000);
  }
}
