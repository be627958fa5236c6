import { RecentMap } from '../util/recent-map.js';

/** Bounds the memory for deliveries, in each half of it. */
const MAX_HALF = 100_000;

/** The outcome of a delivery so far. */
export interface Delivery<Response> {
  /** The response to Hanko; null if nothing is under way and not everything was done. */
  response: Promise<Response> | null;
  /** Ids of handlers that succeeded: they are not called again. */
  readonly done: Set<string>;
}

/** Deliveries of each tenant by itself: one that sends many makes no other's be forgotten. */
export class DeliveriesOfTenants<Response> {
  private readonly tenants = new Map<string | undefined, Deliveries<Response>>();
  private sweptAt: number;

  /** @param ageMs milliseconds. */
  constructor(
    private readonly ageMs: number,
    private readonly now: () => number,
  ) {
    this.sweptAt = now();
  }

  /** Deliveries that are remembered. */
  get size(): number {
    let size = 0;
    for (const deliveries of this.tenants.values()) size += deliveries.size;
    return size;
  }

  /** @param tenantId undefined in an app without tenants. */
  get(tenantId: string | undefined, id: string): Delivery<Response> | undefined {
    return this.tenants.get(tenantId)?.get(id);
  }

  /** The delivery, remembered from now on. Its signature must have been verified: anybody can make up tenants. */
  add(tenantId: string | undefined, id: string): Delivery<Response> {
    this.sweep();
    const deliveries = this.tenants.get(tenantId) ?? new Deliveries<Response>(this.ageMs, this.now);
    this.tenants.set(tenantId, deliveries);
    return deliveries.add(id);
  }

  /** Forgets tenants that have sent nothing for long. */
  private sweep(): void {
    const now = this.now();
    if (Math.abs(now - this.sweptAt) < this.ageMs) return;
    this.sweptAt = now;
    for (const [tenantId, deliveries] of this.tenants) {
      if (deliveries.isStale) this.tenants.delete(tenantId);
    }
  }
}

/**
 * Deliveries that this instance received, so that a token takes effect once. Each is remembered for at least `ageMs`.
 * Only tokens that Hanko signed are added, so forgeries take no memory.
 */
export class Deliveries<Response> {
  private readonly received: RecentMap<Delivery<Response>>;
  private turnedAt: number;
  private addedAt: number;

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
    this.turnedAt = this.addedAt = now();
  }

  get size(): number {
    return this.received.size;
  }

  /** Whether all of it can be forgotten. */
  get isStale(): boolean {
    return this.now() - this.addedAt > this.ageMs;
  }

  get(id: string): Delivery<Response> | undefined {
    return this.received.get(id);
  }

  /** The delivery, remembered from now on. */
  add(id: string): Delivery<Response> {
    const known = this.received.get(id);
    if (known !== undefined) return known;
    const age = this.now() - this.turnedAt;
    // The clock was set back: the age of known deliveries counts from now.
    if (age < 0) this.turnedAt = this.now();
    if (age >= this.ageMs || this.received.isHalfFull) {
      this.received.turnOver();
      this.turnedAt = this.now();
    }
    this.addedAt = this.now();
    const delivery: Delivery<Response> = { response: null, done: new Set() };
    this.received.set(id, delivery);
    return delivery;
  }
}
