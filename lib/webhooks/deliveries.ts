import { RecentMap } from '../util/recent-map.js';

/** In each half of what is remembered. */
const MAX_HALF = 100_000;

/**
 * Deliveries that were taken, so that a token has its effect once. Each is remembered for at least `ageMs`;
 * only what Hanko signed comes in, so forgeries take no room.
 */
export class Deliveries<Result> {
  private readonly taken = new RecentMap<Promise<Result>>(MAX_HALF);
  private turnedAt: number;

  constructor(
    private readonly ageMs: number,
    private readonly now: () => number,
  ) {
    this.turnedAt = now();
  }

  get size(): number {
    return this.taken.size;
  }

  get(id: string): Promise<Result> | undefined {
    return this.taken.get(id);
  }

  add(id: string, result: Promise<Result>): void {
    const age = this.now() - this.turnedAt;
    // The clock was set back: how old they are is counted from now on.
    if (age < 0) this.turnedAt = this.now();
    if (age >= this.ageMs || this.taken.isHalfFull) {
      this.taken.turnOver();
      this.turnedAt = this.now();
    }
    this.taken.set(id, result);
  }

  /** It failed, and may come again. */
  forget(id: string): void {
    this.taken.delete(id);
  }
}
