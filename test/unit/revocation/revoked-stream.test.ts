import {
  HankoTokenError,
  HankoUnavailableError,
  type HankoModuleOptions,
  type HankoRevocation,
} from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureLog } from '../../support/log.js';
import {
  ada,
  ADA_ID as ID,
  ADA_SESSION_ID as SESSION_ID,
  createRevocation,
  heardOf,
  judge,
  SECRET,
  SharedStore,
  START,
  TellingStore,
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
      { kind: 'user', userId: ID, issuedUpTo: new Date(START + 5_000) },
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
      { kind: 'user', userId: ID, issuedUpTo: new Date(START + 5_000) },
    ];
    expect(here).toEqual(both);
    expect(afar).toEqual(both);
    expect(telling.reads.filter((keys) => keys.length === 3)).toEqual([]);
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
