import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type AdminCall,
  AdminClient,
  type AdminClientSettings,
  type AdminReply,
} from '../../../lib/admin/admin-client.js';
import { HankoAdminError } from '../../../lib/admin/admin-error.js';
import {
  AdminServer,
  type Behaviour,
  inTurn,
  problem,
  replying,
  reset,
} from '../../support/admin-server.js';

const server = new AdminServer();

const GET: AdminCall = { method: 'GET', path: ['users'] };
const POST: AdminCall = { method: 'POST', path: ['users'], body: { a: 1 } };
const DELETE: AdminCall = { method: 'DELETE', path: ['users', 'a'], isDeletion: true };

const clientOf = (settings: Partial<AdminClientSettings> = {}): AdminClient =>
  new AdminClient({
    url: server.url,
    apiKey: 'key',
    fetch: null,
    timeoutMs: 10_000,
    maxReplyBytes: 1_000,
    firstWaitMs: 0,
    ...settings,
  });

const errorOf = async (call: Promise<AdminReply>): Promise<HankoAdminError> =>
  call.then(
    (reply) => expect.fail(`it is done: ${reply.status}`),
    (error: unknown) => error as HankoAdminError,
  );

const pick = (value: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, (value as Record<string, unknown>)[name]]));

/** Like `Date`, in the form of a header field. */
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString();

/** A bomb: a mebibyte in a kibibyte. */
const BOMB = gzipSync(Buffer.alloc(2 ** 20, ' '));

const gzipped =
  (body: Buffer, status = 200): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-encoding': 'gzip' }).end(body);

/** How often it is sent if it reads, and if it may not be done twice; and what is said of it. */
interface Case {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly sent: readonly [read: number, write: number];
  readonly error: Partial<Record<keyof HankoAdminError, unknown>>;
  readonly settings?: Partial<AdminClientSettings>;
}

const STATUSES: readonly Case[] = [
  ...[502, 503, 504].map((status) => ({
    name: `${status}`,
    behaviour: problem(status),
    sent: [3, 1] as const,
    error: { code: 'unavailable', status },
  })),
  ...[408, 500, 501, 505].map((status) => ({
    name: `${status}`,
    behaviour: problem(status),
    sent: [1, 1] as const,
    error: { code: 'unavailable', status },
  })),
  ...Object.entries({
    invalid: [400, 413, 415, 422],
    unauthorized: [401, 403],
    not_found: [404],
    conflict: [409],
    unexpected: [301, 302, 303, 307, 308, 304, 405, 406, 418],
  }).flatMap(([code, statuses]) =>
    statuses.map((status) => ({
      name: `${status}`,
      behaviour: problem(status),
      sent: [1, 1] as const,
      error: { code, status },
    })),
  ),
  {
    name: '429',
    behaviour: problem(429),
    sent: [3, 3],
    error: { code: 'limited', status: 429, retryAfterSeconds: undefined },
  },
  ...[
    { after: '0', sent: [3, 3] as const, retryAfterSeconds: 0 },
    { after: 'Sun, 06 Nov 1994 08:49:37 GMT', sent: [3, 3] as const, retryAfterSeconds: 0 },
    { after: 'Sunday, 06-Nov-94 08:49:37 GMT', sent: [3, 3] as const, retryAfterSeconds: 0 },
    { after: '6', sent: [1, 1] as const, retryAfterSeconds: 6 },
    { after: '999999999', sent: [1, 1] as const, retryAfterSeconds: 999_999_999 },
    // What says nothing changes nothing.
    ...['-1', '1.5', '1e9', 'soon', '9'.repeat(30), '2030-01-01', '', '1, 2'].map((after) => ({
      after,
      sent: [3, 3] as const,
      retryAfterSeconds: undefined,
    })),
  ].map(({ after, sent, retryAfterSeconds }) => ({
    name: `429 with Retry-After: ${after}`,
    behaviour: problem(429, 'No', { 'retry-after': after }),
    sent,
    error: { code: 'limited', retryAfterSeconds },
  })),
  {
    name: '503 that asks for a longer wait than anybody has',
    behaviour: problem(503, 'No', { 'retry-after': '60' }),
    sent: [1, 1],
    error: { code: 'unavailable', status: 503, retryAfterSeconds: 60 },
  },
  {
    name: 'a page in place of a user: 404 of something else than Hanko',
    behaviour: replying(404, '<html>nginx</html>'),
    sent: [1, 1],
    error: { code: 'unexpected', status: 404 },
  },
  {
    name: '503 with a body that nobody can read',
    behaviour: replying(503, 'x', { 'content-encoding': 'zstd' }),
    sent: [3, 1],
    error: { code: 'unavailable', status: 503 },
  },
  {
    name: '409 with a bomb',
    behaviour: gzipped(BOMB, 409),
    sent: [1, 1],
    error: { code: 'conflict', status: 409, reason: undefined },
  },
];

const BODIES: readonly Case[] = [
  {
    name: 'a web page',
    behaviour: replying(200, '<html>'),
    sent: [1, 1],
    error: { code: 'unexpected' },
  },
  { name: 'no JSON', behaviour: replying(200, '{'), sent: [1, 1], error: { code: 'unexpected' } },
  {
    name: 'too long a body',
    behaviour: replying(200, ' '.repeat(2_000)),
    sent: [1, 1],
    error: { code: 'unexpected' },
  },
  {
    name: 'a body without an end',
    behaviour: (response) => response.write(' '.repeat(2_000)),
    sent: [1, 1],
    error: { code: 'unexpected' },
  },
  { name: 'a bomb', behaviour: gzipped(BOMB), sent: [1, 1], error: { code: 'unexpected' } },
];

const CONNECTIONS: readonly Case[] = [
  {
    name: 'a reset before the reply',
    behaviour: reset,
    sent: [3, 1],
    error: { code: 'unavailable', status: undefined },
  },
  {
    name: 'a reset after the header fields',
    behaviour: (response, request) => {
      response.writeHead(200, { 'content-length': '9' }).flushHeaders();
      setImmediate(() => request.socket.resetAndDestroy());
    },
    sent: [3, 1],
    error: { code: 'unavailable' },
  },
  {
    name: 'half a body',
    behaviour: (response, request) => {
      response.writeHead(200, { 'content-length': '9' }).write('{');
      setImmediate(() => request.socket.destroy());
    },
    sent: [3, 1],
    error: { code: 'unavailable' },
  },
  {
    name: 'no reply',
    behaviour: () => undefined,
    settings: { timeoutMs: 300 },
    sent: [1, 1],
    error: { code: 'unavailable', status: undefined },
  },
  {
    name: 'a body that does not come',
    behaviour: (response) => response.write('{'),
    settings: { timeoutMs: 300 },
    sent: [1, 1],
    error: { code: 'unavailable' },
  },
  {
    name: 'another protocol',
    behaviour: (_response, request) => request.socket.end('220 smtp.example\r\n'),
    sent: [1, 1],
    error: { code: 'unexpected' },
  },
];

describe.each([
  { by: "Node's client", fetch: null },
  { by: 'a fetch of the app', fetch: globalThis.fetch },
])('a call by $by', ({ fetch }) => {
  it.each([...STATUSES, ...BODIES, ...CONNECTIONS])(
    'is sent as often as it may be: $name',
    async ({ behaviour, settings, sent, error }) => {
      const client = clientOf({ fetch, ...settings });
      server.behaviour = behaviour;

      const outcomes = [GET, POST].map(async (call) => {
        // One that has timed out may arrive later.
        const path = ['users', randomUUID()];
        const thrown = await errorOf(client.call({ ...call, path }));
        expect(thrown).toBeInstanceOf(HankoAdminError);
        const own = server.requests.filter(({ url }) => url === `/${path.join('/')}`);
        return { error: pick(thrown, Object.keys(error)), sent: own.length };
      });

      expect(await Promise.all(outcomes)).toEqual(sent.map((times) => ({ error, sent: times })));
    },
  );

  it('is done when a later try is', async () => {
    server.behaviour = inTurn(problem(503), reset, replying(200, { a: 1 }));

    expect((await clientOf({ fetch }).call(GET)).json).toEqual({ a: 1 });
    expect(server.requests).toHaveLength(3);
  });

  it('says the same each time, though what the caller gave may change meanwhile', async () => {
    let read = 0;
    const body = {
      get a() {
        return (read += 1);
      },
    };
    server.behaviour = inTurn(problem(503), problem(502), replying(200, {}));
    await clientOf({ fetch }).call({ ...POST, body, isRepeatable: true });

    expect(server.requests.map((request) => request.body)).toEqual(Array(3).fill('{"a":1}'));
  });

  it('that deletes was done by an earlier try, where a later one finds nothing', async () => {
    for (const behaviour of [reset, problem(502)]) {
      server.requests = [];
      server.behaviour = inTurn(behaviour, problem(404));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await clientOf({ fetch }).call(DELETE)).status).toBe(204);
      expect(server.requests).toHaveLength(2);
    }
  });

  it('that deletes finds nothing, where the earlier try was refused', async () => {
    server.behaviour = inTurn(problem(429, 'No', { 'retry-after': '0' }), problem(404));

    expect(await errorOf(clientOf({ fetch }).call(DELETE))).toMatchObject({ code: 'not_found' });
  });

  it('that deletes was done, where a connection from before broke without a reply', async () => {
    const client = clientOf({ fetch });
    server.behaviour = inTurn(replying(200, {}), reset, problem(404));
    await client.call(GET);
    await new Promise(setImmediate);

    expect((await client.call(DELETE)).status).toBe(204);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'DELETE']);
    const [first, second, third] = server.requests.map(({ connection }) => connection);
    // A fetch of the app may take another of its connections.
    expect(fetch === null ? second : first).toBe(first);
    expect(third).not.toBe(second);
  });

  it('is sent three times in all, where a connection from before broke without a reply', async () => {
    const client = clientOf({ fetch });
    server.behaviour = inTurn(replying(200, {}), reset);
    await client.call(GET);
    await new Promise(setImmediate);
    server.requests = [];
    server.behaviour = reset;

    expect(await errorOf(client.call(GET))).toMatchObject({ code: 'unavailable' });
    expect(server.requests).toHaveLength(3);
  });

  it('that may not be done twice is not, though a connection from before broke', async () => {
    const client = clientOf({ fetch });
    server.behaviour = inTurn(replying(200, {}), reset);
    await client.call(GET);
    await new Promise(setImmediate);

    expect(await errorOf(client.call(POST))).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/Whether it was done is not known\.$/) as string,
    });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('follows no redirect: the key stays where it belongs', async () => {
    server.behaviour = (response, request) =>
      replying(request.url === '/users' ? 307 : 200, {}, { location: `${server.url}/other` })(
        response,
        request,
        1,
      );

    expect(await errorOf(clientOf({ fetch }).call(GET))).toMatchObject({
      code: 'unexpected',
      status: 307,
      message: expect.stringContaining(
        '307 to GET /users, a redirect, which is not followed',
      ) as string,
    });
    expect(server.requests.map(({ url }) => url)).toEqual(['/users']);
  });

  it('carries the key, and a length where it has no body', async () => {
    const client = clientOf({ fetch });
    await client.call(GET);
    await client.call({ method: 'POST', path: ['a'] });
    await client.call(POST);
    await clientOf({ fetch, apiKey: null }).call(GET);

    expect(server.requests.map(({ headers }) => headers)).toMatchObject([
      { authorization: 'Bearer key', accept: 'application/json' },
      { authorization: 'Bearer key', 'content-length': '0' },
      { 'content-length': '7', 'content-type': 'application/json' },
      {},
    ]);
    expect(server.requests[1]?.headers).not.toHaveProperty('content-type');
    expect(server.requests[3]?.headers).not.toHaveProperty('authorization');
  });

  // More than ten listeners of one signal are a leak to Node.
  it('is one of many at once', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const client = clientOf({ fetch });
    await Promise.all(Array.from({ length: 12 }, () => client.call(GET)));
    await new Promise(setImmediate);
    process.off('warning', onWarning);

    expect(server.requests).toHaveLength(12);
    expect(warnings).toEqual([]);
  });
});

describe('a call', () => {
  it('takes no longer than its time, whatever the tries and waits', async () => {
    server.behaviour = problem(503);
    const client = clientOf({ timeoutMs: 3_000, firstWaitMs: 4_000 });

    expect(await errorOf(client.call(GET))).toMatchObject({ code: 'unavailable', status: 503 });
    expect(server.requests).toHaveLength(1);
  });

  it('ends with the app: what waits for a reply, and what waits to be sent again', async () => {
    const client = clientOf({ firstWaitMs: 4_000 });
    const asked = new Promise<void>((resolve) => {
      server.behaviour = (response, request, nth) => {
        if (request.url === '/hangs') return void (nth === 2 && resolve());
        problem(503)(response, request, nth);
        return undefined;
      };
    });
    const waiting = errorOf(client.call(GET));
    const hanging = errorOf(client.call({ method: 'PUT', path: ['hangs'], body: {} }));
    await asked;
    client.close();

    expect(await waiting).toMatchObject({ code: 'unavailable' });
    expect(await hanging).toMatchObject({
      code: 'unavailable',
      message:
        "Hanko's Admin API cannot be reached: the app is closing (PUT /hangs). Whether it was done is not known.",
    });
    expect(await errorOf(client.call(GET))).toMatchObject({
      code: 'unavailable',
      message: "Hanko's Admin API cannot be reached: the app is closing (GET /users).",
    });
    expect(server.requests).toHaveLength(2);
  });

  it('is sent three times if nobody listens', async () => {
    let sent = 0;
    const fetch: typeof globalThis.fetch = (...given) => {
      sent += 1;
      return globalThis.fetch(...given);
    };
    const client = clientOf({ url: 'http://127.0.0.1:1', fetch });

    expect(await errorOf(client.call(GET))).toMatchObject({ code: 'unavailable' });
    expect(sent).toBe(3);
    expect(await errorOf(clientOf({ url: 'http://127.0.0.1:1' }).call(GET))).toMatchObject({
      message: "Hanko's Admin API cannot be reached: ECONNREFUSED (GET /users).",
    });
  });

  it('waits for as long as Hanko asks, and no longer', async () => {
    server.behaviour = inTurn(
      problem(429, 'No', { 'retry-after': inSeconds(-10) }),
      problem(429, 'No', { 'retry-after': '0' }),
      replying(200, {}),
    );
    await clientOf({ firstWaitMs: 4_000 }).call(GET);

    expect(server.requests).toHaveLength(3);
    server.behaviour = problem(503, 'No', { 'retry-after': inSeconds(3_600) });
    const { retryAfterSeconds } = await errorOf(clientOf().call(GET));
    expect(retryAfterSeconds).toBeGreaterThan(3_590);
    expect(retryAfterSeconds).toBeLessThanOrEqual(3_600);
  });

  it('needs no header fields of what stands in for a Response', async () => {
    const fetch = (() => Promise.resolve({ status: 200, body: null })) as never;
    const reply = await clientOf({ fetch }).call(GET);

    expect(reply.header('x-total-count')).toBeNull();
  });
});
