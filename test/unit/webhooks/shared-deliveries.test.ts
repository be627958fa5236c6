import { beforeEach, describe, expect, it } from 'vitest';
import { StoreClient } from '../../../lib/revocation/store-client.js';
import { SharedDeliveries } from '../../../lib/webhooks/shared-deliveries.js';
import { SharedStore, START } from '../../support/revocation.js';
import { TestClock } from '../../support/verifier.js';

const KEY = 'nestjs-hanko:delivery:a';
const WANTED = ['Mailer.send', 'Audit.note'];

let clock: TestClock;
let store: SharedStore;
const instance = (claimMs = 300): SharedDeliveries =>
  new SharedDeliveries(new StoreClient(store, clock.now), clock.now, { claimMs, ageMs: 60_000 });

beforeEach(() => {
  clock = new TestClock(START);
  store = new SharedStore();
});

describe('a delivery', () => {
  it('is claimed by the first that comes, and kept for its age', async () => {
    expect(await instance().claim('a', WANTED)).toEqual({ done: [], isOurs: true });
    expect(store.writes).toEqual([{ key: KEY, ttlMs: 60_000 }]);
  });

  it('is claimed by one of several that come at once, and the others hear that it is done', async () => {
    const instances = Array.from({ length: 5 }, () => instance());
    let called = 0;
    const outcomes = await Promise.all(
      instances.map(async (one) => {
        const claim = await one.claim('a', WANTED);
        if (claim?.isOurs) {
          called += 1;
          await one.release('a', WANTED);
        }
        return claim;
      }),
    );

    expect(called).toBe(1);
    expect(outcomes.filter((claim) => claim?.isOurs === false)).toHaveLength(4);
    expect(outcomes.filter((claim) => claim?.done.length === WANTED.length)).toHaveLength(4);
  });

  it('whose handlers failed is claimed again, without those that succeeded', async () => {
    const [one, other] = [instance(), instance()];
    await one.claim('a', WANTED);
    await one.release('a', ['Audit.note']);

    expect(await other.claim('a', WANTED)).toEqual({ done: ['Audit.note'], isOurs: true });
    await other.release('a', WANTED);
    expect(await one.claim('a', WANTED)).toEqual({
      done: ['Audit.note', 'Mailer.send'],
      isOurs: false,
    });
  });

  it('is taken over from an instance that went away with its claim', async () => {
    await instance().claim('a', WANTED);
    clock.advanceMs(300);

    expect(await instance().claim('a', WANTED)).toEqual({ done: [], isOurs: true });
  });

  it('that never comes to an end elsewhere is left to them', async () => {
    await instance().claim('a', WANTED);

    expect(await instance().claim('a', WANTED)).toBeNull();
  });

  it('is another one’s, for another id or for other handlers', async () => {
    await instance().claim('a', WANTED);
    await instance().release('a', WANTED);

    expect(await instance().claim('b', WANTED)).toMatchObject({ isOurs: true });
    expect(await instance().claim('a', ['Other.handler'])).toEqual({ done: WANTED, isOurs: true });
  });
});

it.each([
  ['text', '"garbage"'],
  ['null', 'null'],
  ['a list', '[1]'],
  ['members of other kinds', '{"claimedBy":7,"claimedUntil":"x","done":{"length":2}}'],
  ['handlers that are none', '{"claimedBy":"","claimedUntil":0,"done":[1,null]}'],
])('garbage in its place is no claim: %s', async (_, text) => {
  store.values.set(KEY, text);

  expect(await instance().claim('a', WANTED)).toEqual({ done: [], isOurs: true });
});
