import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchJson, type FetchBounds, type JsonReply } from '../../../lib/http/fetch-json.js';
import { holdingProcess } from '../../../lib/http/holding-process.js';

const REPLY = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\n1';

/** What a server does with the nth request of a connection, counted from 0. */
type Behaviour = (socket: Socket, nth: number) => void;

const serve: Behaviour = (socket) => socket.write(REPLY);
const reset: Behaviour = (socket) => socket.resetAndDestroy();

let server: Server;
let sockets: Socket[];
/** By connection: the requests that came. */
let requests: number[];
let behaviour: Behaviour;

beforeEach(async () => {
  sockets = [];
  requests = [];
  behaviour = serve;
  server = createServer((socket) => {
    const at = sockets.push(socket) - 1;
    requests[at] = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => behaviour(socket, (requests[at] = (requests[at] ?? 0) + 1) - 1));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

const get = async (bounds: Partial<FetchBounds> = {}): Promise<JsonReply> => {
  const signal = new AbortController().signal;
  const reply = await fetchJson(
    url(),
    { fetch: null, timeoutMs: 10_000, maxBytes: 100, signal, ...bounds },
    { method: 'POST', body: '{}' },
  );
  // The platform has the connection back a moment later.
  await new Promise(setImmediate);
  return reply;
};

describe.each([
  { by: "Node's client", fetch: null },
  { by: 'a fetch of the app', fetch: globalThis.fetch },
])('a connection that was used before, by $by', ({ fetch }) => {
  it.each<{ name: string; breaks: Behaviour }>([
    { name: 'reset', breaks: reset },
    { name: 'closed', breaks: (socket) => socket.destroy() },
    { name: 'ended', breaks: (socket) => socket.end() },
  ])('and is $name without a reply is no failure: it is asked once more', async ({ breaks }) => {
    behaviour = (socket, nth) => (nth === 0 ? serve : breaks)(socket, nth);
    await get({ fetch });

    expect(await get({ fetch })).toEqual({ status: 200, json: 1 });
    expect(requests).toEqual([2, 1]);
  });

  it('is replaced by a new one, however many others lie idle', async () => {
    await Promise.all(Array.from({ length: 8 }, () => get({ fetch })));
    const before = sockets.length;
    behaviour = (socket, nth) => (nth === 0 ? serve : reset)(socket, nth);

    const replies = await Promise.allSettled(Array.from({ length: 4 }, () => get({ fetch: null })));

    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 'fulfilled'));
    expect(sockets.length).toBeGreaterThan(before);
  });

  it('fails if the new one breaks too, after two tries', async () => {
    await get({ fetch });
    behaviour = reset;

    await expect(get({ fetch })).rejects.toMatchObject({ name: 'FetchFailure', isOutage: true });
    expect(requests).toEqual([2, 1]);
  });

  it('fails if a reply had begun', async () => {
    behaviour = (socket, nth) => {
      if (nth === 0) serve(socket, nth);
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1', () => socket.destroy());
    };
    await get({ fetch });

    await expect(get({ fetch })).rejects.toMatchObject({ name: 'FetchFailure' });
    expect(requests).toEqual([2]);
  });

  it('is asked once more within the same time', async () => {
    behaviour = (socket, nth) => {
      if (nth === 0 && sockets.length === 1) serve(socket, nth);
      else if (sockets.length === 1) reset(socket, nth);
    };
    await get({ fetch });

    await expect(get({ fetch, timeoutMs: 200 })).rejects.toThrow('no reply within 200 ms');
    expect(requests).toEqual([2, 1]);
  });
});

describe('a new connection', () => {
  it("that breaks is a failure, and Node's client sends once", async () => {
    behaviour = reset;

    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET', isOutage: true });
    expect(requests).toEqual([1]);
  });
});

describe("Node's client", () => {
  it('is looked up at each call, so that tools which replace it see it', async () => {
    const { request } = http;
    const seen: unknown[] = [];
    http.request = ((...args: Parameters<typeof request>) => {
      seen.push(args[0]);
      return request(...args);
    }) as typeof request;
    try {
      await get();
    } finally {
      http.request = request;
    }

    expect(seen).toEqual([url()]);
  });

  it('uses the global agent of the moment', async () => {
    const { globalAgent } = http;
    const own = new http.Agent({ keepAlive: true });
    http.globalAgent = own;
    try {
      await get();
      expect(Object.values(own.freeSockets).flat()).toHaveLength(1);
    } finally {
      http.globalAgent = globalAgent;
      own.destroy();
    }
  });
});

describe('what keeps the process running', () => {
  /** Of this process, at this moment. */
  const held = (name: string): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === name).length;

  /** Resolves when a request has come, which is not answered. */
  const asked = (): Promise<void> =>
    new Promise((resolve) => {
      behaviour = () => resolve();
    });

  // What the tests before have closed is gone a moment later.
  beforeEach(async () => {
    while (held('TCPSocketWrap') > 0) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await new Promise(setImmediate);
    }
  });

  it('is a fetch that somebody waits for', async () => {
    const timers = held('Timeout');
    const arrived = asked();
    const closing = new AbortController();
    const waiting = get({ signal: closing.signal }).catch((error: unknown) => error);
    await arrived;

    expect(held('Timeout')).toBe(timers + 1);
    // Both ends are in this process.
    expect(held('TCPSocketWrap')).toBe(2);
    closing.abort();
    await waiting;
  });

  it('is no fetch in the background', async () => {
    const timers = held('Timeout');
    const arrived = asked();
    const closing = new AbortController();
    const waiting = get({ signal: closing.signal, isBackground: true }).catch(
      (error: unknown) => error,
    );
    await arrived;

    expect(held('Timeout')).toBe(timers);
    expect(held('TCPSocketWrap')).toBe(1);
    closing.abort();
    await waiting;
  });

  it('is who waits for one in the background, until it ends', async () => {
    const timers = held('Timeout');
    let end = (): void => undefined;
    const work = holdingProcess(new Promise<void>((resolve) => (end = resolve)));
    expect(held('Timeout')).toBe(timers + 1);

    end();
    await work;
    expect(held('Timeout')).toBe(timers);
  });
});
