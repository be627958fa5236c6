import { EventEmitter } from 'node:events';
import { Keyv, KeyvHooks } from 'keyv';
import type { RevocationStore } from 'nestjs-hanko';
import { expect } from 'vitest';
import type { Answer } from './app.js';

/**
 * How an adapter fails: `throws` as most do; `emits`, and says that there is nothing, as Redis' does;
 * `hangs` as one whose server has gone.
 */
export type StoreFault = 'throws' | 'emits' | 'hangs';

type Kept = ReadonlyMap<string, string>;

/** Keyv's own adapter, a Map, that fails when it is told to. */
class FaultyAdapter extends EventEmitter {
  opts = {};
  namespace?: string;
  fault: StoreFault | null = null;
  private readonly map = new Map<string, string>();

  /** What it holds, whatever its fault. */
  get kept(): Kept {
    return this.map;
  }

  get(key: string): Promise<string | undefined> {
    return this.act(() => this.map.get(key));
  }

  set(key: string, value: string): Promise<boolean | undefined> {
    return this.act(() => Boolean(this.map.set(key, value)));
  }

  delete(key: string): Promise<boolean | undefined> {
    return this.act(() => this.map.delete(key));
  }

  clear(): Promise<void> {
    return this.act(() => this.map.clear());
  }

  protected async act<T>(act: () => T): Promise<T | undefined> {
    if (this.fault === 'hangs') return new Promise<never>(() => undefined);
    const error = new Error('connect ECONNREFUSED redis://:secret@10.0.0.1');
    if (this.fault === 'throws') throw error;
    if (this.fault === null) return act();
    this.emit('error', error);
    return undefined;
  }
}

/** The same with a `getMany` of its own, as those of Redis, Postgres and others have. */
class FaultyAdapterOfMany extends FaultyAdapter {
  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    const values = await this.act(() => keys.map((key) => this.kept.get(key)));
    return values ?? keys.map(() => undefined);
  }
}

/** A Keyv whose adapter can fail, and that counts what it is asked and told. */
export class FaultyStore {
  questions: string[][] = [];
  /** The `ttl` of each revocation that was set, in milliseconds. */
  ttls: number[] = [];
  private readonly adapter: FaultyAdapter;
  private readonly keyv: Keyv;

  /** @param hasGetMany whether its adapter has; if not, Keyv asks it key by key. */
  constructor({ hasGetMany = true, emitErrors = true } = {}) {
    this.adapter = hasGetMany ? new FaultyAdapterOfMany() : new FaultyAdapter();
    this.keyv = new Keyv(this.adapter, { emitErrors });
    this.keyv.hooks.addHandler(KeyvHooks.PRE_GET_MANY, ({ keys }: { keys: string[] }) => {
      this.questions.push(keys);
    });
    this.keyv.hooks.addHandler(KeyvHooks.PRE_SET, ({ key, ttl }: { key: string; ttl: number }) => {
      if (key.includes(':revoked-')) this.ttls.push(ttl);
    });
  }

  /** What an app is given: a real Keyv. */
  get store(): RevocationStore {
    return this.keyv;
  }

  get kept(): Kept {
    return this.adapter.kept;
  }

  break(fault: StoreFault): void {
    this.adapter.fault = fault;
  }

  recover(): void {
    this.adapter.fault = null;
  }
}

/** What a caller is told while the store does not answer: all of it. */
export function expectStoreDown({ status, body, headers }: Answer): void {
  expect({ status, body, retryAfter: headers['retry-after'] }).toEqual({
    status: 503,
    body: {
      statusCode: 503,
      code: 'hanko_unavailable',
      message: 'The store of ended sessions cannot be reached, try again later',
    },
    retryAfter: '1',
  });
  expect(headers).not.toHaveProperty('www-authenticate');
}
