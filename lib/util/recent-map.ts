/**
 * Remembers what was set last, bounded, in two halves: when the younger one is full it becomes the older one,
 * and what was in the older one is forgotten. So what is forgotten need not be searched for. For
 * recomputable data only: which entries are evicted is unspecified.
 */
export class RecentMap<Value> {
  private younger = new Map<string, Value>();
  private older = new Map<string, Value>();

  /** @param maxHalf entries in each half. */
  constructor(private readonly maxHalf: number) {}

  get size(): number {
    return this.younger.size + this.older.size;
  }

  /** Whether the next new entry turns it over. */
  get isHalfFull(): boolean {
    return this.younger.size >= this.maxHalf;
  }

  get(key: string): Value | undefined {
    return this.younger.get(key) ?? this.older.get(key);
  }

  set(key: string, value: Value): void {
    if (this.isHalfFull && !this.younger.has(key)) this.turnOver();
    this.older.delete(key);
    this.younger.set(key, value);
  }

  delete(key: string): void {
    this.younger.delete(key);
    this.older.delete(key);
  }

  /** Forgets the older half. */
  turnOver(): void {
    this.older = this.younger;
    this.younger = new Map();
  }
}
