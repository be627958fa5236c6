import { connect, type Socket } from 'node:net';
import { FakeHanko, type FaultKind } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { send } from '../support/raw-http.js';

let hanko: FakeHanko;
beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterEach(async () => {
  await hanko.recover();
  hanko.clearRequests();
});
afterAll(() => hanko.stop());

const JWKS = '/.well-known/jwks.json';
const getJwks = () => send({ url: hanko.url + JWKS });

/** A client that shows every byte, and when the connection ends. */
class RawClient {
  received = '';
  readonly ended: Promise<void>;
  private readonly socket: Socket;

  constructor(url: string) {
    const { hostname, port, pathname, host } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    this.socket.on('data', (chunk) => (this.received += chunk.toString()));
    // A reset connection ends, too.
    this.socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => this.socket.on('close', () => resolve()));
  }

  get isOpen(): boolean {
    return !this.socket.closed;
  }
}

/** The faults whose answer comes at once, and what a client sees. */
const ANSWERED: Readonly<
  Record<Exclude<FaultKind, 'down' | 'refuse' | 'hang' | 'slow' | 'drip'>, object>
> = {
  error: { status: 500, body: { code: 500, message: 'Internal Server Error' } },
  unavailable: { status: 503, body: { code: 503, message: 'Service Unavailable' } },
  garbage: {
    status: 200,
    headers: expect.objectContaining({ 'content-type': 'text/html' }) as unknown,
    text: expect.stringMatching(/^<!DOCTYPE html>/) as unknown,
  },
  'wrong-json': { status: 200, body: { hello: 1 } },
  redirect: {
    status: 302,
    headers: expect.objectContaining({ location: `/redirected${JWKS}` }) as unknown,
  },
  oversized: {
    status: 200,
    text: expect.toSatisfy((text: string) => text.length > 2 ** 20) as unknown,
  },
};

describe('a fault', () => {
  it.each(Object.entries(ANSWERED) as [FaultKind, object][])(
    '%s: on both APIs, until recover()',
    async (kind, seen) => {
      await hanko.fault(kind);
      for (const base of [hanko.url, hanko.adminUrl, hanko.url]) {
        expect(await send({ url: base + JWKS })).toMatchObject(seen);
      }
      await hanko.recover();
      expect(await getJwks()).toMatchObject({ status: 200, body: hanko.jwks() });
    },
  );

  it('down: the connection is cut without an answer', async () => {
    await hanko.fault('down');
    await expect(getJwks()).rejects.toMatchObject({ code: 'ECONNRESET' });
    const client = new RawClient(hanko.url + JWKS);
    await client.ended;
    expect(client.received).toBe('');
    expect(hanko.requests.map(({ status }) => status)).toEqual([0, 0]);
    await hanko.recover();
    expect((await getJwks()).status).toBe(200);
  });

  it('refuse: nothing listens, and recovers on the same ports', async () => {
    const { url, adminUrl } = hanko;
    await hanko.fault('refuse');
    for (const base of [url, adminUrl]) {
      await expect(send({ url: base })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
    await hanko.recover();
    expect([hanko.url, hanko.adminUrl]).toEqual([url, adminUrl]);
    expect((await getJwks()).status).toBe(200);
    expect((await send({ url: `${adminUrl}/health/alive` })).status).toBe(200);
  });

  it('refuse: keeps users, sessions and keys', async () => {
    const token = await hanko.token({ username: 'ada' });
    await hanko.fault('refuse');
    await hanko.recover();
    const headers = { authorization: `Bearer ${token}` };
    expect((await send({ url: `${hanko.url}/me`, headers })).status).toBe(200);
  });

  it('hang: never answered', async () => {
    await hanko.fault('hang', { times: 1 });
    const client = new RawClient(hanko.url + JWKS);
    await vi.waitUntil(() => hanko.countRequests() === 1);
    // Whoever comes later is served meanwhile.
    expect((await getJwks()).status).toBe(200);
    expect(client.isOpen).toBe(true);
    expect(client.received).toBe('');
    expect(hanko.requests.map(({ status }) => status)).toEqual([0, 200]);
  });

  it('slow: the good answer, later', async () => {
    await hanko.fault('slow', { path: JWKS, delayMs: 500 });
    const start = performance.now();
    const slow = getJwks().then((answer) => ({ answer, tookMs: performance.now() - start }));
    await send({ url: `${hanko.url}/health/alive` });
    expect(hanko.requests.map(({ status }) => status)).toEqual([0, 200]);
    const { answer, tookMs } = await slow;
    expect(answer).toMatchObject({ status: 200, body: hanko.jwks() });
    // A timer may be a millisecond early.
    expect(tookMs).toBeGreaterThanOrEqual(499);
  });

  it('drip: status and a byte, then nothing', async () => {
    await hanko.fault('drip', { times: 1, delayMs: 60_000 });
    const client = new RawClient(hanko.url + JWKS);
    await vi.waitUntil(() => client.received.includes('{'));
    expect((await getJwks()).status).toBe(200);
    expect(client.isOpen).toBe(true);
    const [head = '', body] = client.received.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head.toLowerCase()).toContain('content-type: application/json');
    expect(body).toBe('1\r\n{\r\n');
  });
});

describe('options of a fault', () => {
  it('times: so many requests, then good answers', async () => {
    await hanko.fault('error', { times: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await getJwks()).status);
    expect(statuses).toEqual([500, 500, 200, 200]);
  });

  it('path: only requests that end in it, whatever their query', async () => {
    await hanko.fault('unavailable', { path: JWKS });
    expect((await getJwks()).status).toBe(503);
    expect((await send({ url: `${hanko.url}${JWKS}?x=1` })).status).toBe(503);
    expect((await send({ url: `${hanko.url}/health/alive?${JWKS}` })).status).toBe(200);
  });

  it('path and times: other requests do not count', async () => {
    await hanko.fault('error', { path: JWKS, times: 1 });
    expect((await send({ url: `${hanko.url}/health/alive` })).status).toBe(200);
    expect((await getJwks()).status).toBe(500);
    expect((await getJwks()).status).toBe(200);
  });

  it('several: one after the other', async () => {
    await hanko.fault('error', { times: 1 });
    await hanko.fault('unavailable', { times: 1 });
    await hanko.fault('garbage');
    const statuses: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await getJwks();
      statuses.push([status, headers['content-type']]);
    }
    expect(statuses).toEqual([
      [500, 'application/json'],
      [503, 'application/json'],
      [200, 'text/html'],
    ]);
  });

  it('path below a tenant', async () => {
    const tenantId = 'cf135117-ac0c-44e0-af37-4aa572e493a1';
    await using tenant = await FakeHanko.start({ tenantId });
    await tenant.fault('redirect', { path: JWKS });
    const { status, headers } = await send({ url: tenant.url + JWKS });
    expect(status).toBe(302);
    const followed = await send({ url: new URL(String(headers.location), tenant.url).href });
    expect(followed.body).toEqual(tenant.jwks());
  });
});

it('redirect leads to the good answer, for those who follow', async () => {
  await hanko.fault('redirect');
  const followed = await fetch(hanko.url + JWKS);
  expect(followed.redirected).toBe(true);
  expect(await followed.json()).toEqual(hanko.jwks());
  expect(hanko.requests).toEqual([
    { method: 'GET', path: JWKS, status: 302 },
    { method: 'GET', path: `/redirected${JWKS}`, status: 200 },
  ]);
});

it('stop() cuts hanging, dripping, slow and idle clients at once', async () => {
  const own = await FakeHanko.start();
  await own.fault('hang', { times: 2 });
  await own.fault('drip', { times: 2 });
  await own.fault('slow', { times: 2, delayMs: 3_600_000 });
  const clients: RawClient[] = [];
  for (const base of [own.url, own.adminUrl]) {
    for (let i = 0; i < 4; i++) clients.push(new RawClient(base + JWKS));
  }
  await vi.waitUntil(() => clients.filter(({ received }) => received !== '').length >= 4);
  await own.stop();
  await Promise.all(clients.map(({ ended }) => ended));
  await expect(send({ url: own.url + JWKS })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await own.stop();
});
