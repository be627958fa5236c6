import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { Keyv } from 'keyv';
import {
  HankoTokenError,
  HankoUnavailableError,
  type HankoModuleOptions,
  type HankoRevocation,
  type HankoUser,
} from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  captureLog,
  check,
  createRevocation,
  gate,
  heardOf,
  SECRET,
  settled,
  SharedStore,
  START,
  TellingStore,
  userWith,
} from '../support/unit-revocation.js';
import { TestClock, unavailableRefusal, refusalOf } from '../support/unit-verifier.js';

const ID = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
const SESSION_ID = '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10';
const DAY = 86_400_000;
const MAX_LIFE = 31 * DAY;

const log = captureLog();
let clock: TestClock;
let store: SharedStore;

beforeEach(() => {
  clock = new TestClock(START);
  store = new SharedStore();
  log.length = 0;
});

const create = (
  revocation: HankoModuleOptions['revocation'] = {},
  options: HankoModuleOptions = {},
): HankoRevocation => createRevocation({ now: clock.now, ...options, revocation });

const shared = (rest: HankoModuleOptions['revocation'] = {}): HankoRevocation =>
  create({ store, ...rest });

const ada = (issuedAt = START - 60_000): HankoUser =>
  userWith({ id: ID, sessionId: SESSION_ID, issuedAt });

const sessionKey = `nestjs-hanko:revoked-session:${SESSION_ID}`;
const userKey = `nestjs-hanko:revoked-user:${ID}`;

/** What `check` came to. */
const judge = (revocation: HankoRevocation, user: HankoUser): Promise<string> =>
  check(revocation, user).then(
    () => 'passes',
    (error: unknown) => {
      if (error instanceof HankoTokenError || error instanceof HankoUnavailableError) {
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
        return error.code;
      }
      throw error;
    },
  );

describe('in memory only', () => {
  it('a session that nobody revoked passes without a promise', () => {
    const revocation = create();

    expect(revocation.check(ada())).toBeUndefined();
    expect(revocation.status).toEqual({ entries: 0, store: 'none', storeFailedAt: null });
  });

  it('a session that was revoked is refused at once, without a promise, and no other', async () => {
    const revocation = create();
    const revoking = revocation.revoke(SESSION_ID);

    expect(() => revocation.check(ada())).toThrow(
      expect.objectContaining({ code: 'session_revoked', status: 401 }) as Error,
    );
    expect(revocation.check(userWith({ id: ID }))).toBeUndefined();
    expect(revocation.status.entries).toBe(1);
    await expect(revoking).resolves.toBeUndefined();
  });

  it('a user who was revoked has no session that was issued up to then', async () => {
    const revocation = create();
    await revocation.revokeUser(ID);

    expect(await judge(revocation, ada())).toBe('session_revoked');
    expect(await judge(revocation, ada(START))).toBe('session_revoked');
    expect(await judge(revocation, ada(START + 1_000))).toBe('passes');
    expect(await judge(revocation, userWith())).toBe('passes');
  });

  it('a user may be revoked up to a moment', async () => {
    const revocation = create();
    await revocation.revokeUser(ID, new Date(START - 60_000));

    expect(await judge(revocation, ada(START - 60_000))).toBe('session_revoked');
    expect(await judge(revocation, ada(START - 59_000))).toBe('passes');
  });

  it.each([
    { name: 'the revocation in upper case', write: (id: string) => id.toUpperCase(), id: ID },
    { name: 'the token in upper case', write: (id: string) => id, id: ID.toUpperCase() },
  ])('ids are UUIDs in any case: $name', async ({ write, id }) => {
    const user = userWith({ id, sessionId: id === ID ? SESSION_ID : SESSION_ID.toUpperCase() });
    const bySession = create();
    await bySession.revoke(write(SESSION_ID));
    const byUser = create();
    await byUser.revokeUser(write(ID));

    expect(await judge(bySession, user)).toBe('session_revoked');
    expect(await judge(byUser, user)).toBe('session_revoked');
  });

  it('a session whose token has expired already is not kept', async () => {
    const revocation = create({}, { clockToleranceSeconds: 5 });
    const heard = heardOf(revocation);
    await revocation.revoke(SESSION_ID, new Date(START - 5_000));
    expect([revocation.status.entries, heard]).toEqual([0, []]);

    await revocation.revoke(SESSION_ID, new Date(START - 4_999));
    expect([revocation.status.entries, heard.length]).toEqual([1, 1]);
  });

  it('a session that expires nobody knows when is revoked nevertheless', async () => {
    const revocation = create();
    await revocation.revoke(SESSION_ID, new Date('the day after tomorrow'));

    expect(await judge(revocation, ada())).toBe('session_revoked');
  });

  it('a user who was revoked up to nobody knows when can be revoked again', async () => {
    const revocation = create();
    await revocation.revokeUser(ID, new Date('yesterday')).catch(() => undefined);
    await revocation.revokeUser(ID);

    expect(await judge(revocation, ada())).toBe('session_revoked');
  });
});

describe('a store', () => {
  it('is asked for a session and its user, once', async () => {
    const revocation = shared();

    expect(await judge(revocation, ada())).toBe('passes');
    expect(store.reads).toEqual([[sessionKey, userKey]]);
    expect(revocation.check(ada())).toBeUndefined();
    expect(revocation.status).toEqual({ entries: 0, store: 'answering', storeFailedAt: null });
  });

  it('is asked by ids in lower case', async () => {
    await judge(shared(), userWith({ id: ID.toUpperCase(), sessionId: SESSION_ID.toUpperCase() }));

    expect(store.reads).toEqual([[sessionKey, userKey]]);
  });

  it.each<[string, (revocation: HankoRevocation) => Promise<void>]>([
    ['a session', (revocation) => revocation.revoke(SESSION_ID)],
    ['a user', (revocation) => revocation.revokeUser(ID)],
  ])(
    'tells what another instance revoked, and a new one after a restart: %s',
    async (_, revoke) => {
      const [one, other] = [shared(), shared()];
      expect(await judge(other, ada())).toBe('passes');
      await revoke(one);

      expect(await judge(other, ada())).toBe('passes');
      clock.advance(1);
      expect(await judge(other, ada())).toBe('session_revoked');
      expect(await judge(shared(), ada())).toBe('session_revoked');
      expect(await judge(shared(), userWith())).toBe('passes');
    },
  );

  it('may be a Keyv', async () => {
    const keyv = new Keyv(new Map());
    const [one, other] = [create({ store: keyv }), create({ store: keyv })];
    await one.revoke(SESSION_ID);
    await one.revokeUser(ID);

    expect(await judge(other, userWith({ sessionId: SESSION_ID }))).toBe('session_revoked');
    expect(await judge(other, userWith({ id: ID }))).toBe('session_revoked');
    expect(await judge(other, userWith({ id: ID, issuedAt: START + 1_000 }))).toBe('passes');
  });

  it('keeps a session until its token expires, with the tolerance', async () => {
    const revocation = create({ store }, { clockToleranceSeconds: 7 });
    await revocation.revoke(SESSION_ID, new Date(START + 60_000));

    expect(store.writes).toEqual([{ key: sessionKey, ttlMs: 67_000 }]);
    expect(store.read(sessionKey)).toEqual({ until: START + 67_000 });
  });

  it('keeps a user, and a session of unknown end, for the longest life of a session', async () => {
    const revocation = shared({ maxSessionLifetimeSeconds: 3_600 });
    await revocation.revoke(SESSION_ID);
    await revocation.revokeUser(ID, new Date(START - 1_000));
    await shared().revoke(SESSION_ID);

    expect(store.writes).toEqual([
      { key: sessionKey, ttlMs: 3_605_000 },
      { key: userKey, ttlMs: 3_605_000 },
      { key: sessionKey, ttlMs: MAX_LIFE + 5_000 },
    ]);
    expect(store.read(userKey)).toEqual({ issuedUpTo: START - 1_000, until: START + 3_605_000 });
  });

  it('is not bothered with a session whose token has expired', async () => {
    await shared().revoke(SESSION_ID, new Date(START - 60_000));

    expect(store.writes).toEqual([]);
  });
});

describe('the age of an answer', () => {
  it('is maxAgeSeconds at most', async () => {
    const revocation = shared({ maxAgeSeconds: 10 });
    await judge(revocation, ada());
    clock.advanceMs(9_999);
    expect(revocation.check(ada())).toBeUndefined();
    expect(store.reads).toHaveLength(1);

    clock.advanceMs(1);
    await judge(revocation, ada());
    expect(store.reads).toHaveLength(2);
    expect(revocation.check(ada())).toBeUndefined();
  });

  it('counts from when the store was asked, not from when it answered', async () => {
    const revocation = shared({ maxAgeSeconds: 10 });
    const { passed, open } = gate();
    store.gate = passed;
    const judging = judge(revocation, ada());
    clock.advance(6);
    open();
    await judging;
    clock.advance(4);
    await judge(revocation, ada());

    expect(store.reads).toHaveLength(2);
  });

  it('is one of each session', async () => {
    const revocation = shared({ maxAgeSeconds: 60 });
    await judge(revocation, ada());
    await judge(revocation, userWith({ id: ID }));

    expect(store.reads).toHaveLength(2);
  });

  it('of 0 asks on each request', async () => {
    const revocation = shared({ maxAgeSeconds: 0 });
    for (let n = 1; n <= 5; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await judge(revocation, ada());
      expect(store.reads).toHaveLength(n);
    }
  });

  it('of 0 sees at once what another instance revoked', async () => {
    const revocation = shared({ maxAgeSeconds: 0 });
    expect(await judge(revocation, ada())).toBe('passes');
    await shared().revoke(SESSION_ID);

    expect(await judge(revocation, ada())).toBe('session_revoked');
  });

  it.each([
    ['back', -1],
    ['back by a day', -DAY],
    ['forward by a day', DAY],
  ])('is unknown when the clock was set %s', async (_, ms) => {
    const revocation = shared({ maxAgeSeconds: 60 });
    await judge(revocation, ada());
    clock.advanceMs(ms);
    await judge(revocation, ada());
    expect(store.reads).toHaveLength(2);

    clock.advance(59);
    expect(revocation.check(ada())).toBeUndefined();
  });

  it('is bounded: 100,000 sessions are remembered at most, and the last 50,000 are', async () => {
    const revocation = shared({ maxAgeSeconds: 60 });
    const users = Array.from({ length: 150_001 }, () => userWith());
    await Promise.all(users.map((user) => check(revocation, user)));
    const isRemembered = (at: number): boolean => {
      const answer = revocation.check(users[at] as HankoUser);
      return answer === undefined;
    };

    expect([150_000, 100_000, 99_999, 0].map(isRemembered)).toEqual([true, true, false, false]);
    await settled();
  });
});

describe('questions about one session at the same time', () => {
  it('are one question', async () => {
    const revocation = shared();
    const { passed, open } = gate();
    store.gate = passed;
    const judging = Array.from({ length: 1_000 }, () => judge(revocation, ada()));
    await settled();
    open();

    expect(new Set(await Promise.all(judging))).toEqual(new Set(['passes']));
    expect(store.reads).toHaveLength(1);
  });

  it('are one answer: all are refused', async () => {
    await shared().revoke(SESSION_ID);
    const revocation = shared();
    const judging = Array.from({ length: 1_000 }, () => judge(revocation, ada()));

    expect(new Set(await Promise.all(judging))).toEqual(new Set(['session_revoked']));
    expect(store.reads.filter((keys) => keys.length === 2)).toHaveLength(1);
  });

  it('are one failure, and the next one asks again', async () => {
    const revocation = shared();
    store.failure = new Error(SECRET);
    const judging = Array.from({ length: 1_000 }, () => judge(revocation, ada()));

    expect(new Set(await Promise.all(judging))).toEqual(new Set(['hanko_unavailable']));
    expect(store.reads).toHaveLength(1);

    store.failure = null;
    expect(await judge(revocation, ada())).toBe('passes');
    expect(store.reads).toHaveLength(2);
  });

  it('of different sessions are different questions', async () => {
    const revocation = shared();
    await Promise.all(Array.from({ length: 100 }, () => judge(revocation, userWith())));

    expect(store.reads).toHaveLength(100);
  });

  it('are answered by what is learned meanwhile', async () => {
    const revocation = shared();
    const { passed, open } = gate();
    store.gate = passed;
    const judging = judge(revocation, ada());
    const revoking = revocation.revoke(SESSION_ID);
    // The store answers by what it knew before.
    open();

    expect(await judging).toBe('session_revoked');
    await revoking;
  });
});

describe('a store that does not answer', () => {
  beforeEach(() => {
    store.failure = new Error(SECRET);
  });

  it('means 503 by default', async () => {
    expect(await refusalOf(check(shared(), ada()), SECRET)).toEqual(unavailableRefusal(1));
  });

  it.each([
    { module: 'reject', own: undefined, outcome: 'hanko_unavailable' },
    { module: 'accept', own: undefined, outcome: 'hanko_unavailable' },
    { module: 'reject', own: 'accept', outcome: 'passes' },
    { module: 'accept', own: 'reject', outcome: 'hanko_unavailable' },
  ] as const)(
    'means, with $module and of its own $own: $outcome',
    async ({ module, own, outcome }) => {
      const revocation = create(
        { store, ...(own && { onUnavailable: own }) },
        { onUnavailable: module },
      );

      expect(await judge(revocation, ada())).toBe(outcome);
      expect(revocation.status).toEqual({ entries: 0, store: 'failing', storeFailedAt: START });
    },
  );

  it.each(['accept', 'reject'] as const)(
    'refuses what this instance knows: %s',
    async (onUnavailable) => {
      const revocation = shared({ onUnavailable });
      await revocation.revoke(SESSION_ID).catch(() => undefined);
      const readsBefore = store.reads.length;

      expect(await judge(revocation, ada())).toBe('session_revoked');
      expect(store.reads).toHaveLength(readsBefore);
    },
  );

  it('refuses what this instance heard of while it was asked, though it accepts', async () => {
    const telling = new TellingStore();
    const revocation = create({ store: telling, onUnavailable: 'accept' });
    const { passed, open } = gate();
    telling.gate = passed;
    telling.failure = new Error(SECRET);
    const judging = judge(revocation, ada());
    for (const listener of telling.listeners) listener(sessionKey, { until: START + DAY });
    open();

    expect(await judging).toBe('session_revoked');
  });

  it('is asked again for each session, and left alone after five failures', async () => {
    const revocation = shared({ onUnavailable: 'accept' });
    for (let n = 0; n < 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await judge(revocation, ada())).toBe('passes');
    }
    expect(store.reads).toHaveLength(5);

    store.failure = null;
    await shared().revoke(SESSION_ID);
    clock.advance(1);
    expect(await judge(revocation, ada())).toBe('session_revoked');
    expect(revocation.status).toMatchObject({ store: 'answering', storeFailedAt: START });
  });

  it.each([
    ['accept', 'revocations that another instance learned of are not seen.'],
    ['reject', 'requests with a token are answered 503.'],
  ] as const)('is told in the log once, until it answers: %s', async (onUnavailable, effect) => {
    const revocation = shared({ onUnavailable });
    const line = `warn The revocation store does not answer: ${effect} HankoRevocation`;
    for (let n = 0; n < 3; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await judge(revocation, ada());
    }
    await revocation.revoke(randomUUID()).catch(() => undefined);
    expect(log).toEqual([line]);

    store.failure = null;
    await judge(revocation, ada());
    store.failure = new Error(SECRET);
    clock.advance(1);
    await judge(revocation, ada());
    expect(log).toEqual([line, line]);
  });

  it('leaves no word of its error in the log', async () => {
    const revocation = shared();
    await judge(revocation, ada());
    await revocation.revoke(SESSION_ID).catch(() => undefined);

    expect(log.length).toBeGreaterThan(0);
    expect(log.join('\n')).not.toMatch(/hunter2|redis|10\.0\.0\.7/);
  });
});

describe('a revocation', () => {
  const acts: [string, (revocation: HankoRevocation) => Promise<void>][] = [
    ['of a session', (revocation) => revocation.revoke(SESSION_ID)],
    ['of a user', (revocation) => revocation.revokeUser(ID)],
  ];

  it.each(acts)('is over when the store has it, and is known here before: %s', async (_, act) => {
    const revocation = shared();
    const { passed, open } = gate();
    store.gate = passed;
    const over: string[] = [];
    const acting = act(revocation).then(() => over.push('over'));
    await settled();
    expect(over).toEqual([]);
    expect(await judge(revocation, ada())).toBe('session_revoked');

    open();
    await acting;
    expect(store.values.size).toBe(1);
  });

  it.each(acts)('fails if the store fails, and is known here: %s', async (_, act) => {
    const revocation = shared();
    store.failure = new Error(SECRET);

    expect(await refusalOf(act(revocation), SECRET)).toEqual(unavailableRefusal(1));
    expect(await judge(revocation, ada())).toBe('session_revoked');
  });

  it.each(acts)('fails if the store fails, also where requests go on: %s', async (_, act) => {
    store.failure = new Error(SECRET);

    expect(await refusalOf(act(shared({ onUnavailable: 'accept' })), SECRET)).toEqual(
      unavailableRefusal(1),
    );
  });

  it.each(acts)('fails if the store forgets it at once: %s', async (_, act) => {
    store.set = async () => undefined;

    expect(await refusalOf(act(shared()))).toEqual(unavailableRefusal(1));
  });

  it.each(acts)('may be tried again: %s', async (_, act) => {
    const revocation = shared();
    store.failure = new Error(SECRET);
    await expect(act(revocation)).rejects.toThrow(HankoUnavailableError);
    store.failure = null;
    await act(revocation);

    expect(await judge(shared(), ada())).toBe('session_revoked');
  });

  it('of a user again fails if the store keeps the one before', async () => {
    await shared().revokeUser(ID, new Date(START - DAY));
    store.set = async () => undefined;

    expect(await refusalOf(shared().revokeUser(ID))).toEqual(unavailableRefusal(1));
  });
});

describe('revocations of a user in whatever order', () => {
  const [early, late] = [new Date(START - 60_000), new Date(START)];
  const between = (): HankoUser => ada(START - 30_000);

  it.each([
    { name: 'in order', moments: [early, late] },
    { name: 'out of order', moments: [late, early] },
  ])('mean the later one, on this instance: $name', async ({ moments }) => {
    const revocation = create();
    for (const moment of moments) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await revocation.revokeUser(ID, moment);
    }

    expect(await judge(revocation, between())).toBe('session_revoked');
    expect(await judge(revocation, ada(START + 1_000))).toBe('passes');
  });

  it.each([
    { name: 'in order', moments: [early, late] },
    { name: 'out of order', moments: [late, early] },
  ])('mean the later one, on an instance that reads the store: $name', async ({ moments }) => {
    const revocation = shared();
    for (const moment of moments) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await revocation.revokeUser(ID, moment);
    }

    expect(await judge(shared(), between())).toBe('session_revoked');
  });

  it('mean the later one where two instances heard of one each', async () => {
    await shared().revokeUser(ID, late);
    await shared().revokeUser(ID, early);

    expect(await judge(shared(), between())).toBe('session_revoked');
  });

  it('hold as long as the longest token can live, also one that is issued a little later', async () => {
    const revocation = create({ maxSessionLifetimeSeconds: 60 }, { clockToleranceSeconds: 0 });
    // By Hanko's clock, which is ahead of ours.
    await revocation.revokeUser(ID, new Date(START + 30_000));
    clock.advanceMs(89_999);
    for (let n = 0; n < 1_000; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await revocation.revoke('another');
    }

    expect(await judge(revocation, ada(START + 30_000))).toBe('session_revoked');
  });
});

describe('revocations of a session in whatever order', () => {
  it('hold until the later end, in the store too', async () => {
    const revocation = shared();
    await revocation.revoke(SESSION_ID, new Date(START + DAY));
    await revocation.revoke(SESSION_ID, new Date(START + 60_000));

    expect(store.read(sessionKey)).toEqual({ until: START + DAY + 5_000 });
  });
});

describe('what was remembered', () => {
  const recall = (id: string): Promise<boolean> => shared().recalls(id);

  it('is recalled by every instance that shares the store', async () => {
    await shared().remember('a', START + 60_000);

    expect([await recall('a'), await recall('b'), await recall('A')]).toEqual([true, false, false]);
    expect(store.writes).toEqual([{ key: 'nestjs-hanko:delivery:a', ttlMs: 60_000 }]);
  });

  it('is nothing without a store', async () => {
    const revocation = create();
    await revocation.remember('a', START + 60_000);

    expect(await revocation.recalls('a')).toBe(false);
  });

  it('is not known where the store fails', async () => {
    store.failure = new Error(SECRET);

    expect(await refusalOf(shared().recalls('a'), SECRET)).toEqual(unavailableRefusal(1));
    expect(await refusalOf(shared().remember('a', START + 1), SECRET)).toEqual(
      unavailableRefusal(1),
    );
  });

  it('is no revocation', async () => {
    const revocation = shared();
    const heard = heardOf(revocation);
    await revocation.remember(SESSION_ID, START + 60_000);

    expect([heard, revocation.status.entries]).toEqual([[], 0]);
    expect(await judge(revocation, ada())).toBe('passes');
  });
});

describe('two instances that revoke a user at the same time', () => {
  it('both succeed where the store keeps the later moment', async () => {
    const [one, other] = [shared(), shared()];
    const write = store.set.bind(store);
    // The other one comes between this one's writing and its reading back.
    store.set = async (key, value, ttlMs) => {
      await write(key, value, ttlMs);
      store.set = write;
      await other.revokeUser(ID, new Date(START));
    };
    await one.revokeUser(ID, new Date(START - 60_000));

    expect(store.read(userKey)).toMatchObject({ issuedUpTo: START });
  });
});

describe('revoked$', () => {
  it('tells of each revocation once', async () => {
    const revocation = create();
    const heard = heardOf(revocation);
    await revocation.revoke(SESSION_ID.toUpperCase());
    await revocation.revoke(SESSION_ID);
    await revocation.revokeUser(ID, new Date(START - 1_000));
    await revocation.revokeUser(ID, new Date(START - 1_000));
    await revocation.revokeUser(ID, new Date(START - 2_000));
    await revocation.revokeUser(ID);

    expect(heard).toEqual([
      { kind: 'session', sessionId: SESSION_ID },
      { kind: 'user', userId: ID, issuedUpTo: new Date(START - 1_000) },
      { kind: 'user', userId: ID, issuedUpTo: new Date(START) },
    ]);
  });

  it('tells before the store has it, and though the store fails', async () => {
    const revocation = shared();
    store.failure = new Error(SECRET);
    const heard = heardOf(revocation);
    const revoking = revocation.revoke(SESSION_ID);
    expect(heard).toHaveLength(1);

    await expect(revoking).rejects.toThrow(HankoUnavailableError);
    expect(heard).toHaveLength(1);
  });

  it('tells everybody who listens, from then on', async () => {
    const revocation = create();
    const first = heardOf(revocation);
    await revocation.revoke(SESSION_ID);
    const second = heardOf(revocation);
    await revocation.revokeUser(ID);

    expect([first.length, second.length]).toEqual([2, 1]);
  });

  it('tells of another instance when a request comes, once', async () => {
    await shared().revoke(SESSION_ID);
    const revocation = shared({ maxAgeSeconds: 0 });
    const heard = heardOf(revocation);
    expect(heard).toEqual([]);
    await judge(revocation, ada());
    await judge(revocation, ada());

    expect(heard).toEqual([{ kind: 'session', sessionId: SESSION_ID }]);
  });

  it('tells of another instance at once, where the store does, and each instance once', async () => {
    const telling = new TellingStore();
    const [one, other] = [create({ store: telling }), create({ store: telling })];
    const [here, afar] = [heardOf(one), heardOf(other)];
    await one.revoke(SESSION_ID);
    await one.revokeUser(ID);

    const both = [
      { kind: 'session', sessionId: SESSION_ID },
      { kind: 'user', userId: ID, issuedUpTo: new Date(START) },
    ];
    expect(here).toEqual(both);
    expect(afar).toEqual(both);
    expect(telling.reads.filter((keys) => keys.length === 2)).toEqual([]);
    expect(() => other.check(ada())).toThrow(HankoTokenError);
  });

  it('ends when the app does, and the store is left', async () => {
    const telling = new TellingStore();
    const revocation = create({ store: telling });
    const heard: string[] = [];
    revocation.revoked$.subscribe({
      next: () => heard.push('next'),
      complete: () => heard.push('complete'),
    });
    expect(telling.listeners.size).toBe(1);
    revocation.onModuleDestroy();
    expect([heard, telling.listeners.size]).toEqual([['complete'], 0]);

    await revocation.revoke(SESSION_ID);
    expect(heard).toEqual(['complete']);
    expect(await judge(revocation, ada())).toBe('session_revoked');
  });

  it('ends without a store, and with one that does not tell', () => {
    for (const revocation of [create(), shared()]) {
      let isComplete = false;
      revocation.revoked$.subscribe({
        complete: () => {
          isComplete = true;
        },
      });
      revocation.onModuleDestroy();

      expect(isComplete).toBe(true);
    }
  });

  it('cannot be told by those who listen', () => {
    expect(create().revoked$).not.toHaveProperty('next');
  });
});

describe('garbage in the store', () => {
  const garbage: [string, unknown][] = [
    ['null', null],
    ['a text', 'revoked'],
    ['a number', 1],
    ['true', true],
    ['a list', [1]],
    ['an empty object', {}],
    ['an end that is a text', { until: '2099-01-01', issuedUpTo: START }],
    ['an end that is null', { until: null, issuedUpTo: START }],
    ['an end that is NaN', { until: Number.NaN, issuedUpTo: START }],
    ['an end that is past', { until: START, issuedUpTo: START }],
  ];

  it.each(garbage)('is no revocation when it is read: %s', async (_, value) => {
    const revocation = create({
      store: { getMany: async (keys) => keys.map(() => value), set: async () => true },
    });
    const heard = heardOf(revocation);

    expect(await judge(revocation, ada())).toBe('passes');
    expect([revocation.status.entries, heard]).toEqual([0, []]);
  });

  it.each([
    ...garbage.map(([name, value]): [string, string, unknown] => [name, sessionKey, value]),
    ['a key of others', 'other', { until: START + DAY, issuedUpTo: START }],
    ['an empty key', '', { until: START + DAY, issuedUpTo: START }],
    ['a key that only ends so', `x${sessionKey}`, { until: START + DAY }],
    ['a user without a moment', userKey, { until: START + DAY }],
    ['a user with a moment that is a text', userKey, { until: START + DAY, issuedUpTo: 'now' }],
    ['a user with a moment that is NaN', userKey, { until: START + DAY, issuedUpTo: Number.NaN }],
    ['a user with an endless moment', userKey, { until: START + DAY, issuedUpTo: Infinity }],
  ] as [string, string, unknown][])(
    'is no revocation when it is told: %s',
    async (_, key, value) => {
      const telling = new TellingStore();
      const revocation = create({ store: telling });
      const heard = heardOf(revocation);
      for (const listener of telling.listeners) listener(key, value);

      expect([revocation.status.entries, heard]).toEqual([0, []]);
      expect(await judge(revocation, ada())).toBe('passes');
    },
  );

  it.each([
    ['text', '"garbage"'],
    ['null', 'null'],
    ['a list', '[1e9]'],
    ['an endless end and moment', '{"until":1e999,"issuedUpTo":1e999}'],
    ['members that are texts', '{"until":"9","issuedUpTo":"9"}'],
  ])('is written over: %s', async (_, text) => {
    store.values.set(sessionKey, text);
    store.values.set(userKey, text);
    await shared().revoke(SESSION_ID);
    await shared().revokeUser(ID);

    const until = START + MAX_LIFE + 5_000;
    expect(store.read(sessionKey)).toEqual({ until });
    expect(store.read(userKey)).toEqual({ until, issuedUpTo: START });
  });

  it('does not keep what is good beside it from counting', async () => {
    store.values.set(sessionKey, '"garbage"');
    store.values.set(userKey, JSON.stringify({ until: START + DAY, issuedUpTo: START, more: 1 }));

    expect(await judge(shared(), ada())).toBe('session_revoked');
  });
});
