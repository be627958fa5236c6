import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RevocationStore } from '../../../lib/options/revocation-options.js';
import {
  clock,
  live,
  makeLive,
  pass,
  revocation,
  session,
  TestConnection,
  tick,
  useLive,
  watched,
} from '../../support/live-sessions.js';
import { writeLogTo } from '../../support/log.js';
import { gate, settled, SharedStore, TellingStore } from '../../support/revocation.js';

useLive();
beforeEach(() => writeLogTo([]));

const use = (store: RevocationStore, options: object = {}): void =>
  makeLive({ revocation: { store, ...options } });

/** What another instance writes. */
const revokeElsewhere = (store: SharedStore, sessionId: string): Promise<void> =>
  store.set(`nestjs-hanko:revoked-session:${sessionId}`, { until: clock.now() + 9e6 }, 9e6);

describe('a store that instances share', () => {
  it('is read once a round for all watched sessions, and ends what another instance revoked', async () => {
    const store = new SharedStore();
    use(store, { maxAgeSeconds: 5 });
    const [one, other] = [session(), session()];
    const [a, b] = [watched(one), watched(other)];
    watched(one);
    await revokeElsewhere(store, one.user.sessionId);
    await pass(4);
    expect(store.questions).toEqual([]);
    await pass(1);

    expect(store.questions).toHaveLength(1);
    expect(store.questions[0]).toHaveLength(6);
    expect([a.ends, b.ends, live.size]).toEqual([['session_revoked'], [], 1]);
    b.close();
    await pass(60);
    expect(store.questions).toHaveLength(1);
  });

  it('is read once for 10,000 sessions, and in two parts for one more', async () => {
    const store = new SharedStore();
    use(store);
    const first = session();
    watched(first);
    for (let n = 1; n < 10_000; n += 1) watched();
    await pass(1);
    expect(store.questions.map(({ length }) => length)).toEqual([30_000]);

    watched();
    await pass(1);
    expect(store.questions.map(({ length }) => length)).toEqual([30_000, 30_000, 3]);
  });

  it('that takes three seconds for it is neither given up nor left alone by requests', async () => {
    const store = new SharedStore();
    use(store);
    const one = session();
    const connection = watched(one);
    await revokeElsewhere(store, one.user.sessionId);
    const slow = gate();
    store.gate = slow.passed;
    await pass(1);
    store.gate = Promise.resolve();
    vi.advanceTimersByTime(3_000);
    await revocation.check(session().user);
    expect(revocation.status).toMatchObject({ store: 'answering', storeFailedAt: null });
    slow.open();
    await settled();

    expect(connection.ends).toEqual(['session_revoked']);
  });

  it('that cannot reply to so many at once is read in parts, and requests do not notice', async () => {
    const store = new SharedStore();
    const picky: RevocationStore = {
      getMany: async (keys) => {
        const values = await store.getMany(keys);
        if (keys.length > 2_000) throw new Error('too many arguments');
        return values;
      },
      set: async (key, value, ttlMs) => store.set(key, value, ttlMs),
    };
    use(picky);
    const one = session();
    const connection = watched(one);
    for (let n = 1; n < 1_000; n += 1) watched();
    await pass(1);
    await pass(1);
    await revokeElsewhere(store, one.user.sessionId);
    await pass(1);

    expect(connection.ends).toEqual(['session_revoked']);
    expect(store.questions.map(({ length }) => length)).toEqual([
      3_000, 1_500, 1_500, 1_500, 1_500, 1_500, 1_500,
    ]);
    expect(revocation.status).toMatchObject({ store: 'answering' });
  });

  it('goes on to be read where the clock was set back', async () => {
    const store = new SharedStore();
    use(store);
    const one = session();
    const connection = watched(one);
    await pass(-7_200);
    await revokeElsewhere(store, one.user.sessionId);
    await pass(1);

    expect(connection.ends).toEqual(['session_revoked']);
  });
});

describe('a store that tells', () => {
  it('ends what another instance revoked at once, and is read seldom', async () => {
    const store = new TellingStore();
    use(store);
    const one = session();
    const connection = watched(one);
    await pass(29);
    expect(store.questions).toEqual([]);
    await revokeElsewhere(store, one.user.sessionId);
    expect(connection.ends).toEqual(['session_revoked']);
  });

  it('and was out of reach meanwhile is read for what it could not tell', async () => {
    const store = new TellingStore();
    use(store);
    const one = session();
    const connection = watched(one);
    store.listeners.clear();
    await revokeElsewhere(store, one.user.sessionId);
    await pass(30);

    expect(connection.ends).toEqual(['session_revoked']);
  });

  it('and could not subscribe is read as often as one that does not tell', async () => {
    const store = new TellingStore();
    store.subscribe = () => {
      throw new Error('no connection');
    };
    use(store);
    watched();
    await pass(1);

    expect(store.questions).toHaveLength(1);
  });

  it('and subscribes only later is read as often until then, and seldom from then on', async () => {
    const store = new TellingStore();
    const subscribed = gate();
    const subscribe = store.subscribe.bind(store);
    const slow: RevocationStore = Object.assign(store, {
      subscribe: (listener: (key: string, value: unknown) => void) =>
        subscribed.passed.then(() => subscribe(listener)),
    });
    use(slow);
    const one = session();
    const connection = watched(one);
    await pass(1);
    await pass(1);
    expect(store.questions).toHaveLength(2);
    subscribed.open();
    await settled();
    await pass(1);
    await pass(20);
    expect(store.questions).toHaveLength(3);
    await revokeElsewhere(store, one.user.sessionId);

    expect(connection.ends).toEqual(['session_revoked']);
  });
});

describe('while the store does not reply', () => {
  const minutes = async (count: number): Promise<void> => {
    for (let n = 0; n < count * 12; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await pass(5).then(tick);
    }
  };

  it('connections stay until its last reply is five minutes older than allowed, and then end as unavailable', async () => {
    const store = new SharedStore();
    use(store);
    const connection = watched();
    await pass(1);
    store.failure = new Error('gone');
    await minutes(5);
    expect(connection.ends).toEqual([]);
    await minutes(1);

    expect(connection.ends).toEqual(['hanko_unavailable']);
  });

  it("'accept' keeps them", async () => {
    const store = new SharedStore();
    use(store, { onUnavailable: 'accept' });
    const connection = watched();
    store.failure = new Error('gone');
    await minutes(20);

    expect(connection.ends).toEqual([]);
  });

  it('a reply lets those off that have not ended', async () => {
    const store = new SharedStore();
    use(store);
    const all = Array.from({ length: 60 }, () => watched());
    const left = (): number => all.filter(({ ends }) => ends.length === 0).length;
    store.failure = new Error('gone');
    await pass(302).then(tick);
    await pass(10).then(tick);
    expect(left()).toBeLessThan(60);
    store.failure = null;
    for (let n = 0; n < 10; n += 1) await pass(1).then(tick);
    const staying = left();
    expect(staying).toBeGreaterThan(5);
    await minutes(5);

    expect(left()).toBe(staying);
  });

  it('one that closes, or comes, during the read is what it should be', async () => {
    const store = new SharedStore();
    use(store);
    const before = watched();
    const held = gate();
    store.gate = held.passed;
    await pass(1);
    before.close();
    const one = session();
    const after = watched(one, { connection: new TestConnection() });
    const written = revokeElsewhere(store, one.user.sessionId);
    held.open();
    await written;
    await settled();
    await pass(1);

    expect([before.ends, after.ends, live.size]).toEqual([[], ['session_revoked'], 0]);
  });
});
