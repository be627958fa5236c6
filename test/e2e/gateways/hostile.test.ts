import { connect as connectTcp } from 'node:net';
import { HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, cookie, type RunningApp, startApp } from '../../support/app.js';
import {
  connect,
  LIBRARIES,
  NotesGateway,
  type Opening,
  useLibrary,
} from '../../support/gateways.js';

let hanko: FakeHanko;
let token: string;
let otherToken: string;
let userId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
  otherToken = await hanko.token();
});
afterAll(() => hanko.stop());

const refused = (code: string): unknown => ({
  event: 'exception',
  data: { statusCode: expect.any(Number), code, message: expect.any(String) },
});

describe.each(LIBRARIES)('over %s', (library) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(
      'Express',
      {
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
        providers: [NotesGateway],
      },
      { configure: useLibrary(library) },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const ask = async (opening: Opening, event = 'unmarked', data?: unknown): Promise<unknown> => {
    await using client = await connect(library, app.url, opening);
    return await client.ask(event, data);
  };

  it('a message that looks like a client, a context, a handshake or a user opens nothing', async () => {
    const headers = { authorization: `Bearer ${token}`, cookie: `hanko=${token}` };
    const rawHeaders = ['Authorization', `Bearer ${token}`];
    const handshake = { headers, auth: { token }, query: { token } };
    const disguises = [
      { handshake, request: { headers, rawHeaders }, auth: { token } },
      { headers, rawHeaders, method: 'GET', user: { id: userId }, raw: { rawHeaders } },
      { req: { headers }, request: { rawHeaders, headers }, connectionParams: { token } },
      { token, authorization: `Bearer ${token}`, getType: 'ws', switchToWs: {} },
      [{ handshake }, { token }],
      `Bearer ${token}`,
      JSON.parse(`{"__proto__": {"handshake": {"auth": {"token": "${token}"}}}}`),
    ];
    for (const disguise of disguises) {
      expect(await ask({}, 'unmarked', disguise)).toEqual(refused('credentials_missing'));
    }
  });

  it('a token in the query string is not looked for', async () => {
    const at = `/?token=${token}&authorization=Bearer%20${token}&hanko=${token}`;

    expect(await ask({ at })).toEqual(refused('credentials_missing'));
  });

  it('two different tokens in two places contradict each other, and the same one twice does not', async () => {
    const said = (text: string): Opening =>
      library === 'ws' ? { protocols: ['hanko', `bearer.${text}`] } : { auth: { token: text } };
    const headers = bearer(otherToken);

    expect(await ask({ ...said(token), headers })).toEqual(refused('credentials_ambiguous'));
    expect(await ask({ ...said(token), headers }, 'optional')).toEqual(
      refused('credentials_ambiguous'),
    );
    expect(await ask({ ...said(otherToken), headers })).toMatchObject({ event: 'reply' });
    expect(await ask({ ...said('garbage'), headers: cookie(token) })).toEqual(
      refused('token_malformed'),
    );
    // As over HTTP: what was said on purpose goes before what the browser attaches.
    expect(await ask({ ...said(token), headers: cookie(otherToken) }, 'optional')).toEqual({
      event: 'reply',
      data: userId,
    });
  });

  it('repeated header fields are all read: the second cannot hide behind the first', async () => {
    const { hostname, port } = new URL(app.url);
    const path = library === 'ws' ? '/' : '/socket.io/?EIO=4&transport=websocket';
    /** All that the server says to a connection with these fields, and to one message. */
    const opened = (fields: readonly string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        const lines = [
          `GET ${path} HTTP/1.1`,
          `Host: ${hostname}:${port}`,
          'Upgrade: websocket',
          'Connection: Upgrade',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          ...fields,
        ];
        /** What is said as soon as this was heard. */
        const turns =
          library === 'ws'
            ? [['101 Switching', '{"event":"unmarked"}']]
            : [
                ['"maxPayload"', '40'],
                ['40{"sid"', '42["unmarked",{}]'],
              ];
        let heard = '';
        const socket = connectTcp(Number(port), hostname, () =>
          socket.write(`${lines.join('\r\n')}\r\n\r\n`),
        );
        socket.on('error', reject).on('close', () => resolve(heard));
        socket.on('data', (chunk) => {
          heard += chunk.toString('latin1');
          const [sign, message] = turns[0] ?? [];
          if (sign !== undefined && message !== undefined && heard.includes(sign)) {
            turns.shift();
            socket.write(frame(message));
          }
          if (/"code":|"reply"/.test(heard)) socket.destroy();
        });
      });

    expect(await opened([`Authorization: Bearer ${token}`])).toContain('"reply"');
    expect(
      await opened([`Authorization: Bearer ${token}`, `Authorization: Bearer ${otherToken}`]),
    ).toContain('credentials_ambiguous');
    expect(await opened([`Cookie: hanko=${token}`, `Cookie: hanko=${otherToken}`])).toContain(
      'credentials_ambiguous',
    );
    expect(
      await opened([`Cookie: hanko=${token}`, `Origin: ${app.url}`, 'Origin: https://evil.test']),
    ).toContain('cross_site_request');
    expect(await opened(['__proto__: x', 'constructor: y', `Cookie: hanko=${token}`])).toContain(
      '"reply"',
    );
    const logged = app.log.lines.map(({ text }) => text).join('\n');
    expect(logged).not.toContain(token);
    expect(logged).not.toContain(otherToken);
  });
});

/** A text of less than 126 bytes, masked by zeros (RFC 6455 §5.2). */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

describe("socket.io's auth", () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(
      'Express',
      {
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
        providers: [NotesGateway],
      },
      { configure: useLibrary('socket.io') },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each([
    { auth: {}, code: 'credentials_missing' },
    { auth: { token: null }, code: 'credentials_missing' },
    { auth: { authorization: 'Basic dTpw' }, code: 'credentials_missing' },
    { auth: { user: { id: 'x' }, session: 'x' }, code: 'credentials_missing' },
    { auth: { token: ['a', 'b'] }, code: 'token_malformed' },
    { auth: { token: 1 }, code: 'token_malformed' },
    { auth: { token: { toString: 'x' } }, code: 'token_malformed' },
    { auth: { token: '' }, code: 'token_malformed' },
    { auth: { token: 'a.b.c' }, code: 'token_malformed' },
    { auth: { authorization: ['Bearer a', 'Bearer b'] }, code: 'credentials_ambiguous' },
    { auth: { token: 'a', authorization: 'Bearer b' }, code: 'credentials_ambiguous' },
    { auth: { token: 'x'.repeat(100_000) }, code: 'token_too_large' },
    { auth: { headers: [1, 2], authorization: { a: 1 } }, code: 'token_malformed' },
  ])('may be anything: $code', async ({ auth, code }) => {
    await using client = await connect('socket.io', app.url, { auth });

    expect(await client.ask('unmarked')).toEqual(refused(code));
    expect(await client.ask('public', 1)).toMatchObject({ event: 'reply' });
  });

  it('of a client that sends another prototype is its own properties', async () => {
    const auth = JSON.parse(`{"__proto__": {"token": "${token}"}}`) as object;
    await using client = await connect('socket.io', app.url, { auth });

    expect(await client.ask('unmarked')).toEqual(refused('credentials_missing'));
    expect(({} as { token?: unknown }).token).toBeUndefined();
  });

  it.each([[[1, 2]], [5], ['text'], [true]])(
    'that is no object opens no connection, and the app goes on: %j',
    async (auth) => {
      const outcome = await connect('socket.io', app.url, { auth }).then(
        async (client) => (await client.ask('unmarked')).data,
        () => 'not connected',
      );

      expect([
        'not connected',
        expect.objectContaining({ code: 'credentials_missing' }),
      ]).toContainEqual(outcome);
      await using client = await connect('socket.io', app.url, { auth: { token } });
      expect(await client.ask('unmarked')).toMatchObject({ event: 'reply' });
    },
  );
});
