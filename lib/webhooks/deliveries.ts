/** In each of the two halves. */
const MAX_HALF = 100_000;

/**
 * Deliveries that were taken, so that a token has its effect once. Each is remembered for at least `ageMs`;
 * only what Hanko signed comes in, so forgeries take no room.
 */
export class Deliveries<Result> {
  private younger = new Map<string, Promise<Result>>();
  private older = new Map<string, Promise<Result>>();
  private turnedAt: number;

  constructor(
    private readonly ageMs: number,
    private readonly now: () => number,
  ) {
    this.turnedAt = now();
  }

  get size(): number {
    return this.younger.size + this.older.size;
  }

  get(id: string): Promise<Result> | undefined {
    return this.younger.get(id) ?? this.older.get(id);
  }

  add(id: string, result: Promise<Result>): void {
    const age = this.now() - this.turnedAt;
    // The clock was set back: how old they are is counted from now on.
    if (age < 0) this.turnedAt = this.now();
    if (age >= this.ageMs || this.younger.size >= MAX_HALF) {
      this.older = this.younger;
      this.younger = new Map();
      this.turnedAt = this.now();
    }
    this.younger.set(id, result);
  }

  /** It failed, and may come again. */
  forget(id: string): void {
    this.younger.delete(id);
    this.older.delete(id);
  }
}
