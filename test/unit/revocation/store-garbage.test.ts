import { type HankoModuleOptions, type HankoRevocation } from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureLog } from '../../support/log.js';
import {
  ada,
  ADA_ID as ID,
  ADA_SESSION_ID as SESSION_ID,
  createRevocation,
  DAY,
  heardOf,
  judge,
  MAX_LIFE,
  sessionKey,
  SharedStore,
  START,
  TellingStore,
  userKey,
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
    ['an end and a moment that no date can hold', '{"until":1e300,"issuedUpTo":1e300}'],
    ['an endless end and moment', '{"until":1e999,"issuedUpTo":1e999}'],
    ['members that are texts', '{"until":"9","issuedUpTo":"9"}'],
  ])('is written over: %s', async (_, text) => {
    store.values.set(sessionKey, text);
    store.values.set(userKey, text);
    await shared().revoke(SESSION_ID);
    await shared().revokeUser(ID);

    const until = START + MAX_LIFE + 5_000;
    expect(store.read(sessionKey)).toEqual({ until });
    expect(store.read(userKey)).toEqual({ until: until + 5_000, issuedUpTo: START + 5_000 });
  });

  it('does not keep what is good beside it from counting', async () => {
    store.values.set(sessionKey, '"garbage"');
    store.values.set(userKey, JSON.stringify({ until: START + DAY, issuedUpTo: START, more: 1 }));

    expect(await judge(shared(), ada())).toBe('session_revoked');
  });
});
