import { type HankoModuleOptions, type HankoRevocation } from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import { AskedLately } from '../../../lib/revocation/asked-lately.js';
import { captureLog } from '../../support/log.js';
import {
  ada,
  ADA_ID as ID,
  ADA_SESSION_ID as SESSION_ID,
  createRevocation,
  DAY,
  gate,
  judge,
  SECRET,
  settled,
  SharedStore,
  START,
  userWith,
} from '../../support/revocation.js';
import { TestClock } from '../../support/verifier.js';

captureLog();
let clock: TestClock;
let store: SharedStore;

beforeEach(() => {
  clock = new TestClock(START);
  store = new SharedStore();
});

const create = (
  revocation: HankoModuleOptions['revocation'] = {},
  options: HankoModuleOptions = {},
): HankoRevocation => createRevocation({ now: clock.now, ...options, revocation });

const shared = (rest: HankoModuleOptions['revocation'] = {}): HankoRevocation =>
  create({ store, ...rest });

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

  it('is bounded: twice the bound is remembered at most, and the last ones up to the bound are', async () => {
    const asked = new AskedLately(60_000, clock.now, 3);
    for (let n = 0; n < 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await asked.ask(`session ${n}`, async () => undefined);
    }
    const known = Array.from({ length: 10 }, (_, n) => asked.has(`session ${n}`));

    expect(known.slice(-3)).toEqual([true, true, true]);
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(6);
    expect(known[0]).toBe(false);
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
    expect(store.reads.filter((keys) => keys.length === 3)).toHaveLength(1);
  });

  it('are one failure, and the next one asks again', async () => {
    const revocation = shared();
    store.failure = new Error(SECRET);
    const judging = Array.from({ length: 1_000 }, () => judge(revocation, ada()));

    expect(new Set(await Promise.all(judging))).toEqual(new Set(['hanko_unavailable']));
    expect(store.questions).toHaveLength(1);

    store.failure = null;
    expect(await judge(revocation, ada())).toBe('passes');
    expect(store.questions).toHaveLength(2);
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

  it('that began before a request do not answer it where maxAgeSeconds is 0', async () => {
    const other = shared();
    const gates = [gate(), gate()];
    const answers: (readonly unknown[])[] = [];
    // It knows what it will say when it is asked, and says it late.
    const slow = {
      set: async () => undefined,
      getMany: async (keys: string[]) => {
        const values = keys.map((key) => store.read(key));
        await gates[answers.push(values) - 1]?.passed;
        return values;
      },
    };
    const revocation = create({ store: slow, maxAgeSeconds: 0 });
    const before = judge(revocation, ada());
    await settled();
    await other.revoke(SESSION_ID);
    const after = Array.from({ length: 10 }, () => judge(revocation, ada()));
    for (const { open } of gates) open();

    expect(await before).toBe('passes');
    expect(new Set(await Promise.all(after))).toEqual(new Set(['session_revoked']));
    expect(answers).toHaveLength(2);
  });
});
