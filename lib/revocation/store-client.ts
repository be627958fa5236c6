import { CircuitBreaker } from '../http/circuit-breaker.js';
import type { RevocationStore } from '../options/revocation-options.js';
import { isFunction, isObject } from '../util/value-checks.js';

/** After so many failures in a row nobody waits for the store until it answers again. */
const MAX_FAILURES = 3;

/** The shortest time before the next try in the background, in milliseconds. */
const MIN_WAIT_MS = 100;

/** The longest wait between two tries, in milliseconds: a store is near, and its client reconnects by itself. */
const MAX_WAIT_MS = 2_000;

/** A store did not do what it was asked. Why is not told: its errors may hold an address or a password. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}

/** JSON that any adapter keeps. */
export type StoredValue = Readonly<Record<string, unknown>>;

/** An entry that has to be there, so that a read that finds it is known to have worked. */
const CANARY = 'nestjs-hanko:canary';
const ALIVE: StoredValue = { alive: 1 };
const CANARY_TTL_MS = 24 * 3_600_000;

const isAlive = (value: unknown): boolean => isObject(value) && value.alive === 1;

/**
 * Asks a store, and fails loudly where the store does not. Keyv swallows the errors of its adapter: it emits
 * them, and a `get` returns undefined as if nobody had been revoked. An emitted error does not say which
 * question it belongs to, so each one that is under way then is put again, together with an entry that has
 * to be there: only a read that finds it counts.
 *
 * Whatever takes longer than a second fails too. After three failures in a row the store is left alone, and
 * tried in the background until it answers.
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
    // Keyv does not even emit then.
    this.isReadOneByOne = adapter !== undefined && !isFunction(adapter.getMany);
  }

  /** Whether it is left alone for now. One failure is not enough. */
  get isFailing(): boolean {
    return this.circuit.isOpen;
  }

  /** Stops trying in the background: what is still asked while the app stops is asked. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.retry);
  }

  /** @throws StoreFailure */
  getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    return this.attempt(() => this.readSurely(keys));
  }

  /**
   * Writes a value, then reads: a store may drop a value without a word.
   * @returns what stands under `keys` afterwards.
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
    // It is new, or was emptied.
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
      // What is wrong with one entry says nothing of the store.
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

  /** So that it recovers without a request, and none has to wait to find that out. */
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
