import { RecentMap } from '../util/recent-map.js';

/** In each half of what is remembered. */
const MAX_HALF = 100_000;

/** What came of a delivery so far. */
export interface Delivery<Response> {
  /** What Hanko is told; null while nothing is under way and its effect is not complete. */
  response: Promise<Response> | null;
  /** Ids of handlers that succeeded: they are not called again. */
  readonly done: Set<string>;
}

/**
 * Deliveries that this instance received, so that a token has its effect once. Each is remembered for at least
 * `ageMs`; only what Hanko signed comes in, so forgeries take no room.
 */
export class Deliveries<Response> {
  private readonly received: RecentMap<Delivery<Response>>;
  private turnedAt: number;

  /**
   * @param ageMs milliseconds.
   * @param maxHalf deliveries in each half of what is remembered.
   */
  constructor(
    private readonly ageMs: number,
    private readonly now: () => number,
    maxHalf = MAX_HALF,
  ) {
    this.received = new RecentMap(maxHalf);
    this.turnedAt = now();
  }

  get size(): number {
    return this.received.size;
  }

  get(id: string): Delivery<Response> | undefined {
    return this.received.get(id);
  }

  /** The delivery, remembered from now on. */
  add(id: string): Delivery<Response> {
    const known = this.received.get(id);
    if (known !== undefined) return known;
    const age = this.now() - this.turnedAt;
    // The clock was set back: how old they are is counted from now on.
    if (age < 0) this.turnedAt = this.now();
    if (age >= this.ageMs || this.received.isHalfFull) {
      this.received.turnOver();
      this.turnedAt = this.now();
    }
    const delivery: Delivery<Response> = { response: null, done: new Set() };
    this.received.set(id, delivery);
    return delivery;
  }
}
