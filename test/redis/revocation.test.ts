import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Instance, type InstanceOptions } from './instance.js';
import { freePort, RedisServer } from './redis-server.js';
import { sessionIdIn } from '../support/claims-in.js';

/** What happens in other processes is waited for, up to this. */
const EVENTUALLY = { timeout: 60_000, interval: 20 };

let hanko: FakeHanko;
let redis: RedisServer;
/** Hanko posts there, whoever listens. */
let hookedPort: number;
let started: Instance[];

beforeAll(async () => {
  hookedPort = await freePort();
  hanko = await FakeHanko.start({
    webhooks: [
      { url: `http://127.0.0.1:${hookedPort}/webhooks/hanko`, events: ['session.delete'] },
    ],
  });
});
afterAll(() => hanko?.stop());
beforeEach(async () => {
  started = [];
  redis = await RedisServer.create();
});
afterEach(async () => {
  await Promise.all(started.map((instance) => instance.kill()));
  await redis[Symbol.asyncDispose]();
});

const start = async (
  options: Pick<InstanceOptions, 'onUnavailable'> = {},
  port?: number,
): Promise<Instance> => {
  const urls = { hankoUrl: hanko.url, redisUrl: redis.url };
  const instance = await Instance.start({ ...urls, ...options }, port);
  started.push(instance);
  return instance;
};

const report = (what: string, ms: number): void =>
  void process.stdout.write(`measured: ${what}: ${Math.round(ms)} ms\n`);

/** Waits for what another process does. @returns how long that took, in milliseconds. */
const until = async (what: () => Promise<unknown>, expected: unknown): Promise<number> => {
  const begin = performance.now();
  await expect.poll(what, EVENTUALLY).toEqual(expected);
  return performance.now() - begin;
};

/** Three failures in a row open the circuit. */
const untilDown = (instance: Instance, token: string): Promise<number> =>
  until(async () => {
    await instance.status(token);
    return (await instance.health()).status;
  }, 'down');

const REVOKED = { statusCode: 401, code: 'session_revoked', message: 'The session has ended' };
const UNAVAILABLE = expect.objectContaining({ statusCode: 503, code: 'hanko_unavailable' });

/** As Hanko's user does it. */
const logOut = async (token: string): Promise<void> => {
  const { status } = await fetch(`${hanko.url}/logout`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  expect(status).toBe(204);
};

/** A delivery as Hanko makes it. @returns the status; 0 if there was no answer. */
const deliver = async (to: Instance, token: string): Promise<number> => {
  const data = {
    id: sessionIdIn(token),
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  };
  try {
    return (await hanko.sendWebhook(to.webhookUrl, 'session.delete.explicit.logout', data)).status;
  } catch {
    return 0;
  }
};

describe('two processes that share a Redis', () => {
  it('a logout that one is told of holds on the other within maxAgeSeconds', async () => {
    await redis.start();
    const [a, b] = await Promise.all([start({}, hookedPort), start()]);
    const token = await hanko.token();
    expect([await a.status(token), await b.status(token)]).toEqual([200, 200]);
    const begin = performance.now();
    await logOut(token);
    const [here, there] = await Promise.all([
      until(() => a.status(token), 401),
      until(() => b.status(token), 401),
    ]);
    report('logout at Hanko until 401 on both', performance.now() - begin);
    report('… on the instance that was told', here);
    report('… on the other', there);

    expect((await b.me(token)).body).toEqual(REVOKED);
    expect((await b.health()).revocations).toMatchObject({ known: 1, store: 'answering' });
  });

  it('a session that the other has not seen yet is refused at once', async () => {
    await redis.start();
    const [a, b] = await Promise.all([start(), start()]);
    const token = await hanko.token();

    expect(await deliver(a, token)).toBe(200);
    expect((await b.me(token)).body).toEqual(REVOKED);
  });

  it('killed amid deliveries, what was answered 2xx is refused by the other and after a restart', async () => {
    await redis.start();
    const [a, b] = await Promise.all([start(), start()]);
    const tokens = await Promise.all(Array.from({ length: 300 }, () => hanko.token()));
    const acknowledged: string[] = [];
    let killed: Promise<void> | undefined;
    const left = [...tokens];
    const deliverAll = async (): Promise<void> => {
      for (let token = left.pop(); token !== undefined; token = left.pop()) {
        if ((await deliver(a, token)) === 200) acknowledged.push(token);
        if (acknowledged.length >= 50) killed ??= a.kill();
      }
    };
    await Promise.all(Array.from({ length: 20 }, deliverAll));
    await killed;
    await a.start();

    expect(acknowledged.length).toBeGreaterThanOrEqual(50);
    expect(acknowledged.length).toBeLessThan(tokens.length);
    for (const instance of [b, a]) {
      const statuses = await Promise.all(acknowledged.map((token) => instance.status(token)));
      expect(new Set(statuses)).toEqual(new Set([401]));
    }
    process.stdout.write(`measured: ${acknowledged.length} of 300 deliveries were acknowledged\n`);
  });
});

describe('when Redis goes', () => {
  /** @returns the time of the slowest of 30 requests, one after the other. */
  const slowest = async (instance: Instance, token: string): Promise<number> => {
    const times: number[] = [];
    while (times.length < 30) times.push((await instance.me(token)).ms);
    return Math.max(...times);
  };

  it.each(['is killed', 'freezes'] as const)(
    'and %s: 503 or passed, soon and in good health afterwards',
    async (how) => {
      await redis.start();
      const [strict, lax] = await Promise.all([start(), start({ onUnavailable: 'accept' })]);
      const [good, endedBefore, endedMeanwhile] = await Promise.all([
        hanko.token(),
        hanko.token(),
        hanko.token(),
      ]);
      expect([await strict.status(good), await lax.status(good)]).toEqual([200, 200]);
      expect(await deliver(strict, endedBefore)).toBe(200);
      expect(await lax.status(endedBefore)).toBe(401);

      if (how === 'freezes') redis.freeze();
      else await redis.kill();
      report(`Redis ${how} until 503`, await until(() => strict.status(good), 503));
      const refused = await strict.me(good);
      expect(refused).toMatchObject({ status: 503, body: UNAVAILABLE });
      expect(refused.retryAfter).toMatch(/^[1-9]\d*$/);
      expect(await lax.status(good)).toBe(200);
      // One failure may be an odd one, three in a row are not.
      await untilDown(strict, good);
      expect((await strict.health()).revocations).toMatchObject({ store: 'failing' });
      // What an instance knows holds, whatever the store does.
      expect((await strict.me(endedBefore)).body).toEqual(REVOKED);
      expect((await lax.me(endedBefore)).body).toEqual(REVOKED);
      // Nobody is told that a revocation is kept which is not.
      expect(await deliver(strict, endedMeanwhile)).toBe(503);
      expect((await strict.me(endedMeanwhile)).body).toEqual(REVOKED);

      // Three failures and it is left alone: then nobody waits for it.
      report("the slowest of 30 answers meanwhile, 'reject'", await slowest(strict, good));
      report("the slowest of 30 answers meanwhile, 'accept'", await slowest(lax, good));
      const circuitIsOpen = await strict.me(good);
      expect(circuitIsOpen).toMatchObject({ status: 503, body: UNAVAILABLE });
      expect(await lax.health()).toMatchObject({
        status: 'degraded',
        revocations: { store: 'failing' },
      });

      if (how === 'freezes') redis.thaw();
      else await redis.start();
      report('Redis is back until 200', await until(() => strict.status(good), 200));
      await until(async () => (await strict.health()).status, 'up');
      await until(async () => {
        await lax.status(good);
        return (await lax.health()).status;
      }, 'up');
      expect([strict.isRunning, lax.isRunning]).toEqual([true, true]);

      // Acknowledged before, sent again afterwards: both hold on whoever asks the store.
      expect(await deliver(strict, endedMeanwhile)).toBe(200);
      const third = await start();
      for (const instance of [strict, third, lax]) {
        await until(() => instance.status(endedMeanwhile), 401);
        expect((await instance.me(endedBefore)).body).toEqual(REVOKED);
      }
      expect([await third.status(good), await lax.status(good)]).toEqual([200, 200]);
    },
  );

  it('an app starts without it, answers 503 until it is there, and 200 from then on', async () => {
    const instance = await start();
    const token = await hanko.token();

    expect(await instance.me(token)).toMatchObject({ status: 503, body: UNAVAILABLE });
    expect(await deliver(instance, await hanko.token())).toBe(503);
    await untilDown(instance, token);
    await redis.start();
    report('Redis is there until 200', await until(() => instance.status(token), 200));
    expect(await deliver(instance, token)).toBe(200);
    await until(() => instance.status(token), 401);
    expect(instance.isRunning).toBe(true);
  });
});
