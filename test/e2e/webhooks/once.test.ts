import { Injectable, type Provider } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import { OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, PLATFORMS } from '../../support/app.js';
import { FaultyStore } from '../../support/faulty-store.js';
import {
  expectDone,
  expectFailed,
  type ReceiverApp,
  startReceiver,
} from '../../support/webhooks.js';

let clock: FakeClock;
let hanko: FakeHanko;
let calls: string[];
/** Handlers that throw, until they are taken away. */
let failing: Set<string>;

beforeAll(async () => {
  clock = new FakeClock();
  hanko = await FakeHanko.start({ now: clock.now });
});
beforeEach(() => {
  clock.advanceSeconds(1);
  calls = [];
  failing = new Set();
});
afterAll(() => hanko.stop());

const note = (name: string): void => {
  calls.push(name);
  if (failing.has(name)) throw new Error('not today');
};

@Injectable()
class Mailer {
  @OnHankoEvent('user.create')
  welcome(): void {
    note('welcome');
  }
}

@Injectable()
class Ledger {
  @OnHankoEvent('user.create')
  async open(): Promise<void> {
    await Promise.resolve();
    note('open');
  }
}

const delivery = async (): Promise<object> => ({
  token: await hanko.webhookToken('user.create', {}),
  event: 'user.create',
});

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (
    store?: FaultyStore,
    providers: readonly Provider[] = [Mailer, Ledger],
    webhooks = {},
  ): Promise<ReceiverApp> =>
    startReceiver(platform, {
      hanko,
      providers,
      webhooks,
      options: { now: clock.now, ...(store && { revocation: { store: store.store } }) },
    });

  it('a handler that succeeded is not called again when its neighbour failed', async () => {
    await using app = await start();
    const body = await delivery();
    failing.add('open');
    expectFailed(await app.post(body));
    expectFailed(await app.post(body));
    failing.clear();
    expectDone(await app.post(body));
    expectDone(await app.post(body));

    expect(calls.toSorted()).toEqual(['open', 'open', 'open', 'welcome']);
  });

  it('nor on another instance, nor after a restart of both, where they share a store', async () => {
    const store = new FaultyStore();
    const body = await delivery();
    failing.add('open');
    {
      await using one = await start(store);
      await using other = await start(store);
      expectFailed(await one.post(body));
      expectFailed(await other.post(body));
    }
    failing.clear();
    await using again = await start(store);
    expectDone(await again.post(body));
    expectDone(await again.post(body));

    expect(calls.toSorted()).toEqual(['open', 'open', 'open', 'welcome']);
  });

  it('two instances that get it at the same time call each handler once, and both respond 200 when it is done', async () => {
    const store = new FaultyStore();
    await using one = await start(store);
    await using other = await start(store);
    const body = await delivery();
    const responses = await Promise.all([one, other, one, other].map((app) => app.post(body)));

    for (const response of responses) expectDone(response);
    expect(calls.toSorted()).toEqual(['open', 'welcome']);
  });

  it('apps with other handlers that share a store call their own', async () => {
    const store = new FaultyStore();
    await using mailing = await start(store, [Mailer]);
    await using booking = await start(store, [Ledger]);
    const body = await delivery();
    expectDone(await mailing.post(body));
    expectDone(await booking.post(body));

    expect(calls).toEqual(['welcome', 'open']);
  });

  it('handlers are called although the store fails: twice is better than never', async () => {
    const store = new FaultyStore();
    await using one = await start(store);
    store.break('throws');
    expectDone(await one.post(await delivery()));

    expect(calls.toSorted()).toEqual(['open', 'welcome']);
  });

  it('a handler that ends after its time is not called again', async () => {
    let end = (): void => undefined;
    let began = 0;
    @Injectable()
    class Slow {
      @OnHankoEvent('user.create')
      async work(): Promise<void> {
        began += 1;
        await new Promise<void>((resolve) => {
          end = resolve;
        });
      }
    }
    await using app = await start(undefined, [Slow], { handlerTimeoutMs: 20 });
    const body = await delivery();
    expectFailed(await app.post(body));
    end();
    await new Promise(setImmediate);
    expectDone(await app.post(body));

    expect(began).toBe(1);
  });

  it("respond: 'beforeHandlers' calls those that failed again, too", async () => {
    await using app = await start(undefined, [Mailer, Ledger], { respond: 'beforeHandlers' });
    const body = await delivery();
    failing.add('open');
    expectDone(await app.post(body));
    await expect.poll(() => calls.length).toBe(2);
    failing.clear();
    await new Promise(setImmediate);
    expectDone(await app.post(body));
    await expect.poll(() => calls.length).toBe(3);

    expect(calls.toSorted()).toEqual(['open', 'open', 'welcome']);
  });
});
