import { CircuitBreaker } from '../http/circuit-breaker.js';
import type { RevocationStore } from '../options/revocation-options.js';
import { isFunction, isObject } from '../util/value-checks.js';

/** Failures in a row after which requests no longer wait for the store. */
const MAX_FAILURES = 3;

/** The shortest time before the next try in the background, in milliseconds. */
const MIN_WAIT_MS = 100;

/** The longest wait between two tries, in milliseconds: a store is near, and its client reconnects by itself. */
const MAX_WAIT_MS = 2_000;

/** How long a store may take while no request waits, in milliseconds. */
const LEISURE_MS = 10_000;

/** A read or write of the store failed. It holds no cause: errors of stores may contain an address or a password. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}

/** JSON that any adapter keeps. */
export type StoredValue = Readonly<Record<string, unknown>>;

/** An entry that must be there: a read that finds it has worked. */
const CANARY = 'nestjs-hanko:canary';
const ALIVE: StoredValue = { alive: 1 };
const CANARY_TTL_MS = 24 * 3_600_000;

const isAlive = (value: unknown): boolean => isObject(value) && value.alive === 1;

/**
 * Reads and writes a store, and fails where Keyv would hide the failure: Keyv emits the errors of its adapter, and `get`
 * returns undefined as if nothing had been revoked. An emitted error does not say which read it belongs to. So every
 * read that was under way is repeated, together with an entry that must be there: only a read that finds it counts.
 *
 * A read that takes longer than a second fails too. After three failures in a row the store is only tried in the
 * background until it replies.
 */
export class StoreClient {
  private readonly circuit: CircuitBreaker;
  private readonly isReadOneByOne: boolean;
  private errors = 0;
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** How long a store may take, in milliseconds: requests wait for it. */
  timeoutMs = 1_000;
  /** The last time it failed, in milliseconds since 1970; null if it never did. */
  failedAt: number | null = null;

  constructor(
    private readonly store: RevocationStore,
    private readonly now: () => number,
  ) {
    this.circuit = new CircuitBreaker(now, { maxFailures: MAX_FAILURES, maxWaitMs: MAX_WAIT_MS });
    const { store: member } = store as { readonly store?: unknown };
    const adapter = isObject(member) ? (member as Partial<RevocationStore>) : undefined;
    const onError = (): void => {
      this.errors += 1;
    };
    store.on?.('error', onError);
    // A Keyv can be told not to pass on what its adapter emits.
    adapter?.on?.('error', onError);
    // Without `getMany` of the adapter Keyv does not even emit errors.
    this.isReadOneByOne = adapter !== undefined && !isFunction(adapter.getMany);
  }

  /** Whether requests fail without a read. One failure is not enough. */
  get isFailing(): boolean {
    return this.circuit.isOpen;
  }

  /** Stops trying in the background. Reads and writes still work while the app stops. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.retry);
  }

  /** @throws StoreFailure */
  getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return this.attempt(() => this.readSurely(keys));
  }

  /**
   * For what no request waits for: it may take longer, and how it went says nothing of how requests fare. If it fails, a read
   * as they make it finds out.
   * @throws StoreFailure
   */
  async getManyAtLeisure(keys: readonly string[]): Promise<readonly unknown[]> {
    if (this.isClosed || this.isFailing) throw new StoreFailure('is left alone for now');
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StoreFailure('no answer in time')), LEISURE_MS).unref();
    });
    try {
      return await Promise.race([this.readSurely(keys), timeout]);
    } catch {
      await this.getMany([CANARY]).catch(() => undefined);
      throw new StoreFailure('The revocation store failed');
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Writes a value, then reads it, because a store may drop a value silently.
   * @returns the values of `keys` afterwards.
   * @throws StoreFailure
   */
  setAndRead(
    key: string,
    value: StoredValue,
    ttlMs: number,
    keys: readonly string[] = [key],
  ): Promise<readonly unknown[]> {
    return this.attempt(async () => {
      await this.store.set(key, value, ttlMs);
      return this.readSurely(keys);
    });
  }

  private async readSurely(keys: readonly string[]): Promise<readonly unknown[]> {
    const errorsBefore = this.errors;
    const values = this.isReadOneByOne ? null : await this.read(keys);
    return values !== null && this.errors === errorsBefore ? values : this.readWithCanary(keys);
  }

  private async read(keys: readonly string[]): Promise<readonly unknown[]> {
    const values: unknown = await this.store.getMany([...keys]);
    if (!Array.isArray(values) || values.length !== keys.length) throw new StoreFailure('shape');
    return values;
  }

  private async readWithCanary(keys: readonly string[]): Promise<readonly unknown[]> {
    const values = await this.read([...keys, CANARY]);
    if (isAlive(values.at(-1))) return values.slice(0, -1);
    // The store is new, or was emptied.
    await this.store.set(CANARY, ALIVE, CANARY_TTL_MS);
    const again = await this.read([...keys, CANARY]);
    if (!isAlive(again.at(-1))) throw new StoreFailure('no canary');
    return again.slice(0, -1);
  }

  private async attempt<T>(act: () => Promise<T>): Promise<T> {
    const isTry = this.circuit.isOpen;
    if (!this.circuit.enter()) throw new StoreFailure('is left alone for now');
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StoreFailure('no answer in time')), this.timeoutMs);
    });
    try {
      const result = await Promise.race([act(), timeout]);
      this.succeeded();
      return result;
    } catch {
      this.failedAt = this.now();
      // A failure of one entry says nothing about the store.
      if (await this.answers(timeout)) this.succeeded();
      else this.failed(isTry);
      throw new StoreFailure('The revocation store failed');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Never rejects. */
  private answers(timeout: Promise<never>): Promise<boolean> {
    return Promise.race([this.readWithCanary([]), timeout]).then(
      () => true,
      () => false,
    );
  }

  private succeeded(): void {
    this.circuit.succeeded();
    clearTimeout(this.retry);
    this.retry = undefined;
  }

  private failed(isTry: boolean): void {
    this.circuit.failed(isTry);
    this.retryLater();
  }

  /** So the store recovers without a request, and no request has to wait to find out. */
  private retryLater(): void {
    if (!this.circuit.isOpen || this.isClosed || this.retry !== undefined) return;
    const tryAgain = (): void => {
      this.retry = undefined;
      void this.getMany([CANARY])
        .catch(() => undefined)
        .then(() => this.retryLater());
    };
    this.retry = setTimeout(tryAgain, Math.max(MIN_WAIT_MS, this.circuit.waitMs)).unref();
  }
}
