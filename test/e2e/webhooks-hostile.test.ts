import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { Agent } from 'node:http';
import { Injectable, type Provider } from '@nestjs/common';
import { HANKO_CHANNELS } from 'nestjs-hanko';
import { FakeHanko, FORGERIES } from 'fake-hanko';
import { type HankoEvent, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebhookReceiver } from '../../lib/webhooks/webhook-receiver.js';
import '../support/e2e-answers.js';
import { bearer, cookie, FakeClock, PLATFORMS, recordChannel, send } from '../support/e2e-app.js';
import {
  expectAnswer,
  expectDone,
  expectFailed,
  expectInvalid,
  nextWebhook,
  openPost,
  type ReceiverApp,
  type ReceiverSetup,
  startReceiver,
} from '../support/e2e-webhooks.js';

let clock: FakeClock;
let hanko: FakeHanko;

beforeAll(async () => {
  clock = new FakeClock();
  hanko = await FakeHanko.start({ now: clock.now });
});
afterAll(() => hanko.stop());

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

type Claims = Readonly<Record<string, unknown>>;

/** What Hanko would sign, with changes; a member that is undefined is left out. */
const claims = (changes: Claims = {}): Claims => {
  const iat = Math.floor(clock.now() / 1000);
  return {
    aud: ['localhost'],
    data: { id: randomUUID() },
    evt: 'user.create',
    exp: iat + 300,
    iat,
    sub: 'hanko webhooks',
    ...changes,
  };
};

const sessionIdOf = (token: string): string => {
  const json = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return String((JSON.parse(json) as Claims).session_id);
};

/** An object of nobody: it has what was written to the prototype of all. */
const pollution = (): unknown => ({});

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = ({ options: others, ...setup }: Omit<ReceiverSetup, 'hanko'> = {}) =>
    startReceiver(platform, { hanko, options: { now: clock.now, ...others }, ...setup });

  /** Nothing but our own code looks at bodies. */
  const startBare = (setup: Omit<ReceiverSetup, 'hanko'> = {}) =>
    start({ ...setup, application: { bodyParser: false } });

  const post = (app: ReceiverApp, token: string, event = 'user.create') =>
    app.post({ token, event });

  /** It takes the next good delivery. */
  const expectWell = async (app: ReceiverApp): Promise<void> => {
    const before = app.events.length;
    expectDone(await app.deliver('user.create', { id: randomUUID() }));
    expect(app.events).toHaveLength(before + 1);
  };

  describe('a token for something else', () => {
    it.each([
      ['a session token', {}],
      ['one of a template with evt and data', { evt: 'user.delete', data: {} }],
      ['one of a template that tries to set sub', { sub: 'hanko webhooks', evt: 'user.delete' }],
    ])('is not taken for a webhook: %s', async (_what, template) => {
      await using app = await start();
      const user = hanko.createUser();
      const data = { id: user.id };
      const shape = { user, lifespanSeconds: 300, claims: { ...template, data } };
      const token = await hanko.token(shape);

      for (const event of ['user.delete', 'session.delete', '']) {
        expectInvalid(await post(app, token, event));
      }
      expect(app.events).toEqual([]);
      expect((await app.get('/closed', bearer(token))).status).toBe(200);
      await expectWell(app);
    });

    it('is not taken for a session: a webhook token', async () => {
      await using app = await start();
      const session = await hanko.token();
      const data = { id: sessionIdOf(session), session_id: sessionIdOf(session) };
      const token = await hanko.webhookToken('session.create.flow', data);

      expect(await app.get('/closed', bearer(token))).toBeRefused('token_not_a_session');
      expect(await app.get('/closed', cookie(token))).toBeRefused('token_not_a_session');
      expect(await app.get('/optional', bearer(token))).toBeRefused('token_not_a_session');
      expect(await app.get('/optional', cookie(token))).toBeRefused('token_not_a_session');
      // Also once it is known as a good webhook.
      expectDone(await post(app, token, 'session.create.flow'));
      expect(await app.get('/closed', bearer(token))).toBeRefused('token_not_a_session');
    });

    it('is no token in a header or a cookie, and no event in a query', async () => {
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {});
      const answers = [
        await app.post({ event: 'user.create' }, { ...bearer(token), ...cookie(token) }),
        await send(
          `${app.hook}?token=${token}&event=user.create`,
          { 'Content-Type': 'application/json' },
          { method: 'POST', body: '{}' },
        ),
      ];

      for (const answer of answers) expectInvalid(answer);
      expect(app.events).toEqual([]);
    });
  });

  it.each([
    'user.delete',
    'user',
    'user.create.',
    'USER.CREATE',
    ' user.create',
    'user.create\0',
    '',
    '__proto__',
  ])('an event beside the token that is not the one in it is refused: %j', async (event) => {
    await using app = await start();
    const user = hanko.createUser();
    const session = await hanko.token({ user });
    const token = await hanko.webhookToken('user.create', { id: user.id });

    expectInvalid(await post(app, token, event));
    expect(app.events).toEqual([]);
    expect((await app.get('/closed', bearer(session))).status).toBe(200);
    // It was not burnt by that.
    expectDone(await post(app, token));
    expect(app.events).toHaveLength(1);
  });

  describe('a forgery is refused', () => {
    const header = (changes: Claims = {}) =>
      encode({ alg: 'RS256', kid: hanko.signingKid, typ: 'JWT', ...changes });
    const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signed = (input: string, hash = 'sha256', key = own.privateKey): string =>
      `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`;
    const publicPem = (): string =>
      createPublicKey({ key: { ...hanko.jwks().keys[0] } as never, format: 'jwk' })
        .export({ type: 'spki', format: 'pem' })
        .toString();

    it.each<[string, () => string | Promise<string>]>([
      ['alg none', () => `${header({ alg: 'none' })}.${encode(claims())}.`],
      ['alg none with a signature', () => `${header({ alg: 'none' })}.${encode(claims())}.AAAA`],
      [
        'HMAC with the public key',
        () => {
          const input = `${header({ alg: 'HS256' })}.${encode(claims())}`;
          const mac = createHmac('sha256', publicPem()).update(input).digest('base64url');
          return `${input}.${mac}`;
        },
      ],
      [
        'a key of the forger under the kid of Hanko',
        () => signed(`${header()}.${encode(claims())}`),
      ],
      ['a kid of the forger', () => signed(`${header({ kid: 'mine' })}.${encode(claims())}`)],
      [
        'a key in its header',
        () =>
          signed(`${header({ jwk: own.publicKey.export({ format: 'jwk' }) })}.${encode(claims())}`),
      ],
      ['no signature', () => `${header()}.${encode(claims())}.`],
      ['two parts', () => `${header()}.${encode(claims())}`],
      [
        'four parts',
        async () => `${await hanko.webhookToken('user.create', {})}.${encode(claims())}`,
      ],
      [
        'a changed payload',
        async () => {
          const [head, , signature] = (await hanko.webhookToken('user.create', {})).split('.');
          return `${head}.${encode(claims())}.${signature}`;
        },
      ],
      [
        'the signature of another token',
        async () => {
          const [, , signature] = (await hanko.webhookToken('user.login', {})).split('.');
          const [head, payload] = (await hanko.webhookToken('user.create', {})).split('.');
          return `${head}.${payload}.${signature}`;
        },
      ],
      ['white space at its end', async () => `${await hanko.webhookToken('user.create', {})}\n`],
      ['padding', async () => `${await hanko.webhookToken('user.create', {})}==`],
      ['RS512 by the right key', () => hanko.sign({ header: { alg: 'RS512' }, payload: claims() })],
      ['crit', () => hanko.sign({ header: { crit: ['exp'] }, payload: claims() })],
      ['no kid', () => hanko.sign({ header: { kid: undefined }, payload: claims() })],
    ])('%s', async (_what, forge) => {
      await using app = await start();

      expectInvalid(await post(app, await forge()));
      expect(app.events).toEqual([]);
      await expectWell(app);
    });

    it.each(FORGERIES)('of a session: %s', async (how) => {
      await using app = await start();

      expectInvalid(await post(app, await hanko.forgedToken(how)));
      expect(app.events).toEqual([]);
    });

    it.each<[string, () => Claims | string]>([
      ['another sub', () => claims({ sub: 'hanko webhook' })],
      ['sub in capitals', () => claims({ sub: 'Hanko Webhooks' })],
      ['sub as a list', () => claims({ sub: ['hanko webhooks'] })],
      ['no sub', () => claims({ sub: undefined })],
      ['no evt', () => claims({ evt: undefined })],
      ['an empty evt', () => claims({ evt: '' })],
      ['evt as a list', () => claims({ evt: ['user.create'] })],
      ['another audience', () => claims({ aud: ['billing.example.test'] })],
      ['another audience as text', () => claims({ aud: 'localhost.example.test' })],
      ['no audience', () => claims({ aud: undefined })],
      ['an empty audience', () => claims({ aud: [] })],
      ['an audience that is an object', () => claims({ aud: { 0: 'localhost' } })],
      ['no exp', () => claims({ exp: undefined })],
      ['no iat', () => claims({ iat: undefined })],
      ['exp as text', () => claims({ exp: String(claims().exp) })],
      ['exp that is no whole second', () => claims({ exp: Number(claims().exp) - 0.5 })],
      ['a life of more than five minutes', () => claims({ exp: Number(claims().iat) + 301 })],
      ['exp that is without end', () => claims({ exp: 1e300 })],
      [
        'iat in the future',
        () => claims({ iat: Number(claims().iat) + 60, exp: Number(claims().iat) + 300 }),
      ],
      [
        'a time that is over',
        () => claims({ iat: Number(claims().iat) - 336, exp: Number(claims().iat) - 36 }),
      ],
      ['a list', () => '[]'],
      ['null', () => 'null'],
      ['text', () => 'hanko webhooks'],
      ['nothing', () => '{}'],
      [
        'its claims in __proto__',
        () => `{"__proto__":${JSON.stringify(claims())},"constructor":{"prototype":{}}}`,
      ],
      [
        'sub twice, the last one another',
        () => JSON.stringify(claims()).replace(/\}$/, ',"sub":"somebody"}'),
      ],
    ])('though Hanko signed it: %s', async (_what, payload) => {
      await using app = await start();

      expectInvalid(await post(app, await hanko.sign({ payload: payload() })));
      expect(app.events).toEqual([]);
      await expectWell(app);
    });

    it('unknown kids cause one fetch of the keys', async () => {
      await using app = await start();
      await expectWell(app);
      clock.advanceSeconds(31);
      hanko.clearRequests();
      for (let i = 0; i < 50; i++) {
        expectInvalid(
          await post(app, signed(`${header({ kid: randomUUID() })}.${encode(claims())}`)),
        );
      }

      expect(hanko.countRequests('/.well-known/jwks.json')).toBe(1);
      await expectWell(app);
    });

    it('and is forgotten: the good one of the same content is taken after it', async () => {
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {});
      const forged = `${token.slice(0, -8)}AAAAAAAA`;
      for (let i = 0; i < 3; i++) expectInvalid(await post(app, forged));
      expectDone(await post(app, token));
      for (let i = 0; i < 3; i++) expectInvalid(await post(app, forged));

      expect(app.events).toHaveLength(1);
    });
  });

  describe('a body that is none', () => {
    it.each([
      ['empty', ''],
      ['no JSON', 'token=x&event=user.create'],
      ['half of JSON', '{"token":"x","event":'],
      ['JSON and more', '{"token":"x","event":"y"} true'],
      ['null', 'null'],
      ['a number', '7'],
      ['text', '"token"'],
      ['a list', '[]'],
      ['a list of it', '[{"token":"x","event":"user.create"}]'],
      ['an empty object', '{}'],
      ['no token', '{"event":"user.create"}'],
      ['no event', '{"token":"x"}'],
      ['a token that is a number', '{"token":7,"event":"user.create"}'],
      ['a token that is null', '{"token":null,"event":"user.create"}'],
      ['a token that is a list', '{"token":["x"],"event":"user.create"}'],
      ['a token that is an object', '{"token":{"length":3},"event":"user.create"}'],
      ['an event that is an object', '{"token":"x","event":{"toString":"user.create"}}'],
      ['members in capitals', '{"Token":"x","Event":"user.create"}'],
      ['lists without end', '['.repeat(60_000)],
      ['lists in lists', '['.repeat(30_000) + ']'.repeat(30_000)],
      ['zero bytes', '\0'.repeat(100)],
      ['a byte order mark', '\uFEFF{}'],
    ])('%s', async (_what, body) => {
      await using bare = await startBare();
      await using parsed = await start();

      expectInvalid(await bare.post(body));
      // What the parser of Express refuses does not come as far as here.
      expect((await parsed.post(body)).status).toBe(400);
      expect([bare.events, parsed.events]).toEqual([[], []]);
      await expectWell(bare);
      await expectWell(parsed);
    });

    it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data', 'x'])(
      'as %s',
      async (type) => {
        await using app = await start();
        const answer = await app.post('token=x&event=user.create', { 'Content-Type': type });

        expect(answer.status).toBe(400);
        expect(app.events).toEqual([]);
        await expectWell(app);
      },
    );

    it('a member that is there twice: the last one counts, and its signature', async () => {
      const token = await hanko.webhookToken('user.create', {});
      await using app = await start();
      const both = (first: string, second: string): string =>
        `{"token":"${first}","event":"user.delete","token":"${second}","event":"user.create"}`;

      expectInvalid(await app.post(both(token, 'garbage')));
      expect(app.events).toEqual([]);
      expectDone(await app.post(both('garbage', token)));
      expectDone(await app.post(both(token, token)));
      expect(app.events).toHaveLength(1);
    });
  });

  describe('keys that reach for prototypes', () => {
    it('of the body are no token and no event, and change nothing', async () => {
      const token = await hanko.webhookToken('user.create', {});
      const inner = `{"token":"${token}","event":"user.create","polluted":true}`;
      await using app = await startBare();

      expectInvalid(await app.post(`{"__proto__":${inner}}`));
      expectInvalid(await app.post(`{"constructor":{"prototype":${inner}}}`));
      expect(app.events).toEqual([]);
      expectDone(
        await app.post(
          `{"__proto__":{"polluted":true},"token":"${token}","event":"user.create","extra":[]}`,
        ),
      );
      expect(app.events).toHaveLength(1);
      expect(pollution()).not.toHaveProperty('polluted');
    });

    it('of the data revoke nobody, and change nothing', async () => {
      await using app = await start();
      const user = hanko.createUser();
      const session = await hanko.token({ user });
      for (const data of [
        `{"__proto__":{"id":"${user.id}","polluted":true}}`,
        `{"constructor":{"prototype":{"id":"${user.id}","polluted":true}}}`,
        `[{"id":"${user.id}"}]`,
        `"${user.id}"`,
      ]) {
        expectDone(await app.deliver('user.delete', JSON.parse(data)));
      }
      for (const event of ['__proto__', 'constructor', 'hasOwnProperty', '__proto__.polluted']) {
        expectDone(await app.deliver(event, { id: user.id }));
      }

      expect((await app.get('/closed', bearer(session))).status).toBe(200);
      expect(pollution()).not.toHaveProperty('polluted');
      expect(pollution()).not.toHaveProperty('id');
    });

    it('of ids are ids: nobody is revoked by them', async () => {
      await using app = await start();
      const session = await hanko.token();
      for (const id of ['__proto__', 'constructor', '', '*', sessionIdOf(session).slice(0, -1)]) {
        expectDone(await app.deliver('session.delete.admin.revoke', { id }));
        expectDone(await app.deliver('user.delete', { id }));
      }

      expect((await app.get('/closed', bearer(session))).status).toBe(200);
    });
  });

  describe('a body that is too large', () => {
    const maxBodyBytes = 4_096;

    it('by its Content-Length is refused before it comes', async () => {
      await using app = await startBare({ webhooks: { maxBodyBytes } });
      const open = openPost(app.hook, { 'Content-Length': String(maxBodyBytes + 1) });

      expect(await open.status).toBe(413);
      expect(JSON.parse(await open.text)).toEqual({ statusCode: 413, code: 'webhook_invalid' });
      open.abort();
      await expectWell(app);
    });

    it('without Content-Length is cut off when it is too much', async () => {
      await using app = await startBare({ webhooks: { maxBodyBytes } });
      const refused = nextWebhook('refused');
      const open = openPost(app.hook);
      open.write('{"token":"');
      open.write('x'.repeat(maxBodyBytes));

      expect(await refused).toEqual({
        outcome: 'refused',
        reason: 'The body has more than 4096 bytes',
      });
      expect(await open.status).toBe(413);
      expect(JSON.parse(await open.text)).toEqual({ statusCode: 413, code: 'webhook_invalid' });
      open.abort();
      await expectWell(app);
    });

    it('is cut off by the body parser of Express, and by us on Fastify', async () => {
      await using app = await start();
      for (const headers of [{ 'Content-Length': '300000' }, {}]) {
        const open = openPost(app.hook, headers);
        open.write(' '.repeat(300_000));
        open.end();

        // Whoever sends more than is read may find the connection closed.
        expect([413, null]).toContain(await open.status);
      }
      expect(app.events).toEqual([]);
      await expectWell(app);
    });

    it('is one that is a byte larger than maxBodyBytes', async () => {
      await using app = await startBare({ webhooks: { maxBodyBytes } });
      const token = await hanko.webhookToken('user.create', {});
      const json = JSON.stringify({ token, event: 'user.create' });

      const answer = await app.post(json.padEnd(maxBodyBytes + 1));
      expectAnswer(answer, 413, 'webhook_invalid');
      expect(app.events).toEqual([]);
      expectDone(await app.post(json.padEnd(maxBodyBytes)));
      expect(app.events).toHaveLength(1);
    });

    it('counts bytes, not characters', async () => {
      await using app = await startBare({ webhooks: { maxBodyBytes } });
      const body = JSON.stringify({ token: '€'.repeat(maxBodyBytes / 3), event: 'user.create' });

      expect(body.length).toBeLessThan(maxBodyBytes);
      expectAnswer(await app.post(body), 413, 'webhook_invalid');
    });
  });

  describe('a body that is slow', () => {
    it.each([
      { what: 'with the default body parser', application: {} },
      { what: 'without a body parser', application: { bodyParser: false } },
    ])('holds up nobody, and is taken when it is there: $what', async ({ application }) => {
      await using app = await start({ application });
      const token = await hanko.webhookToken('user.create', { slow: true });
      const body = JSON.stringify({ token, event: 'user.create' });
      const open = openPost(app.hook);
      open.write(body.slice(0, 20));
      await expectWell(app);
      for (const piece of body.slice(20).match(/.{1,100}/g) ?? []) open.write(piece);
      await expectWell(app);
      open.end();

      expect(await open.status).toBe(200);
      expect(app.events).toHaveLength(3);
    });

    it('and never comes to its end has no effect', async () => {
      await using app = await startBare();
      const token = await hanko.webhookToken('user.create', {});
      const body = JSON.stringify({ token, event: 'user.create' });
      const arrived = new Promise<void>((resolve) => {
        app.app.getHttpServer().once('request', (request: NodeJS.EventEmitter) => {
          request.once('data', () => resolve());
        });
      });
      const refused = nextWebhook('refused');
      // All that is needed is there; what was announced is not.
      const open = openPost(app.hook, { 'Content-Length': String(body.length + 10) });
      open.write(body);
      await arrived;
      open.abort();

      expect(await refused).toEqual({ outcome: 'refused', reason: 'The body did not arrive' });
      expect(await open.status).toBeNull();
      expect(app.events).toEqual([]);
      expectDone(await post(app, token));
    });

    it('and goes away while its handler works is done all the same', async () => {
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {});
      const done = nextWebhook('done');
      const open = openPost(app.hook);
      open.write(JSON.stringify({ token, event: 'user.create' }));
      open.end();
      await done;
      open.abort();

      expect(app.events).toHaveLength(1);
      expectDone(await post(app, token));
      expect(app.events).toHaveLength(1);
    });
  });

  it('10,000 deliveries, good, replayed and forged: each good one has one effect', async () => {
    const effects = new Map<unknown, number>();
    @Injectable()
    class Counter {
      @OnHankoEvent('user.create')
      async count({ data }: HankoEvent): Promise<void> {
        await Promise.resolve();
        const { id } = data as { id: unknown };
        effects.set(id, (effects.get(id) ?? 0) + 1);
      }
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    await using app = await start({ providers: [Counter] });
    let connections = 0;
    app.app.getHttpServer().on('connection', () => {
      connections += 1;
    });
    const receiver = app.app.get(WebhookReceiver, { strict: false });
    const deliveries = Reflect.get(receiver, 'deliveries') as { readonly size: number };
    await expectWell(app);
    effects.clear();
    clock.advanceSeconds(60);
    hanko.clearRequests();

    const good = await Promise.all(
      Array.from({ length: 1_500 }, (_, id) => hanko.webhookToken('user.create', { id })),
    );
    const session = await hanko.token();
    const unknownKid = encode({ alg: 'RS256', kid: randomUUID(), typ: 'JWT' });
    const forge = (token: string, how: number): { token: string; event: string } => {
      const [head, payload = '', signature = ''] = token.split('.');
      const event = 'user.create';
      switch (how % 5) {
        case 0:
          return { token: `${head}.${payload}.AAAA${signature.slice(4)}`, event };
        case 1:
          return { token: `${unknownKid}.${payload}.${signature}`, event };
        case 2:
          return { token, event: 'user.delete' };
        case 3:
          return { token: session, event };
        default:
          return {
            token: `${head}.${encode(claims({ data: { id: `f${how}` } }))}.${signature}`,
            event,
          };
      }
    };
    const at = (index: number): string => good[index % good.length] ?? '';
    // Each good one three times, 5,500 forgeries; in an order that is the same each time.
    const rows = [
      ...Array.from({ length: 4_500 }, (_, i) => ({
        status: 200,
        body: { token: at(i), event: 'user.create' },
      })),
      ...Array.from({ length: 5_500 }, (_, i) => ({ status: 400, body: forge(at(i), i) })),
    ]
      .map((row, i) => ({ row, order: (i * 7_919) % 10_007 }))
      .toSorted((a, b) => a.order - b.order)
      .map(({ row }) => row);
    const startedAt = performance.now();
    const linesBefore = app.log.lines.length;
    const wrong: unknown[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < rows.length) {
        const { status, body } = rows[next++] as (typeof rows)[number];
        const answer = await app.post(body, { 'Content-Type': 'application/json' }, agent);
        if (answer.status !== status) wrong.push({ status, answer: answer.text });
      }
    };
    await Promise.all(Array.from({ length: 24 }, work));
    agent.destroy();
    const seconds = Math.ceil((performance.now() - startedAt) / 1000) + 1;

    expect(rows).toHaveLength(10_000);
    expect(wrong).toEqual([]);
    expect(effects.size).toBe(1_500);
    expect(new Set(effects.values())).toEqual(new Set([1]));
    expect(connections).toBeLessThanOrEqual(20);
    expect(hanko.countRequests('/.well-known/jwks.json')).toBeLessThanOrEqual(1);
    // Ten a second, and one that says how many were left out.
    expect(app.log.lines.length - linesBefore).toBeLessThanOrEqual(11 * seconds);
    // What was forged takes no room, and what is old goes.
    expect(deliveries.size).toBe(1_501);
    clock.advanceSeconds(961);
    await expectWell(app);
    clock.advanceSeconds(961);
    await expectWell(app);
    expect(deliveries.size).toBe(2);
  }, 120_000);

  describe('nothing of a delivery is told to anybody', () => {
    const OTP = '483920';
    const ADDRESS = 'ada.private@example.test';
    const PRIVATE = 'a-private-flag';
    const mail = {
      subject: `Use passcode ${OTP}`,
      body_plain: `Your passcode\n    at ${OTP}\n`,
      to_email_address: ADDRESS,
      language: 'en',
      delivered_by_hanko: false,
      type: 'login',
      data: { service_name: 'App', otp_code: OTP, ttl: 300 },
    };
    const user = {
      id: randomUUID(),
      emails: [{ address: ADDRESS }],
      metadata: { private_metadata: { flag: PRIVATE } },
    };

    /** Delivers it all in good, bad and failing ways, and reads whatever comes of it. */
    const everythingTold = async (
      providers: readonly Provider[],
      setup: Omit<ReceiverSetup, 'hanko' | 'providers'> = {},
    ): Promise<{ readonly text: string; readonly tokens: readonly string[] }> => {
      using webhooks = recordChannel(HANKO_CHANNELS.webhook);
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await startBare({ ...setup, providers });
      const tokens: string[] = [];
      const answers = [];
      for (const [event, data] of [
        ['email.send', mail],
        ['user.update', user],
        ['user.delete', user],
      ] as const) {
        const token = await hanko.webhookToken(event, data);
        tokens.push(token);
        answers.push(
          await post(app, token, event),
          await post(app, token, event),
          await post(app, token, `${event}.${OTP}`),
          await post(app, `${token}${OTP}`, event),
          await post(app, `${token.slice(0, -8)}AAAAAAAA`, event),
          await app.post({ token, event: { OTP } }),
          await app.post(`${OTP} ${ADDRESS} ${PRIVATE} ${token}`),
          await app.get('/closed', bearer(token)),
          await app.get('/optional', cookie(token)),
        );
        const late = await hanko.webhookToken(event, data, { ageSeconds: 400 });
        tokens.push(late);
        answers.push(await post(app, late, event));
      }
      const told = [
        ...app.log.lines.map(({ text }) => text),
        ...[...webhooks.messages, ...authentications.messages].map((one) => JSON.stringify(one)),
        ...answers.map(({ text, headers }) => text + JSON.stringify(headers)),
      ];
      expect(webhooks.messages.length).toBeGreaterThan(10);
      return { text: told.join('\n'), tokens };
    };

    const expectSecret = ({ text, tokens }: Awaited<ReturnType<typeof everythingTold>>): void => {
      const parts = tokens.flatMap((token) => token.split('.').slice(1));
      const secrets = [OTP, ADDRESS, PRIVATE, user.id, ...parts.map((part) => part.slice(0, 40))];

      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
      expect(text).not.toMatch(/eyJ[\w-]+\./);
    };

    const throwing = (fail: (event: HankoEvent) => unknown): Provider => {
      @Injectable()
      class Indiscreet {
        @OnHankoEvent()
        fail(event: HankoEvent): unknown {
          return fail(event);
        }
      }
      return Indiscreet;
    };

    it.each(['after', 'before'] as const)('by us, answering %s', async (answer) => {
      expectSecret(await everythingTold([], { webhooks: { answer } }));
    });

    class PayloadError extends Error {
      override readonly name = 'PayloadError';

      constructor(readonly payload: unknown) {
        super(JSON.stringify(payload));
      }
    }

    it.each<[string, (event: HankoEvent) => unknown]>([
      ['whose message repeats it', (event) => new Error(JSON.stringify(event))],
      [
        'whose message repeats it on many lines',
        (event) => new Error(JSON.stringify(event, null, 4)),
      ],
      ['of a class that keeps it', (event) => new PayloadError(event.data)],
      [
        'whose cause repeats it',
        (event) => new Error('no', { cause: new Error(JSON.stringify(event)) }),
      ],
      [
        'that gathers errors which repeat it',
        (event) => new AggregateError([new Error(JSON.stringify(event))], JSON.stringify(event)),
      ],
      [
        'whose name repeats it',
        (event) => Object.assign(new Error('no'), { name: JSON.stringify(event) }),
      ],
      ['that is the event itself', (event) => event],
      ['that is the text', (event) => JSON.stringify(event)],
      [
        'whose stack is nothing but the event',
        (event) => Object.assign(new Error('no'), { stack: JSON.stringify(event, null, 2) }),
      ],
    ])('by an error of a handler %s', async (_what, error) => {
      const rejecting = throwing((event) => Promise.reject(error(event)));
      const throwingOne = throwing((event) => {
        throw error(event);
      });
      expectSecret(await everythingTold([rejecting]));
      expectSecret(await everythingTold([throwingOne], { webhooks: { answer: 'before' } }));
    });

    it('by an error of a handler whose message has lines like those of a stack', async () => {
      expectSecret(
        await everythingTold([
          throwing((event) => {
            const { body_plain: text = '' } = event.data as Partial<typeof mail>;
            throw new Error(`cannot send: ${text}`);
          }),
        ]),
      );
    });

    it('by a handler that hangs', async () => {
      expectSecret(
        await everythingTold([throwing(() => new Promise(() => undefined))], {
          webhooks: { handlerTimeoutMs: 1 },
        }),
      );
    });

    it('but where a handler failed: class, method, event and stack', async () => {
      await using app = await start({
        providers: [
          throwing(() => {
            throw new RangeError('a message');
          }),
        ],
      });
      expectFailed(await app.deliver('email.send', mail));

      const [line = ''] = app.log.messages('error', 'HankoWebhooks');
      expect(line).toMatch(/^Indiscreet\.fail failed for email\.send: RangeError/);
      expect(line).toContain('webhooks-hostile.test.ts');
      expect(line).not.toContain('a message');
    });
  });
});
