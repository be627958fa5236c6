import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { FakeHanko, FORGERIES } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, FakeClock, PLATFORMS, send } from '../../support/app.js';
import {
  expectDone,
  expectInvalid,
  type ReceiverApp,
  type ReceiverSetup,
  startReceiver,
} from '../../support/webhooks.js';
import { sessionIdIn } from '../../support/claims-in.js';

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

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = ({ options: others, ...setup }: Omit<ReceiverSetup, 'hanko'> = {}) =>
    startReceiver(platform, { hanko, options: { now: clock.now, ...others }, ...setup });

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
      const data = { id: sessionIdIn(session), session_id: sessionIdIn(session) };
      const token = await hanko.webhookToken('session.create.flow', data);

      expect(await app.get('/closed', bearer(token))).toBeRefused('token_not_a_session');
      expect(await app.get('/closed', cookie(token))).toBeRefused('token_not_a_session');
      expect(await app.get('/optional', bearer(token))).toBeRefused('token_not_a_session');
      // The browser cannot clear it.
      expect((await app.get('/optional', cookie(token))).text).toBe('nobody');
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
});
