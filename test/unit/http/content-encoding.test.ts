import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchJson, type JsonReply } from '../../../lib/http/fetch-json.js';

const MAX_BYTES = 10_000;

/** Compresses to a thousandth of its size. */
const BOMB = `"${'a'.repeat(16 * 1024 * 1024)}"`;

describe.each([
  { by: "Node's client", fetch: null },
  { by: 'a fetch of the app', fetch: globalThis.fetch },
])('a reply that was compressed unasked, by $by', ({ fetch }) => {
  let server: Server;
  let reply: { readonly encoding: string; readonly body: Buffer; readonly status: number };
  let accepted: string | undefined;

  beforeEach(async () => {
    server = createServer((request, response) => {
      accepted = request.headers['accept-encoding'];
      response.on('error', () => undefined);
      response.writeHead(reply.status, { 'content-encoding': reply.encoding }).end(reply.body);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const get = (statuses = [200]): Promise<JsonReply> =>
    fetchJson(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      { fetch, timeoutMs: 10_000, maxBytes: MAX_BYTES, signal: new AbortController().signal },
      { statuses },
    );

  const CODINGS = [
    { encoding: 'gzip', compress: gzipSync },
    { encoding: 'GZIP', compress: gzipSync },
    { encoding: 'x-gzip', compress: gzipSync },
    { encoding: 'deflate', compress: deflateSync },
    { encoding: 'br', compress: brotliCompressSync },
  ] as const;

  it.each([...CODINGS, { encoding: 'deflate', compress: deflateRawSync }])(
    'is decoded: $encoding',
    async ({ encoding, compress }) => {
      reply = { encoding, status: 200, body: compress(JSON.stringify({ a: 'é'.repeat(100) })) };

      expect(await get()).toEqual({ status: 200, json: { a: 'é'.repeat(100) } });
    },
  );

  it.each(CODINGS)('is decoded whatever its status: $encoding', async ({ encoding, compress }) => {
    reply = { encoding, status: 400, body: compress('{"code":400}') };

    expect(await get([200, 400])).toEqual({ status: 400, json: { code: 400 } });
  });

  it.each(CODINGS)('may have the largest size once it is decoded: $encoding', async (row) => {
    reply = { ...row, status: 200, body: row.compress('1'.padStart(MAX_BYTES)) };
    expect(await get()).toEqual({ status: 200, json: 1 });

    reply = { ...row, status: 200, body: row.compress('1'.padStart(MAX_BYTES + 1)) };
    await expect(get()).rejects.toThrow(/more than 10000 bytes$/);
  });

  it.each(CODINGS)('may not be a bomb: $encoding', async ({ encoding, compress }) => {
    reply = { encoding, status: 200, body: compress(BOMB) };

    await expect(get()).rejects.toMatchObject({
      message: expect.stringMatching(/more than 10000 bytes$/) as string,
      isOutage: false,
    });
  });

  it.each(['gzip', 'deflate', 'br'])('is a failure if it is no %s', async (encoding) => {
    reply = { encoding, status: 200, body: Buffer.from('{"a":1}') };

    await expect(get()).rejects.toMatchObject({ name: 'FetchFailure' });
  });

  it('is of no use in a coding that nobody knows', async () => {
    reply = { encoding: 'rot13', status: 200, body: Buffer.from('{"n":1}') };

    const outcome = await get().then(
      ({ json }) => JSON.stringify(json),
      (error: Error) => error.message,
    );
    // The platform's fetch takes it as it is.
    expect(outcome).toBe(
      fetch === null ? 'the reply has an unsupported Content-Encoding' : '{"n":1}',
    );
  });

  it("is asked for by the platform's fetch alone", async () => {
    reply = { encoding: 'gzip', status: 200, body: gzipSync('1') };
    await get();

    expect(accepted).toBe(fetch === null ? 'identity' : 'gzip, deflate');
  });
});
