import { CircuitBreaker } from '../http/circuit-breaker.js';
import { isFunction, isObject } from '../util/value-checks.js';
import type { RevocationStore } from '../options/revocation-options.js';

/** How long a store may take, in milliseconds: requests wait for it. */
const TIMEOUT_MS = 1_000;

/** How long it is left alone at most: it is ours, near, and its clients reconnect by themselves. */
const MAX_WAIT_MS = 2_000;

/** A store did not do what it was asked; why is not known or not to be told. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
}

/** What is kept: JSON that any adapter takes. */
type StoredValue = Readonly<Record<string, number>>;

const CANARY = 'nestjs-hanko:canary';
const ALIVE: StoredValue = { alive: 1 };
const CANARY_TTL_MS = 24 * 3_600_000;

/** By members, as an adapter may put them in another order; another instance may have written later times. */
const holds = (kept: unknown, value: StoredValue): boolean =>
  typeof kept === 'object' &&
  kept !== null &&
  Object.entries(value).every(([name, member]) => Number((kept as StoredValue)[name]) >= member);

/**
 * A store that fails loudly. Keyv swallows the errors of its adapter: it emits them, and a `get` returns
 * undefined as if nobody had been revoked. So an error that is emitted while something is asked counts as
 * its failure. Whatever takes longer than a second fails too, and a store that fails again and again is
 * left alone for a while.
 */
export class GuardedStore {
  private readonly circuit: CircuitBreaker;
  private readonly isReadOneByOne: boolean;
  private errors = 0;
  /** The last time it failed, in milliseconds since 1970; null if it never did. */
  failedAt: number | null = null;
  isFailing = false;

  constructor(
    private readonly store: RevocationStore,
    private readonly now: () => number,
  ) {
    this.circuit = new CircuitBreaker(now, { maxWaitMs: MAX_WAIT_MS });
    const { store: member } = store as { readonly store?: unknown };
    const adapter = isObject(member) ? (member as Partial<RevocationStore>) : undefined;
    const onError = (): void => {
      this.errors += 1;
    };
    store.on?.('error', onError);
    // A Keyv can be told not to pass on what its adapter emits.
    adapter?.on?.('error', onError);
    this.isReadOneByOne = adapter !== undefined && !isFunction(adapter.getMany);
  }

  /** @throws StoreFailure */
  getMany(keys: string[]): Promise<readonly unknown[]> {
    return this.guard(() => (this.isReadOneByOne ? this.readWithCanary(keys) : this.read(keys)));
  }

  /**
   * Resolves once the store has the value: it is read back.
   * @throws StoreFailure
   */
  set(key: string, value: StoredValue, ttlMs: number): Promise<void> {
    return this.guard(async () => {
      await this.store.set(key, value, ttlMs);
      const [kept] = await this.store.getMany([key]);
      if (!holds(kept, value)) throw new StoreFailure('not kept');
    });
  }

  subscribe(listener: (key: string, value: unknown) => void): () => void {
    return this.store.subscribe?.(listener) ?? (() => undefined);
  }

  private async read(keys: string[]): Promise<readonly unknown[]> {
    const values: unknown = await this.store.getMany(keys);
    if (!Array.isArray(values) || values.length !== keys.length) throw new StoreFailure('shape');
    return values;
  }

  /** Where the adapter reads one by one Keyv does not even emit: so a value that has to be there is read along. */
  private async readWithCanary(keys: string[]): Promise<readonly unknown[]> {
    const read = async (): Promise<readonly unknown[] | undefined> => {
      const values = await this.read([...keys, CANARY]);
      return holds(values.at(-1), ALIVE) ? values.slice(0, -1) : undefined;
    };
    const values = await read();
    if (values !== undefined) return values;
    // It is new, or was emptied.
    await this.store.set(CANARY, ALIVE, CANARY_TTL_MS);
    const again = await read();
    if (again === undefined) throw new StoreFailure('no canary');
    return again;
  }

  private async guard<T>(act: () => Promise<T>): Promise<T> {
    const isTry = this.circuit.isOpen;
    if (!this.circuit.enter()) throw new StoreFailure('left alone for a while');
    const errorsBefore = this.errors;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StoreFailure('no answer in time')), TIMEOUT_MS);
    });
    try {
      const result = await Promise.race([act(), timeout]);
      if (this.errors !== errorsBefore) throw new StoreFailure('emitted an error');
      this.circuit.succeeded();
      this.isFailing = false;
      return result;
    } catch {
      this.circuit.failed(isTry);
      this.isFailing = true;
      this.failedAt = this.now();
      // What went wrong may hold an address or a password.
      throw new StoreFailure('The revocation store failed');
    } finally {
      clearTimeout(timer);
    }
  }
}
