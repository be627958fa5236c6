import { HankoHealth, type HankoModuleOptions, type HankoSessionPolicy } from 'nestjs-hanko';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JwksProvider, JwksStatus } from '../../../lib/jwks/jwks-provider.js';
import { StaticJwks } from '../../../lib/jwks/static-jwks.js';
import { resolveOptions } from '../../../lib/options/hanko-options.js';
import { HankoRevocation } from '../../../lib/revocation/hanko-revocation.js';
import { SessionLiveness } from '../../../lib/session/session-liveness.js';
import { OneHanko } from '../../../lib/tenants/one-hanko.js';
import { SessionTokenVerifier } from '../../../lib/verification/session-token.verifier.js';
import { captureLog } from '../../support/log.js';
import {
  alive,
  broken,
  policy,
  type TestSession,
  testSession,
  ValidateServer,
} from '../../support/validate-server.js';
import { refusalOf, TestClock } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const FETCHED = START - 60_000;

const fresh: JwksStatus = { state: 'fresh', fetchedAt: FETCHED, failedAt: null, failure: null };

captureLog();
let clock: TestClock;
let server: ValidateServer;

beforeEach(async () => {
  clock = new TestClock(START);
  server = await ValidateServer.start();
});

afterEach(() => server[Symbol.asyncDispose]());

interface Parts {
  readonly health: HankoHealth;
  /** Asks about a session that nobody knows. */
  readonly ask: () => Promise<void>;
  readonly askAbout: (session: TestSession) => Promise<void>;
  /** The same so many times, in vain. */
  readonly fail: (count: number) => Promise<void>;
}

function create(options: HankoModuleOptions = {}, jwks: JwksProvider | JwksStatus = fresh): Parts {
  const resolved = resolveOptions(
    {
      ...(options.jwks === undefined && { apiUrl: server.url }),
      audience: null,
      now: clock.now,
      ...options,
    },
    () => undefined,
  );
  const liveness = new SessionLiveness(resolved);
  const provider = 'getKey' in jwks ? jwks : { getKey: () => undefined, status: () => jwks };
  const askAbout = async ({ token, user }: TestSession): Promise<void> =>
    liveness.check(token, user, policy(0));
  const ask = (): Promise<void> => askAbout(testSession(START));
  return {
    health: new HankoHealth(
      resolved,
      new OneHanko(resolved, provider, new SessionTokenVerifier(resolved), liveness),
      new HankoRevocation(resolved),
    ),
    ask,
    askAbout,
    fail: async (count) => {
      server.answer = broken;
      for (let n = 0; n < count; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await refusalOf(ask());
      }
    },
  };
}

describe('the keys', () => {
  it.each([
    ['pinned', 'up'],
    ['fresh', 'up'],
    ['stale', 'degraded'],
    ['missing', 'down'],
  ] as const)('may be %s: Hanko is %s', (state, status) => {
    const { health } = create({}, { ...fresh, state });

    expect(health.report()).toMatchObject({ status, keys: { state } });
  });

  it('of a provider that does not say are unknown, which is nothing wrong', () => {
    const { health } = create({}, { getKey: () => undefined });

    expect(health.report()).toMatchObject({
      status: 'up',
      keys: { state: 'unknown', fetchedAt: null, lastFailure: null },
    });
  });

  it('that are pinned were never fetched', async () => {
    const { health } = create({}, await StaticJwks.from({ keys: [] }));

    expect(health.report().keys).toEqual({ state: 'pinned', fetchedAt: null, lastFailure: null });
  });

  it('tell when they were fetched, and what went wrong since', () => {
    const { health } = create(
      {},
      { state: 'stale', fetchedAt: FETCHED, failedAt: START, failure: 'status 500' },
    );

    expect(health.report().keys).toEqual({
      state: 'stale',
      fetchedAt: new Date(FETCHED),
      lastFailure: { at: new Date(START), reason: 'status 500' },
    });
  });
});

describe('questions about sessions', () => {
  const unused = { state: 'unused', lastAnswerAt: null, lastFailure: null, retryAt: null };

  it('are unused until a policy asks', () => {
    const { health } = create({ session: 'online' });

    expect(health.report()).toMatchObject({ status: 'up', sessions: unused });
  });

  it('are unused where there is no address', () => {
    const { health } = create({ jwks: { getKey: () => undefined } });

    expect(health.report()).toMatchObject({ status: 'up', sessions: unused });
  });

  it('are answered', async () => {
    const { health, ask } = create({ session: 'online' });
    await ask();
    clock.advance(1);

    expect(health.report()).toMatchObject({
      status: 'up',
      sessions: {
        state: 'answering',
        lastAnswerAt: new Date(START),
        lastFailure: null,
        retryAt: null,
      },
    });
  });

  it('do not fail as long as Hanko is still asked, but what went wrong is told', async () => {
    const { health, fail } = create({ session: 'online' });
    await fail(4);

    expect(health.report()).toMatchObject({
      status: 'up',
      sessions: {
        state: 'answering',
        lastAnswerAt: null,
        lastFailure: { at: new Date(START), reason: 'status 500' },
        retryAt: null,
      },
    });
  });

  it('are not made for a while after five failures, and it is said until when', async () => {
    const { health, fail } = create({ session: 'online' });
    await fail(5);
    expect(health.report().sessions.retryAt).toEqual(new Date(START + 1_000));

    clock.advanceMs(400);
    expect(health.report().sessions.retryAt).toEqual(new Date(START + 1_000));

    expect(health.report()).toMatchObject({ status: 'down', sessions: { state: 'failing' } });
  });

  it('are made again once the wait is over, so nothing fails any more without a request', async () => {
    const { health, fail } = create({ session: 'online' });
    await fail(5);
    clock.advance(1);

    expect(health.report()).toMatchObject({
      status: 'up',
      sessions: { state: 'answering', retryAt: null },
    });
  });

  it('fail for several sessions, or not at all', async () => {
    const { health, askAbout } = create({ session: 'online' });
    const one = testSession(START);
    server.answer = broken;
    for (let n = 0; n < 20; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await refusalOf(askAbout(one));
    }

    expect(health.report()).toMatchObject({ status: 'up', sessions: { state: 'answering' } });
  });

  it('are answered again, and what went wrong before is still told', async () => {
    const { health, ask, fail } = create({ session: 'online' });
    await fail(1);
    clock.advance(5);
    server.answer = alive;
    await ask();

    expect(health.report()).toMatchObject({
      status: 'up',
      sessions: {
        state: 'answering',
        lastAnswerAt: new Date(START + 5_000),
        lastFailure: { at: new Date(START), reason: 'status 500' },
        retryAt: null,
      },
    });
  });

  it.each<[HankoSessionPolicy, 'reject' | 'accept', 'down' | 'degraded']>([
    ['online', 'reject', 'down'],
    [{ refreshSeconds: 60 }, 'reject', 'down'],
    ['online', 'accept', 'degraded'],
    [{ refreshSeconds: 60 }, 'accept', 'degraded'],
    [{ refreshSeconds: 60, onUnavailable: 'accept' }, 'reject', 'degraded'],
    [{ refreshSeconds: 60, onUnavailable: 'reject' }, 'accept', 'down'],
    ['offline', 'reject', 'degraded'],
    ['offline', 'accept', 'degraded'],
  ])(
    'that fail mean, with session %j and onUnavailable %s: %s',
    async (session, onUnavailable, status) => {
      const { health, fail } = create({ session, onUnavailable });
      await fail(5);

      expect(health.report().status).toBe(status);
    },
  );

  it('that are answered do not make up for missing keys', async () => {
    const { health, ask } = create({ session: 'online' }, { ...fresh, state: 'missing' });
    await ask();

    expect(health.report().status).toBe('down');
  });
});

describe('a report', () => {
  it('asks nobody', () => {
    const { health } = create({ session: 'online' });
    for (let n = 0; n < 100; n += 1) health.report();

    expect(server.connections).toBe(0);
  });

  it('holds no address', async () => {
    const { health, fail } = create({ session: 'online' });
    await fail(5);

    expect(JSON.stringify(health.report())).not.toContain(new URL(server.url).port);
  });
});
