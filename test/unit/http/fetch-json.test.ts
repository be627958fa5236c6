import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchJson, type FetchBounds, type JsonRequest } from '../../../lib/http/fetch-json.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const json = (body: string, headers: Record<string, string> = {}, status = 200): Answer => {
  return (_request, response) => response.writeHead(status, headers).end(body);
};

/** More than what lies in the buffers of sockets. */
const ENDLESS = 64 * 1024 * 1024;

describe.each([
  { by: "Node's client", fetch: null },
  { by: 'a fetch of the app', fetch: globalThis.fetch },
])('by $by', ({ fetch }) => {
  let server: Server;
  let url: string;
  let answer: Answer;
  let closing: AbortController;

  beforeEach(async () => {
    closing = new AbortController();
    server = createServer((request, response) => answer(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?query`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const get = (bounds: Partial<FetchBounds> = {}, request?: JsonRequest): Promise<unknown> =>
    fetchJson(
      url,
      { fetch, timeoutMs: 5_000, maxBytes: 100, signal: closing.signal, ...bounds },
      request,
    );

  /** Resolves once the client has hung up. */
  const hungUp = (request: IncomingMessage): Promise<unknown> =>
    request.socket.destroyed ? Promise.resolve() : once(request.socket, 'close');

  it('a GET asks for JSON and nothing else', async () => {
    let seen: IncomingMessage | undefined;
    answer = (request, response) => {
      seen = request;
      response.end('{"a":[1]}');
    };

    expect(await get()).toEqual({ status: 200, json: { a: [1] } });
    expect(seen).toMatchObject({
      method: 'GET',
      url: '/path?query',
      headers: { accept: 'application/json' },
    });
    expect(seen?.headers).not.toHaveProperty('content-length');
  });

  it('a POST sends body and header fields', async () => {
    answer = (request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        response.writeHead(400).end(JSON.stringify([request.method, request.headers.b, body]));
      });
    };

    const request = { method: 'POST', headers: { b: 'c' }, body: 'dé', statuses: [400] } as const;
    expect(await get({}, request)).toEqual({ status: 400, json: ['POST', 'c', 'dé'] });
  });

  it('one connection serves again', async () => {
    answer = json('1');
    let connections = 0;
    server.on('connection', () => (connections += 1));

    for (let i = 0; i < 5; i += 1) {
      await get();
      // The platform's fetch has its connection back a moment later.
      await new Promise(setImmediate);
    }
    expect(connections).toBe(1);
  });

  it.each([
    { name: 'of the largest size', answer: json(' '.repeat(99) + '1'), result: 1 },
    { name: 'with a byte order mark', answer: json('\uFEFF2'), result: 2 },
    {
      name: 'whose letters are cut in two by the network',
      answer: (_: unknown, response: ServerResponse) => {
        const text = Buffer.from('"é"');
        response.write(text.subarray(0, 2));
        setImmediate(() => response.end(text.subarray(2)));
      },
      result: 'é',
    },
    {
      name: 'that says it is not compressed',
      answer: json('3', { 'content-encoding': 'identity' }),
      result: 3,
    },
  ])('takes an answer $name', async ({ answer: given, result }) => {
    answer = given;

    expect(await get()).toEqual({ status: 200, json: result });
  });

  it.each([
    { name: 'one byte more', answer: json(' '.repeat(100) + '1'), failure: /more than 100 bytes$/ },
    {
      name: 'a body without an end',
      answer: (_: unknown, response: ServerResponse) => response.write(' '.repeat(ENDLESS)),
      failure: /more than 100 bytes$/,
    },
    { name: 'another status', answer: json('1', {}, 500), failure: /^status 500$/ },
    { name: 'a redirect', answer: json('1', { location: '/else' }, 302), failure: /^status 302$/ },
    { name: 'no content', answer: json('', {}, 204), failure: /^status 204$/ },
    { name: 'an empty body', answer: json(''), failure: /not JSON$/ },
    { name: 'HTML', answer: json('<html>'), failure: /not JSON$/ },
    {
      name: 'a body that ends early',
      answer: (request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '9' }).write('1');
        setImmediate(() => request.socket.destroy());
      },
      failure: /^[A-Z_]+$/,
    },
    {
      name: 'a reset',
      answer: (request: IncomingMessage) => request.socket.resetAndDestroy(),
      failure: /^ECONNRESET$/,
    },
    {
      name: 'another protocol',
      answer: (request: IncomingMessage) => request.socket.end('220 smtp.example\r\n'),
      failure: /^HPE_INVALID_CONSTANT$/,
    },
    {
      name: 'a change of protocol',
      answer: (request: IncomingMessage) =>
        request.socket.end('HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
      failure: /^status 101$|^[A-Z_]+$/,
    },
  ])('refuses $name', async ({ answer: given, failure }) => {
    answer = given;

    await expect(get()).rejects.toMatchObject({
      name: 'FetchFailure',
      message: expect.stringMatching(failure) as string,
    });
  });

  it.each([
    { name: 'another status', status: 500, body: 'x', failure: 'status 500' },
    { name: 'too long a body', status: 200, body: 'x'.repeat(101), failure: 'more than 100 bytes' },
  ])('hangs up on $name that goes on', async ({ status, body, failure }) => {
    let request: IncomingMessage | undefined;
    answer = (asked, response) => {
      request = asked;
      response.writeHead(status).write(body);
    };

    await expect(get()).rejects.toThrow(failure);
    await hungUp(request as IncomingMessage);
  });

  it.each([
    { name: 'no answer', begin: () => undefined },
    {
      name: 'a body that does not come',
      begin: (response: ServerResponse) => response.flushHeaders(),
    },
    { name: 'half a body', begin: (response: ServerResponse) => response.write('1') },
  ])('$name is waited for until the time is over', async ({ begin }) => {
    const asked = new Promise<IncomingMessage>((resolve) => {
      answer = (request, response) => {
        begin(response);
        resolve(request);
      };
    });

    // Most of the time was over already.
    const bounds = { timeoutMs: 10_000, spentMs: 9_950 };
    await expect(get(bounds)).rejects.toThrow(/^no reply within 10000 ms$/);
    await hungUp(await asked);
  });

  it('the end of the app is the end of the wait', async () => {
    const asked = new Promise<IncomingMessage>((resolve) => {
      answer = (request) => resolve(request);
    });
    const waiting = get();
    const request = await asked;
    closing.abort();

    await expect(waiting).rejects.toThrow(/^the app is closing$/);
    await hungUp(request);
    await expect(get()).rejects.toThrow(/^the app is closing$/);
  });

  it('nobody listens', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));

    const failure: unknown = await get().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'FetchFailure', message: 'ECONNREFUSED' });
    // Its cause would name the address.
    expect(failure).not.toHaveProperty('cause');
    server = createServer();
    await once(server.listen(0), 'listening');
  });

  it('an invalid URL is a failure too', async () => {
    url = 'http://[';

    await expect(get()).rejects.toMatchObject({ name: 'FetchFailure', message: 'ERR_INVALID_URL' });
  });
});
