import { randomUUID } from 'node:crypto';
import { type HankoModuleOptions, type HankoRevocation } from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureLog } from '../../support/log.js';
import {
  ada,
  ADA_SESSION_ID as SESSION_ID,
  check,
  createRevocation,
  DAY,
  gate,
  judge,
  SECRET,
  sessionKey,
  SharedStore,
  START,
  TellingStore,
} from '../../support/revocation.js';
import { TestClock, unavailableStore, refusalOf } from '../../support/verifier.js';

const log = captureLog();
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

describe('a store that does not answer', () => {
  beforeEach(() => {
    store.failure = new Error(SECRET);
  });

  it('means 503 by default', async () => {
    expect(await refusalOf(check(shared(), ada()), SECRET)).toEqual(unavailableStore(1));
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
      // One failure may be an odd one.
      expect(revocation.status).toEqual({ entries: 0, store: 'answering', storeFailedAt: START });
      await judge(revocation, ada());
      await judge(revocation, ada());
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

  it('is asked again for each session, and left alone after three failures', async () => {
    const revocation = shared({ onUnavailable: 'accept' });
    for (let n = 0; n < 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await judge(revocation, ada())).toBe('passes');
    }
    expect(store.questions).toHaveLength(3);

    store.failure = null;
    await shared().revoke(SESSION_ID);
    clock.advance(1);
    expect(await judge(revocation, ada())).toBe('session_revoked');
    expect(revocation.status).toMatchObject({ store: 'answering', storeFailedAt: START });
  });

  it.each([
    ['accept', 'revocations that another instance learned of are not seen.'],
    ['reject', 'requests with a token get 503.'],
  ] as const)('is told in the log once, until it answers: %s', async (onUnavailable, effect) => {
    const revocation = shared({ onUnavailable });
    const line = `warn The revocation store does not reply: ${effect} HankoRevocation`;
    await judge(revocation, ada());
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
