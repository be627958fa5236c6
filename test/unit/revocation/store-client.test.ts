import { inspect } from 'node:util';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RevocationStore } from '../../../lib/options/revocation-options.js';
import { StoreClient } from '../../../lib/revocation/store-client.js';
import { gate, SECRET, settled, SharedStore, START } from '../../support/revocation.js';
import { TestClock } from '../../support/verifier.js';

const TTL = 60_000;

let clock: TestClock;

beforeEach(() => {
  clock = new TestClock(START);
});

afterEach(() => {
  for (const client of opened.splice(0)) client.close();
  vi.useRealTimers();
});

const opened: StoreClient[] = [];

const guard = (store: unknown): StoreClient => {
  const client = new StoreClient(store as RevocationStore, clock.now);
  opened.push(client);
  return client;
};

/** What stands there afterwards. */
const keep = async (client: StoreClient, key: string, value: object): Promise<unknown> => {
  const [kept] = await client.setAndRead(key, value as Record<string, unknown>, TTL);
  return kept;
};

/** What it failed with, and that this shows nothing of the store. */
async function failureOf(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => expect.unreachable('it did not fail'),
    (thrown: unknown) => thrown as Error,
  );
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  expect(error.name).toBe('StoreFailure');
  return error.message;
}

const LEFT_ALONE = 'is left alone for now';
const CANARY = 'nestjs-hanko:canary';
const FAILED = 'The revocation store failed';

/** An adapter of Keyv as many are, that fails as it is told. */
function adapter(fails: { get?: boolean; getMany?: boolean; set?: boolean } = {}) {
  const map = new Map<string, unknown>();
  const unless = (isFailing: boolean | undefined): void => {
    if (isFailing) throw new Error(SECRET);
  };
  return {
    opts: {},
    namespace: undefined,
    fails,
    async get(key: string) {
      unless(fails.get);
      return map.get(key);
    },
    async getMany(keys: string[]) {
      unless(fails.getMany);
      return keys.map((key) => map.get(key));
    },
    async set(key: string, value: unknown) {
      unless(fails.set);
      map.set(key, value);
      return true;
    },
    async delete(key: string) {
      return map.delete(key);
    },
    async clear() {
      map.clear();
    },
    on() {
      return this;
    },
  };
}

const keyvOf = (store: object, options: object = {}): Keyv =>
  new Keyv({ ...options, store: store as KeyvStoreAdapter });

describe('a Keyv that is well', () => {
  it.each([
    ['with nothing else', () => new Keyv()],
    ['with a Map', () => new Keyv(new Map())],
    ['with an adapter', () => keyvOf(adapter())],
    ['with an adapter that reads one by one', () => keyvOf({ ...adapter(), getMany: undefined })],
    ['with a namespace', () => new Keyv({ namespace: 'app' })],
    ['that throws its errors', () => keyvOf(adapter(), { throwOnErrors: true })],
  ])('keeps values, and has none for other keys: %s', async (_, create) => {
    const store = guard(create());
    await keep(store, 'a', { until: 1 });
    await keep(store, 'c', { until: 3 });

    expect(await store.getMany(['a', 'b', 'c'])).toEqual([{ until: 1 }, undefined, { until: 3 }]);
    expect(store).toMatchObject({ isFailing: false, failedAt: null });
  });

  it('writes over what was there', async () => {
    const store = guard(new Keyv());
    await keep(store, 'a', { until: 1 });
    await keep(store, 'a', { until: 2 });

    expect(await store.getMany(['a'])).toEqual([{ until: 2 }]);
  });
});

describe('a Keyv whose adapter throws', () => {
  it.each([
    ['reading many', () => adapter({ getMany: true })],
    ['reading one by one', () => ({ ...adapter({ get: true }), getMany: undefined })],
  ])('does not say that there is nothing: %s', async (_, create) => {
    const store = guard(keyvOf(create()));

    expect(await failureOf(store.getMany(['a', 'b']))).toBe(FAILED);
    expect(store).toMatchObject({ isFailing: false, failedAt: START });
  });

  it('does not say so where it keeps its errors to itself', async () => {
    const silent = keyvOf({ ...adapter({ get: true }), getMany: undefined }, { emitErrors: false });

    expect(await failureOf(guard(silent).getMany(['a']))).toBe(FAILED);
  });

  it('does not say so where the adapter emits only, and the Keyv keeps that to itself', async () => {
    const told: ((error: Error) => void)[] = [];
    const emitting = {
      ...adapter(),
      on: (_: 'error', listener: (error: Error) => void) => told.push(listener),
      getMany: async (keys: string[]) => {
        for (const tell of told) tell(new Error(SECRET));
        return keys.map(() => undefined);
      },
    };

    expect(await failureOf(guard(keyvOf(emitting, { emitErrors: false })).getMany(['a']))).toBe(
      FAILED,
    );
  });

  it('has not kept a value', async () => {
    const store = guard(keyvOf(adapter({ set: true })));

    expect(await keep(store, 'a', {})).toBeUndefined();
  });

  it('has not kept a value that replaces another', async () => {
    const own = adapter();
    const store = guard(keyvOf(own));
    await keep(store, 'a', { until: 1 });
    own.fails.set = true;

    expect(await keep(store, 'a', { until: 2 })).toEqual({ until: 1 });
  });

  it('has not kept a value that cannot be read back', async () => {
    const store = guard(keyvOf(adapter({ getMany: true })));

    expect(await failureOf(keep(store, 'a', {}))).toBe(FAILED);
  });

  it('throws as it is told to, which is the same', async () => {
    const store = guard(keyvOf(adapter({ set: true }), { throwOnErrors: true }));

    expect(await failureOf(keep(store, 'a', {}))).toBe(FAILED);
  });

  it('is well again afterwards, and what failed is remembered', async () => {
    const own = adapter({ getMany: true });
    const store = guard(keyvOf(own));
    await failureOf(store.getMany(['a']));
    own.fails.getMany = false;
    clock.advance(5);

    expect(await store.getMany(['a'])).toEqual([undefined]);
    expect(store).toMatchObject({ isFailing: false, failedAt: START });
  });
});

describe('a store that emits errors', () => {
  class Emitting extends SharedStore {
    private readonly errorListeners: ((error: unknown) => void)[] = [];
    on(_event: 'error', listener: (error: unknown) => void): void {
      this.errorListeners.push(listener);
    }
    emit(): void {
      for (const listener of this.errorListeners) listener(new Error(SECRET));
    }
  }

  it('puts again what is under way then, with an entry that has to be there, and fails nobody', async () => {
    const own = new Emitting();
    own.values.set('a', '{"until":1}');
    const store = guard(own);
    const { passed, open } = gate();
    own.gate = passed;
    const all = Promise.all([
      store.getMany(['a']),
      store.getMany(['b']),
      keep(store, 'c', { n: 1 }),
    ]);
    own.emit();
    open();

    expect(await all).toEqual([[{ until: 1 }], [undefined], { n: 1 }]);
    expect(own.reads.filter((keys) => keys.includes(CANARY)).length).toBeGreaterThan(0);
    expect(store.failedAt).toBeNull();
  });

  it('fails what was asked where it says then that there is nothing at all', async () => {
    const own = new Emitting();
    own.getMany = async (keys: string[]) => {
      own.emit();
      return keys.map(() => undefined);
    };
    const store = guard(own);

    expect(await failureOf(store.getMany(['a']))).toBe(FAILED);
  });

  it('does not fail what is asked later', async () => {
    const own = new Emitting();
    const store = guard(own);
    own.emit();

    expect(await store.getMany(['a'])).toEqual([undefined]);
    expect(store.isFailing).toBe(false);
  });
});

describe('a store that hangs', () => {
  it.each([
    ['a question', (store: StoreClient) => store.getMany(['a'])],
    ['a revocation', (store: StoreClient) => keep(store, 'a', {})],
  ])('fails after a second: %s', async (_, act) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const own = new SharedStore();
    own.gate = new Promise(() => undefined);
    const store = guard(own);
    const outcomes: string[] = [];
    const acting = failureOf(act(store)).then((message) => outcomes.push(message));

    await vi.advanceTimersByTimeAsync(999);
    expect(outcomes).toEqual([]);

    await vi.advanceTimersByTimeAsync(1);
    await acting;
    expect(outcomes).toEqual([FAILED]);
    expect(store.failedAt).toBe(START);
  });

  it('and answers in vain afterwards does no harm', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const own = new SharedStore();
    const { passed, open } = gate();
    own.gate = passed;
    own.failure = new Error(SECRET);
    const store = guard(own);
    const acting = failureOf(store.getMany(['a']));
    await vi.advanceTimersByTimeAsync(1_000);
    await acting;
    open();
    await settled();
    own.failure = null;

    expect(await store.getMany(['a'])).toEqual([undefined]);
  });

  it('leaves no timer behind when it answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const own = new SharedStore();
    await guard(own).getMany(['a']);
    own.failure = new Error(SECRET);
    await failureOf(guard(own).getMany(['a']));

    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a store that is none', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an object', {}],
    ['a text as long as the question', 'ab'],
    ['an object that looks like a list', { length: 2, 0: null, 1: null }],
    ['a list that is too short', [undefined]],
    ['a list that is too long', [undefined, undefined, undefined]],
    ['an empty list', []],
  ])('fails when it answers with %s', async (_, values) => {
    const store = guard({ getMany: async () => values, set: async () => true });

    expect(await failureOf(store.getMany(['a', 'b']))).toBe(FAILED);
  });

  it('may have a member of Keyv’s name that is none', async () => {
    for (const member of [null, undefined, 5, 'redis', {}, () => undefined]) {
      const values = new Map<string, unknown>();
      const store = guard({
        store: member,
        getMany: async (keys: string[]) => keys.map((key) => values.get(key)),
        set: async (key: string, value: unknown) => values.set(key, value),
      });

      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await store.getMany(['a'])).toEqual([undefined]);
    }
  });

  it('may answer at once, without a promise', async () => {
    const store = guard({ getMany: () => [1, null], set: () => undefined });

    expect(await store.getMany(['a', 'b'])).toEqual([1, null]);
  });

  it('fails when it throws at once', async () => {
    const store = guard({
      getMany: () => {
        throw new Error(SECRET);
      },
    });

    expect(await failureOf(store.getMany(['a']))).toBe(FAILED);
  });
});

describe('a store that fails again and again', () => {
  let own: SharedStore;
  let store: StoreClient;

  beforeEach(() => {
    own = new SharedStore();
    own.failure = new Error(SECRET);
    store = guard(own);
  });

  async function fail(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await failureOf(store.getMany(['a']))).toBe(FAILED);
    }
  }

  it('is left alone after three failures, by revocations too', async () => {
    await fail(3);

    expect(await failureOf(store.getMany(['a']))).toBe(LEFT_ALONE);
    expect(await failureOf(keep(store, 'a', {}))).toBe(LEFT_ALONE);
    expect(own.questions).toHaveLength(3);
    expect(own.writes).toHaveLength(0);
    expect(store.isFailing).toBe(true);
  });

  it('is not left alone after two, nor after three with an answer among them', async () => {
    await fail(2);
    expect(store.isFailing).toBe(false);
    own.failure = null;
    await store.getMany(['a']);
    own.failure = new Error(SECRET);
    await fail(2);

    expect(store.isFailing).toBe(false);
  });

  it('is asked once after a second, and left alone for two if that fails', async () => {
    await fail(3);
    clock.advanceMs(999);
    expect(await failureOf(store.getMany(['a']))).toBe(LEFT_ALONE);

    clock.advanceMs(1);
    await fail(1);
    clock.advanceMs(1_999);
    expect(await failureOf(store.getMany(['a']))).toBe(LEFT_ALONE);
    expect(own.questions).toHaveLength(4);
    expect(store.failedAt).toBe(START + 1_000);
  });

  it('is asked by one while many want to', async () => {
    await fail(3);
    clock.advance(1);
    const messages = await Promise.all(
      Array.from({ length: 100 }, () => failureOf(store.getMany(['a']))),
    );

    expect(own.questions).toHaveLength(4);
    expect(messages.filter((message) => message === FAILED)).toHaveLength(1);
  });

  it('is asked by everybody again as soon as it answers', async () => {
    await fail(3);
    clock.advance(1);
    own.failure = null;
    await store.getMany(['a']);
    await Promise.all(Array.from({ length: 100 }, () => store.getMany(['a'])));

    expect(own.questions).toHaveLength(104);
    expect(store.isFailing).toBe(false);
  });

  it('is tried in the background, so that it recovers without a question', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await fail(3);
    clock.advance(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.isFailing).toBe(true);

    own.failure = null;
    clock.advance(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(store.isFailing).toBe(false);
    expect(own.questions).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not tried any more once the app has stopped', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await fail(3);
    store.close();

    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a store that fails for one entry only', () => {
  it('fails whoever needs that entry, as often as they ask, and nobody else', async () => {
    const own = new SharedStore();
    const read = own.getMany.bind(own);
    own.getMany = async (keys: string[]) => {
      if (keys.includes('rotten')) throw new SyntaxError(SECRET);
      return read(keys);
    };
    const store = guard(own);
    for (let n = 0; n < 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await failureOf(store.getMany(['rotten']))).toBe(FAILED);
    }

    expect(store.isFailing).toBe(false);
    expect(await store.getMany(['a'])).toEqual([undefined]);
  });
});
