import type { HankoRevocation } from 'nestjs-hanko';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RevocationStore } from '../../../lib/options/revocation-options.js';
import { captureLog } from '../../support/log.js';
import {
  ada,
  ADA_ID,
  ADA_SESSION_ID as SESSION_ID,
  createRevocation,
  heardOf,
  judge,
  SECRET,
  settled,
  SharedStore,
  START,
} from '../../support/revocation.js';
import { TestClock } from '../../support/verifier.js';

const log = captureLog();
let clock: TestClock;
beforeEach(() => {
  clock = new TestClock(START);
});
// A rejection that nobody caught fails the run. It is known by then.
afterEach(settled);

type Listener = (key: string, value: unknown) => void;

/** A store whose `subscribe` is of any kind. */
function use(subscribe: unknown): HankoRevocation {
  const store = Object.assign(new SharedStore(), { subscribe }) as unknown as RevocationStore;
  return createRevocation({ now: clock.now, revocation: { store, maxAgeSeconds: 0 } });
}

const fail = (): never => {
  throw new Error(SECRET);
};

describe('a store whose subscribe()', () => {
  const CANNOT = 'error The revocation store cannot subscribe:';
  it.each<[title: string, subscribe: unknown, line: string]>([
    ['throws', fail, `${CANNOT} Error, whose message is omitted`],
    [
      'throws what is no error',
      () => {
        // oxlint-disable-next-line no-throw-literal, only-throw-error -- stores do
        throw SECRET;
      },
      `${CANNOT} a string was thrown`,
    ],
    ['rejects at once', async () => fail(), `${CANNOT} Error, whose message`],
    ['rejects later', () => settled().then(fail), `${CANNOT} Error, whose message`],
    // oxlint-disable-next-line no-thenable -- it is what is tested
    ['returns a thenable that throws', () => ({ then: fail }), `${CANNOT} Error, whose message`],
    ['returns nothing', () => undefined, `${CANNOT} its subscribe() must return a function`],
    ['resolves to nothing', settled, `${CANNOT} its subscribe() must return a function`],
    ['returns something else', () => ({ unsubscribe: fail }), `${CANNOT} its subscribe() must`],
    ['is no function', true, `${CANNOT} TypeError, whose message is omitted`],
  ])('%s is one that does not tell, and the log says it once', async (_, subscribe, line) => {
    const revocation = use(subscribe);
    expect(revocation.isToldByStore).toBe(false);
    await settled();
    await settled();

    expect(revocation.isToldByStore).toBe(false);
    expect(log).toEqual([expect.stringContaining(line)]);
    expect(log.join()).not.toContain(SECRET);
    revocation.onModuleDestroy();
    expect(await judge(revocation, ada())).toBe('passes');
  });

  it('resolves to a function tells from then on, and is left when the app ends', async () => {
    let left = 0;
    const revocation = use(() => settled().then(() => () => (left += 1)));
    expect(revocation.isToldByStore).toBe(false);
    await settled();
    await settled();
    expect(revocation.isToldByStore).toBe(true);
    revocation.onModuleDestroy();

    expect([revocation.isToldByStore, left, log]).toEqual([false, 1, []]);
  });

  it('resolves after the app has ended is left then', async () => {
    let left = 0;
    const revocation = use(() => settled().then(() => () => (left += 1)));
    revocation.onModuleDestroy();
    await settled();
    await settled();

    expect([revocation.isToldByStore, left]).toEqual([false, 1]);
  });

  it.each<[string, () => unknown]>([
    ['throws', fail],
    ['rejects', async () => fail()],
  ])('returns a function that %s does not keep the app from ending', async (_, unsubscribe) => {
    const revocation = use(() => unsubscribe);
    let isComplete = false;
    revocation.revoked$.subscribe({
      complete: () => {
        isComplete = true;
      },
    });
    revocation.onModuleDestroy();
    await settled();

    expect(isComplete).toBe(true);
    expect(log).toEqual([expect.stringContaining('cannot end its subscription: Error, whose')]);
  });
});

describe('a store that tells', () => {
  let tell: Listener = fail;
  const begin = (): HankoRevocation =>
    use((listener: Listener) => {
      tell = listener;
      return () => undefined;
    });
  const KEY = `nestjs-hanko:revoked-session:${SESSION_ID}`;

  it('of anything but revocations tells nothing, and nothing is thrown into it', () => {
    const heard = heardOf(begin());
    const unreadable = Object.defineProperty({}, 'until', { get: fail });
    const values = [
      undefined,
      null,
      1,
      'text',
      [],
      {},
      { until: 'soon' },
      { until: NaN },
      { until: 1e300 },
    ];
    for (const value of [...values, unreadable]) tell(KEY, value);
    for (const key of [undefined, null, 1, Symbol('x'), {}, '', 'else']) {
      tell(key as never, { until: START + 9_000 });
    }

    expect([heard, log]).toEqual([[], []]);
  });

  it('of a user tells of that user, under either key', () => {
    const heard = heardOf(begin());
    const value = { until: START + 9_000, issuedUpTo: START };
    const [first, after] = [`nestjs-hanko:revoked-user:${ADA_ID}`, START + 1_000] as const;
    tell(first, value);
    tell(`${first}:2`, { ...value, issuedUpTo: after });

    expect(heard).toEqual(
      [START, after].map((at) => ({ kind: 'user', userId: ADA_ID, issuedUpTo: new Date(at) })),
    );
  });

  it('though it returned nothing is listened to all the same', () => {
    const heard = heardOf(use((listener: Listener) => void (tell = listener)));
    tell(KEY, { until: START + 9_000 });

    expect(heard).toEqual([{ kind: 'session', sessionId: SESSION_ID }]);
  });

  it('after the app has ended is heard no more', () => {
    const revocation = begin();
    revocation.onModuleDestroy();
    tell(KEY, { until: START + 9_000 });

    expect(revocation.status.entries).toBe(0);
  });
});
