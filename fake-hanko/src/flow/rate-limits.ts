import { BoundedMap } from './bounded-map.js';
import { parseDuration } from '../config/duration.js';
import type { HankoConfig } from '../config/schema.js';

/** The part of the configuration that says how often what may be tried. */
const LIMITS = {
  password: 'password_limits',
  passcode: 'passcode_limits',
  totp: 'otp_limits',
  token: 'token_limits',
} as const;
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
    private readonly config: HankoConfig['rate_limiter'],
  ) {}

  /** @returns null if it may be tried, else the seconds until it may be tried again. */
  take(what: keyof typeof LIMITS, whose: string): number | null {
    if (!this.config.enabled) return null;
    const { tokens, interval: duration } = this.config[LIMITS[what]];
    const intervalMs = parseDuration(duration) ?? 0;
    const now = this.now();
    const key = `${what}/${whose}`;
    const bucket = this.buckets.get(key) ?? { start: now, interval: 0, left: tokens };
    const interval = Math.floor((now - bucket.start) / intervalMs);
    if (interval > bucket.interval) Object.assign(bucket, { interval, left: tokens });
    this.buckets.set(key, bucket);
    if (bucket.left > 0) {
      bucket.left -= 1;
      return null;
    }
    const refilledAt = bucket.start + (bucket.interval + 1) * intervalMs;
    // Whole seconds, of a time in which the answer is already under way.
    return Math.floor((refilledAt - now - 1) / 1000);
  }
}
