import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BodyError, type MaybeParsed, readJson } from '../../../lib/webhooks/request-body.js';
import { settled } from '../../support/revocation.js';

const MAX = 1_024;
const BODY = { token: 'a.b.c', event: 'user.create', text: 'Zoë €' };
const JSON_TEXT = JSON.stringify(BODY);

type Headers = Readonly<Record<string, string>>;

/** What Node and body parsers hand on. */
const requestOf = (
  stream: Readable,
  rest: { headers?: Headers; body?: unknown } = {},
): MaybeParsed => Object.assign(stream, { headers: {}, ...rest }) as unknown as MaybeParsed;

const streamOf = (...chunks: readonly (string | Buffer)[]): Readable =>
  Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

/** A stream that somebody has read to its end. */
async function readAlready(): Promise<Readable> {
  const stream = streamOf(JSON_TEXT);
  await text(stream);
  expect(stream.readableEnded).toBe(true);
  return stream;
}

const refused = (status: number, message: string): object =>
  expect.objectContaining({ name: 'BodyError', status, message });

const notJson = refused(400, 'The body is not JSON');
const tooLarge = refused(413, 'The body has more than 1024 bytes');
const notArrived = refused(400, 'The body did not arrive');

const refusal = (request: MaybeParsed): Promise<unknown> =>
  readJson(request, MAX).then(
    () => expect.unreachable('it was accepted'),
    (error: unknown) => error,
  );

describe('a body that a parser has read', () => {
  it('is what the parser made of it', async () => {
    const body = { ...BODY };

    expect(await readJson(requestOf(await readAlready(), { body }), MAX)).toBe(body);
  });

  it('is a list where it was one', async () => {
    const body = [1];

    expect(await readJson(requestOf(await readAlready(), { body }), MAX)).toBe(body);
  });

  it.each([
    ['a text', JSON_TEXT],
    ['a buffer', Buffer.from(JSON_TEXT)],
  ])('is parsed where the parser left it as %s', async (_, body) => {
    expect(await readJson(requestOf(await readAlready(), { body }), MAX)).toEqual(BODY);
  });

  it.each([
    ['an empty text', ''],
    ['a text that is no JSON', 'token=a.b.c&event=user.create'],
    ['a buffer that is no JSON', Buffer.from('{"token":')],
    ['a number', 5],
    ['true', true],
    ['null', null],
    ['nothing', undefined],
  ])('is refused where the parser made %s of it', async (_, body) => {
    expect(await refusal(requestOf(await readAlready(), { body }))).toEqual(notJson);
  });
});

describe('a body that nobody has read', () => {
  it('is read, though a parser that did not want it left {} there', async () => {
    expect(await readJson(requestOf(streamOf(JSON_TEXT), { body: {} }), MAX)).toEqual(BODY);
  });

  it('may come in any chunks, also within a character', async () => {
    const bytes = Buffer.from(JSON_TEXT);
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      // oxlint-disable-next-line no-await-in-loop -- one size after the other
      expect(await readJson(requestOf(streamOf(...chunks)), MAX)).toEqual(BODY);
    }
  });

  it('may come late', async () => {
    const stream = new PassThrough();
    const read = readJson(requestOf(stream), MAX);
    stream.write(JSON_TEXT.slice(0, 10));
    await settled();
    stream.end(JSON_TEXT.slice(10));

    expect(await read).toEqual(BODY);
  });

  it.each(['', ' ', '{', '{"token":', 'token=a', "{'token':1}", '{}{}', '\uFEFF{}', 'undefined'])(
    'is refused if it is no JSON: %j',
    async (body) => {
      expect(await refusal(requestOf(streamOf(body)))).toEqual(notJson);
    },
  );

  it.each(['null', '5', '"text"', '[1]'])('may be any JSON: %s', async (body) => {
    expect(await readJson(requestOf(streamOf(body)), MAX)).toEqual(JSON.parse(body));
  });
});

describe('a body that is too large', () => {
  const ofSize = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;

  it('is refused by its content-length, and nothing of it is read', async () => {
    const stream = streamOf(ofSize(MAX + 1));

    expect(
      await refusal(requestOf(stream, { headers: { 'content-length': String(MAX + 1) } })),
    ).toEqual(tooLarge);
    expect(stream.readableDidRead).toBe(false);
  });

  it('is refused by its chunks where there is no content-length', async () => {
    expect(await refusal(requestOf(streamOf(ofSize(MAX + 1))))).toEqual(tooLarge);
    expect(await refusal(requestOf(streamOf('"', 'x'.repeat(MAX), '"')))).toEqual(tooLarge);
  });

  it.each(['1', 'NaN', '-1', 'many'])(
    'is refused by its chunks where content-length says %s',
    async (length) => {
      const stream = streamOf(ofSize(MAX + 1));

      expect(await refusal(requestOf(stream, { headers: { 'content-length': length } }))).toEqual(
        tooLarge,
      );
    },
  );

  it('is cut off: no more is read than was needed to know', async () => {
    let given = 0;
    const endless = Readable.from(
      (function* chunks() {
        while (given < 1_000) {
          given += 1;
          yield Buffer.alloc(MAX / 2, 'x');
        }
      })(),
    );

    expect(await refusal(requestOf(endless))).toEqual(tooLarge);
    expect(given).toBeLessThan(100);
  });

  it('counts bytes, not characters', async () => {
    const body = `"${'€'.repeat(400)}"`;
    expect(body.length).toBeLessThan(MAX);

    expect(await refusal(requestOf(streamOf(body)))).toEqual(tooLarge);
  });

  it('is just not too large', async () => {
    const headers = { 'content-length': String(MAX) };

    await expect(readJson(requestOf(streamOf(ofSize(MAX))), MAX)).resolves.toHaveLength(MAX - 2);
    await expect(
      readJson(requestOf(streamOf(ofSize(MAX)), { headers }), MAX),
    ).resolves.toHaveLength(MAX - 2);
  });
});

describe('a body that breaks off', () => {
  it.each([
    ['with an error', new Error('10.0.0.7 went away')],
    ['without a word', undefined],
  ])('is refused %s, and the cause is not told', async (_, error) => {
    const stream = new PassThrough();
    stream.write(JSON_TEXT.slice(0, 10));
    const refusing = refusal(requestOf(stream));
    stream.destroy(error);

    expect(await refusing).toEqual(notArrived);
    expect(JSON.stringify(await refusing)).not.toContain('10.0.0.7');
  });
});

describe('a real request', () => {
  let outcome: Promise<unknown>;
  const server = createServer((request, response) => {
    outcome = readJson(request, MAX).catch((error: unknown) => error);
    void outcome.then((result) => {
      const status = result instanceof BodyError ? result.status : 200;
      return response.writeHead(status, { connection: 'close' }).end();
    });
  });

  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const post = (headers: Headers = {}) =>
    httpRequest({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      method: 'POST',
      headers,
    });

  /** The status, or what went wrong with the connection. */
  const answerOf = (request: ReturnType<typeof post>): Promise<unknown> =>
    new Promise((resolve) => {
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });

  it('is read', async () => {
    const request = post();
    const answer = answerOf(request);
    request.end(JSON_TEXT);

    expect(await answer).toBe(200);
    expect(await outcome).toEqual(BODY);
  });

  it('that is too large by its content-length is told so', async () => {
    const request = post({ 'content-length': String(MAX * 2) });
    const answer = answerOf(request);
    request.end('x'.repeat(MAX * 2));

    expect(await answer).toBe(413);
    expect(await outcome).toEqual(tooLarge);
  });

  it('that is too large by its chunks is told so', async () => {
    const request = post({ 'transfer-encoding': 'chunked' });
    const answer = answerOf(request);
    // There is no end to it.
    request.write('x'.repeat(MAX * 2));

    expect(await answer).toBe(413);
    expect(await outcome).toEqual(tooLarge);
  });

  it('whose sender hangs up is refused', async () => {
    const request = post({ 'content-length': '100' });
    const answer = answerOf(request);
    const came = once(server, 'request');
    request.write(JSON_TEXT.slice(0, 10));
    await came;
    request.destroy();

    expect(await outcome).toEqual(notArrived);
    expect(await answer).toBe('ECONNRESET');
  });
});
