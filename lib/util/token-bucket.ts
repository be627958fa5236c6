/** Allows so many at once, and then so many a second. */
export class TokenBucket {
  private left: number;
  private filledAt: number;

  /**
   * @param capacity how many at once.
   * @param perSecond how many come back.
   * @param now any clock that goes forward, in milliseconds.
   */
  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.left = capacity;
    this.filledAt = now();
  }

  /** @returns whether one more is allowed now. */
  take(): boolean {
    const now = this.now();
    const seconds = Math.max(0, now - this.filledAt) / 1000;
    this.filledAt = now;
    this.left = Math.min(this.capacity, this.left + seconds * this.perSecond);
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }

  /** What was taken does not count after all. */
  giveBack(): void {
    this.left = Math.min(this.capacity, this.left + 1);
  }
}
