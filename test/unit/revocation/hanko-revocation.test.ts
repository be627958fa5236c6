import { randomUUID } from 'node:crypto';
import { Keyv } from 'keyv';
import {
  HankoUnavailableError,
  type HankoModuleOptions,
  type HankoRevocation,
  type HankoUser,
} from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureLog } from '../../support/log.js';
import {
  ada,
  ADA_ID as ID,
  ADA_SESSION_ID as SESSION_ID,
  createRevocation,
  DAY,
  gate,
  heardOf,
  judge,
  MAX_LIFE,
  SECRET,
  sessionKey,
  settled,
  SharedStore,
  START,
  userKey,
  secondUserKey,
  userWith,
} from '../../support/revocation.js';
import { unavailableStore } from '../../support/verifier.js';
import { TestClock, refusalOf } from '../../support/verifier.js';

captureLog();
let clock: TestClock;
let store: SharedStore;

beforeEach(() => {
  clock = new TestClock(START);
  store = new SharedStore();
});

const storeRefusal = unavailableStore(1);

const create = (
  revocation: HankoModuleOptions['revocation'] = {},
  options: HankoModuleOptions = {},
): HankoRevocation => createRevocation({ now: clock.now, ...options, revocation });

const shared = (rest: HankoModuleOptions['revocation'] = {}): HankoRevocation =>
  create({ store, ...rest });

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
    expect(await judge(revocation, userWith())).toBe('passes');
  });

  it('a user who was revoked by a clock behind Hanko’s has no session within the tolerance', async () => {
    const revocation = create({}, { clockToleranceSeconds: 7 });
    await revocation.revokeUser(ID);

    expect(await judge(revocation, ada(START + 7_000))).toBe('session_revoked');
    expect(await judge(revocation, ada(START + 8_000))).toBe('passes');
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
    await revocation.endSession(SESSION_ID, START - 5_000);
    expect([revocation.status.entries, heard]).toEqual([0, []]);

    await revocation.revoke(SESSION_ID, new Date(START - 4_999));
    expect([revocation.status.entries, heard.length]).toEqual([1, 1]);
  });

  it('a session that Hanko says has ended is refused until its token expires, and told of once', async () => {
    const revocation = create();
    const heard = heardOf(revocation);
    revocation.noteEnded(userWith({ sessionId: SESSION_ID.toUpperCase() }));
    revocation.noteEnded(ada());

    expect(await judge(revocation, ada())).toBe('session_revoked');
    expect(heard).toEqual([{ kind: 'session', sessionId: SESSION_ID }]);
  });

  it('a session that Hanko says has ended is nobody’s news once its token has expired', () => {
    const revocation = create();
    revocation.noteEnded(ada(START - 5_000 - 43_200_000));

    expect(revocation.status.entries).toBe(0);
  });
});

describe('a store', () => {
  it('is asked for a session and its user, once', async () => {
    const revocation = shared();

    expect(await judge(revocation, ada())).toBe('passes');
    expect(store.reads).toEqual([[sessionKey, userKey, secondUserKey]]);
    expect(revocation.check(ada())).toBeUndefined();
    expect(revocation.status).toEqual({ entries: 0, store: 'answering', storeFailedAt: null });
  });

  it('is asked by ids in lower case', async () => {
    await judge(shared(), userWith({ id: ID.toUpperCase(), sessionId: SESSION_ID.toUpperCase() }));

    expect(store.reads).toEqual([[sessionKey, userKey, secondUserKey]]);
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
    expect(await judge(other, userWith({ id: ID, issuedAt: START + 6_000 }))).toBe('passes');
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
      { key: secondUserKey, ttlMs: 3_605_000 },
      { key: sessionKey, ttlMs: MAX_LIFE + 5_000 },
    ]);
    for (const key of [userKey, secondUserKey]) {
      expect(store.read(key)).toEqual({ issuedUpTo: START - 1_000, until: START + 3_605_000 });
    }
  });

  it('is not bothered with a session whose token has expired', async () => {
    await shared().endSession(SESSION_ID, START - 60_000);

    expect(store.writes).toEqual([]);
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
    expect(store.values.has(sessionKey) || store.values.has(userKey)).toBe(true);
  });

  it.each(acts)('fails if the store fails, and is known here: %s', async (_, act) => {
    const revocation = shared();
    store.failure = new Error(SECRET);

    expect(await refusalOf(act(revocation), SECRET)).toEqual(storeRefusal);
    expect(await judge(revocation, ada())).toBe('session_revoked');
  });

  it.each(acts)('fails if the store fails, also where requests go on: %s', async (_, act) => {
    store.failure = new Error(SECRET);

    expect(await refusalOf(act(shared({ onUnavailable: 'accept' })), SECRET)).toEqual(storeRefusal);
  });

  it.each(acts)('fails if the store forgets it at once: %s', async (_, act) => {
    store.set = async () => undefined;

    expect(await refusalOf(act(shared()))).toEqual(storeRefusal);
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

    expect(await refusalOf(shared().revokeUser(ID))).toEqual(storeRefusal);
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
      await revocation.revoke(randomUUID());
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
