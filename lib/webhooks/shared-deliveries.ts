import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreClient } from '../revocation/store-client.js';
import { isObject } from '../util/value-checks.js';

/** How long a claim has to stand before it counts, in milliseconds: longer than a store takes to write one. */
const SETTLES_MS = 50;

/** How often a delivery is looked at that another instance has claimed, in milliseconds. */
const POLL_MS = 100;

/** What stands in the store for a delivery. */
interface Receipt {
  /** Who calls the handlers now; empty if nobody does. */
  readonly claimedBy: string;
  /** When the claim lapses, in milliseconds since 1970. */
  readonly claimedUntil: number;
  /** Ids of handlers that succeeded, on any instance. */
  readonly done: readonly string[];
}

/** Bounds of claims and receipts, in milliseconds. */
interface Durations {
  /** How long handlers may take: then another instance may call them. */
  readonly claimMs: number;
  /** How long a delivery can come again. */
  readonly ageMs: number;
}

/**
 * Which handlers have succeeded for a delivery on any of the instances that share a store, and which instance
 * calls them now.
 *
 * A store that can only get and set has no locks. A claim counts if it still stands after a moment: of several
 * instances that claim at once the last one to write has it. Where a write takes longer than that moment two
 * can have it.
 */
export class SharedDeliveries {
  constructor(
    private readonly client: StoreClient,
    private readonly now: () => number,
    private readonly durations: Durations,
  ) {}

  /**
   * Waits until nobody else calls the handlers of this delivery, then claims it, unless all is done by then.
   * @param wanted ids of handlers.
   * @returns those that succeeded, and whether they are still to be called by us; null if another instance
   * does not come to an end.
   * @throws StoreFailure
   */
  async claim(
    id: string,
    wanted: readonly string[],
  ): Promise<{ readonly done: readonly string[]; readonly isOurs: boolean } | null> {
    const key = keyOf(id);
    const name = randomUUID();
    const { claimMs, ageMs } = this.durations;
    /* oxlint-disable no-await-in-loop -- one look after another */
    for (let waitedMs = 0; waitedMs <= claimMs + POLL_MS; waitedMs += POLL_MS) {
      const [stored] = await this.client.getMany([key]);
      const { claimedBy, claimedUntil, done } = readReceipt(stored);
      if (wanted.every((handler) => done.includes(handler))) return { done, isOurs: false };
      if (claimedBy === '' || claimedUntil <= this.now()) {
        const claimed = { claimedBy: name, claimedUntil: this.now() + claimMs, done };
        await this.client.setAndRead(key, claimed, ageMs);
        await sleep(SETTLES_MS);
        const [kept] = await this.client.getMany([key]);
        const receipt = readReceipt(kept);
        if (receipt.claimedBy === name) return { done: receipt.done, isOurs: true };
      }
      await sleep(POLL_MS);
    }
    /* oxlint-enable no-await-in-loop */
    return null;
  }

  /**
   * Notes which handlers have succeeded, and gives the claim back.
   * @throws StoreFailure
   */
  async release(id: string, done: Iterable<string>): Promise<void> {
    const key = keyOf(id);
    const [stored] = await this.client.getMany([key]);
    const all = new Set([...readReceipt(stored).done, ...done]);
    const receipt: Receipt = { claimedBy: '', claimedUntil: 0, done: [...all] };
    await this.client.setAndRead(key, { ...receipt }, this.durations.ageMs);
  }
}

const keyOf = (id: string): string => `nestjs-hanko:delivery:${id}`;

/** A store is shared, and may hold anything. */
function readReceipt(value: unknown): Receipt {
  const { claimedBy, claimedUntil, done } = isObject(value) ? value : {};
  return {
    claimedBy: typeof claimedBy === 'string' ? claimedBy : '',
    claimedUntil: Number.isFinite(claimedUntil) ? (claimedUntil as number) : 0,
    done: Array.isArray(done) ? done.filter((handler) => typeof handler === 'string') : [],
  };
}
