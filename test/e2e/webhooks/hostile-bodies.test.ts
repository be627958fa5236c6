import { randomUUID } from 'node:crypto';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, PLATFORMS } from '../../support/app.js';
import {
  expectAnswer,
  expectDone,
  expectInvalid,
  nextWebhook,
  openPost,
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
        expectInvalid(await app.deliver('user.delete', JSON.parse(data)));
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
      for (const id of ['__proto__', 'constructor', '', '*', sessionIdIn(session).slice(0, -1)]) {
        expectInvalid(await app.deliver('session.delete.admin.revoke', { id }));
        expectInvalid(await app.deliver('user.delete', { id }));
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
});
