import { once } from 'node:events';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bearer } from '../support/app.js';
import { sessionIdIn } from '../support/claims-in.js';
import { Instance } from './instance.js';
import { RedisServer } from './redis-server.js';

let hanko: FakeHanko;
let redis: RedisServer;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  redis = await RedisServer.start();
});
afterAll(async () => {
  await hanko.stop();
  await redis[Symbol.asyncDispose]();
});

/** Resolves to how it was closed, and when. */
async function opened(instance: Instance, token: string): Promise<{ closed: Promise<string> }> {
  const socket = new WebSocket(instance.socketUrl, { headers: bearer(token) });
  await once(socket, 'open');
  return {
    closed: once(socket, 'close').then(([code, reason]) => `${String(code)} ${String(reason)}`),
  };
}

const logOut = (instance: Instance, token: string): Promise<{ status: number }> =>
  hanko.sendWebhook(instance.webhookUrl, 'session.delete.explicit.logout', {
    id: sessionIdIn(token),
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  });

describe.each(['only reads', 'tells'] as const)('two processes with a store that %s', (store) => {
  it('end the sockets of a session on both when one is told of the logout, and no others', async () => {
    const options = { hankoUrl: hanko.url, redisUrl: redis.url, isTold: store === 'tells' };
    await using a = await Instance.start(options);
    await using b = await Instance.start(options);
    const [token, other] = await Promise.all([hanko.token(), hanko.token()]);
    const [here, there, staying] = await Promise.all([
      opened(a, token),
      opened(b, token),
      opened(b, other),
    ]);
    const begin = performance.now();
    await logOut(a, token);
    const ends = await Promise.all([here.closed, there.closed]);
    const ms = performance.now() - begin;
    process.stdout.write(
      `measured: a store that ${store}: closed on both after ${Math.round(ms)} ms\n`,
    );

    expect(ends).toEqual(['4401 session_revoked', '4401 session_revoked']);
    const first = await Promise.race([staying.closed, b.status(other)]);
    expect(first).toBe(200);
  });
});
