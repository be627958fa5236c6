import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeHanko } from 'fake-hanko';
import type { RemoteJwks } from '../../../lib/jwks/remote-jwks.js';
import type { RemoteJwksSettings } from '../../../lib/jwks/remote-jwks-settings.js';
import { createRemoteJwks, JwksObserver } from '../../support/jwks.js';
import { TestClock } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');

const observer = new JwksObserver().watch();
let hanko: FakeHanko;
let clock: TestClock;
const opened: RemoteJwks[] = [];

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

beforeEach(async () => {
  await hanko.recover();
  hanko.clearRequests();
  clock = new TestClock(START);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
  for (const jwks of opened.splice(0)) jwks.onModuleDestroy();
});

function createJwks(settings: Partial<RemoteJwksSettings> = {}): RemoteJwks {
  const jwks = createRemoteJwks({
    url: `${hanko.url}/.well-known/jwks.json`,
    now: clock.now,
    ...settings,
  });
  opened.push(jwks);
  return jwks;
}

/** Time passes, for clock and timers, and a fetch ends. */
const passUntilFetch = async (ms: number): Promise<string> => {
  const next = observer.nextFetch();
  clock.advanceMs(ms);
  await vi.advanceTimersByTimeAsync(ms + 1);
  return (await next).outcome;
};

describe('after a failed fetch, without a request', () => {
  it('the keys are fetched again at the pace of the back-off, until there are some', async () => {
    await hanko.fault('error', { times: 4 });
    const jwks = createJwks();
    const first = observer.nextFetch();
    jwks.onModuleInit();
    await first;
    expect(jwks.status().state).toBe('missing');

    const outcomes: string[] = [];
    for (const wait of [1_000, 2_000, 4_000, 8_000]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      outcomes.push(await passUntilFetch(wait));
    }

    expect(outcomes).toEqual(['failed', 'failed', 'failed', 'refreshed']);
    expect(jwks.status().state).toBe('fresh');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('last good keys become fresh again', async () => {
    const jwks = createJwks();
    await jwks.getKey(await kidOf());
    clock.advance(600);
    await hanko.fault('error', { times: 1 });
    const failed = observer.nextFetch();
    await jwks.getKey(await kidOf());
    await failed;
    expect(jwks.status().state).toBe('stale');

    expect(await passUntilFetch(1_000)).toBe('refreshed');
    expect(jwks.status().state).toBe('fresh');
  });

  it('nothing is fetched before it is time by the clock of the app', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    const first = observer.nextFetch();
    jwks.onModuleInit();
    await first;
    await vi.advanceTimersByTimeAsync(60_000);

    expect(hanko.requests).toHaveLength(1);
  });

  it('nothing is fetched any more once the app closes', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    const first = observer.nextFetch();
    jwks.onModuleInit();
    await first;
    jwks.onModuleDestroy();
    clock.advance(60);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(hanko.requests).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a request may be first, and there is one fetch', async () => {
    await hanko.fault('error', { times: 1 });
    const jwks = createJwks();
    const first = observer.nextFetch();
    jwks.onModuleInit();
    await first;
    clock.advance(1);
    await jwks.getKey(await kidOf());
    await vi.advanceTimersByTimeAsync(60_000);

    expect(hanko.requests).toHaveLength(2);
  });
});

const kidOf = async (): Promise<string> => {
  const [header = ''] = (await hanko.token()).split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
};

describe('what keeps the process running', () => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  beforeEach(() => {
    vi.useRealTimers();
  });

  it('is no prefetch that hangs', async () => {
    await hanko.fault('hang');
    const before = timers();
    createJwks().onModuleInit();

    expect(timers()).toBe(before);
  });

  it('is no wait for the next fetch', async () => {
    await hanko.fault('error');
    const { setTimeout } = globalThis;
    const waits: NodeJS.Timeout[] = [];
    globalThis.setTimeout = ((act: () => void, ms?: number) => {
      const timer = setTimeout(act, ms);
      // The back-off of a clock that stands still.
      if (ms === 1_001) waits.push(timer);
      return timer;
    }) as typeof setTimeout;
    try {
      const failed = observer.nextFetch();
      createJwks().onModuleInit();
      await failed;
    } finally {
      globalThis.setTimeout = setTimeout;
    }

    expect(waits.map((timer) => timer.hasRef())).toEqual([false]);
  });

  it('is a request that waits for the prefetch', async () => {
    await hanko.fault('hang');
    const before = timers();
    const jwks = createJwks();
    jwks.onModuleInit();
    const waiting = Promise.resolve(jwks.getKey('a')).catch(() => 'refused');
    expect(timers()).toBe(before + 1);

    jwks.onModuleDestroy();
    expect(await waiting).toBe('refused');
  });
});
