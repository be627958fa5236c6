import { randomUUID } from 'node:crypto';
import fastifyCookie from '@fastify/cookie';
import {
  Body,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Injectable,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  Post,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, NestApplication } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import cookieParser from 'cookie-parser';
import { HankoAuthGuard } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { FakeClock, PLATFORMS, recordChannel, send } from '../../support/app.js';
import {
  expectDone,
  expectInvalid,
  PATH,
  type ReceiverApp,
  type ReceiverSetup,
  recordedDeliveries,
  Relay,
  startReceiver,
} from '../../support/webhooks.js';
import { recordedTokens } from '../../support/recordings.js';

const MINUTE = 60;

let clock: FakeClock;
let relay: Relay;
/** Tells of everything, as a server built from main does. */
let hanko: FakeHanko;

beforeAll(async () => {
  clock = new FakeClock();
  relay = await Relay.start();
  hanko = await FakeHanko.start({
    now: clock.now,
    sessionLimit: 2,
    idleTimeoutSeconds: 30 * MINUTE,
    onboarding: 'skipped',
    rateLimits: 'off',
    webhooks: [{ url: relay.url }],
  });
});
beforeEach(() => {
  // Events of one test are not those of another.
  clock.advanceSeconds(10);
});
afterEach(async () => {
  relay.target = null;
  relay.statuses.length = 0;
  await hanko.recover();
  await hanko.webhooksSettled();
});
afterAll(async () => {
  await hanko.stop();
  await relay[Symbol.asyncDispose]();
});

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = ({ options: others, ...setup }: Omit<ReceiverSetup, 'hanko'> = {}) =>
    startReceiver(platform, { hanko, options: { now: clock.now, ...others }, ...setup });

  /** Takes a good delivery once, and no bad one. */
  const expectReceiving = async (app: ReceiverApp): Promise<void> => {
    const data = { id: randomUUID() };
    const token = await hanko.webhookToken('user.create', data);

    expectDone(await app.post({ token, event: 'user.create' }));
    expectDone(await app.post({ token, event: 'user.create' }));
    expect(app.events.filter((event) => event.name === 'user.create')).toEqual([
      { name: 'user.create', data, issuedAt: new Date(Math.floor(clock.now() / 1000) * 1000) },
    ]);
    expectInvalid(await app.post({ token: `${token.slice(0, -4)}AAAA`, event: 'user.create' }));
    expectInvalid(await app.post({ token, event: 'user.delete' }));
    expectInvalid(await app.post({}));
    expect(app.events).toHaveLength(1);
  };

  describe('the receiver is at its path', () => {
    it.each([
      { what: 'without a leading slash', path: 'webhooks/hanko', at: '/webhooks/hanko' },
      { what: 'with a leading slash', path: '/webhooks/hanko', at: '/webhooks/hanko' },
      { what: 'of one part', path: 'hook', at: '/hook' },
      { what: 'with dots, tildes and hyphens', path: 'v1.0/~my-hook_', at: '/v1.0/~my-hook_' },
      { what: 'with a query', path: 'hook', at: '/hook?from=hanko' },
    ])('$what', async ({ path, at }) => {
      await using app = await start({ webhooks: { path }, at });

      await expectReceiving(app);
    });

    it.each(['webhooks/hanko', '/webhooks/hanko'])('below the global prefix: %s', async (path) => {
      await using app = await start({
        webhooks: { path },
        at: '/api/v1/webhooks/hanko',
        configure: (nest) => nest.setGlobalPrefix('api/v1'),
      });

      await expectReceiving(app);
      const token = await hanko.webhookToken('user.create', {});
      const outside = await send(
        `${app.url}/webhooks/hanko`,
        { 'Content-Type': 'application/json' },
        { method: 'POST', body: JSON.stringify({ token, event: 'user.create' }) },
      );
      expect(outside.status).toBe(404);
      expect(app.events).toHaveLength(1);
    });

    it('without the global prefix, where the app excludes it', async () => {
      await using app = await start({
        configure: (nest) => nest.setGlobalPrefix('api', { exclude: [PATH] }),
      });

      await expectReceiving(app);
    });

    it('also with versioned routes', async () => {
      await using app = await start({
        configure: (nest) =>
          nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      });

      await expectReceiving(app);
    });
  });

  describe('the receiver works', () => {
    let guarded = 0;
    @Injectable()
    class DenyingGuard implements CanActivate {
      canActivate(): boolean {
        guarded += 1;
        return false;
      }
    }

    it.each([
      { what: 'with the default body parser', application: {} },
      { what: 'without a body parser', application: { bodyParser: false } },
      { what: 'with raw bodies', application: { rawBody: true } },
    ])('$what', async ({ application }) => {
      await using app = await start({ application });

      await expectReceiving(app);
    });

    it('behind our guard for the whole app', async () => {
      await using app = await start({
        providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
      });

      await expectReceiving(app);
      expect(await app.get('/closed')).toBeRefused('credentials_missing');
    });

    it('behind a guard of the app that lets nobody in', async () => {
      guarded = 0;
      await using app = await start({
        providers: [{ provide: APP_GUARD, useClass: DenyingGuard }],
      });

      await expectReceiving(app);
      expect(guarded).toBe(0);
      expect((await app.get('/optional')).status).toBe(403);
      expect(guarded).toBe(1);
    });

    it('behind an interceptor, a pipe and a filter of the app, none of which sees it', async () => {
      let seen = 0;
      const interceptor: NestInterceptor = {
        intercept() {
          seen += 1;
          throw new Error('not for webhooks');
        },
      };
      const pipe: PipeTransform = {
        transform() {
          seen += 1;
          throw new Error('not for webhooks');
        },
      };
      @Catch()
      class TeapotFilter implements ExceptionFilter {
        catch(): void {
          seen += 1;
        }
      }
      await using app = await start({
        providers: [
          { provide: APP_INTERCEPTOR, useValue: interceptor },
          { provide: APP_PIPE, useValue: pipe },
          { provide: APP_FILTER, useClass: TeapotFilter },
        ],
      });

      await expectReceiving(app);
      expect(seen).toBe(0);
    });

    // Nest 12 alone has it.
    it.each('enableCsrfProtection' in NestApplication.prototype ? ['it'] : [])(
      "with Nest's own protection against cross-site requests, where there is %s",
      async () => {
        await using app = await start({ configure: (nest) => nest.enableCsrfProtection() });

        await expectReceiving(app);
      },
    );

    it('with a cookie parser', async () => {
      const configure = (nest: INestApplication): unknown =>
        platform === 'Express'
          ? nest.use(cookieParser())
          : (nest as NestFastifyApplication).register(fastifyCookie);
      await using app = await start({ configure });

      await expectReceiving(app);
    });

    it('with charset, and without any content type where no parser comes first', async () => {
      await using app = await start({ application: { bodyParser: false } });
      for (const headers of [{ 'Content-Type': 'application/json; charset=utf-8' }, {}]) {
        const token = await hanko.webhookToken('user.create', { id: randomUUID() });

        expectDone(await app.post({ token, event: 'user.create' }, headers));
      }
      expect(app.events).toHaveLength(2);
    });

    it('with what real servers sent', async () => {
      const recordings = recordedDeliveries('main-configured/webhooks-config.json');
      const { jwks } = recordedTokens('main-configured');
      const end = Date.parse(recordings.at(-1)?.takenAt ?? '');
      await using app = await start({
        options: { jwks, audience: 'api.example.test', now: () => end },
      });
      const answers = [];
      for (const { body, headers } of recordings) {
        answers.push(
          await app.post(body, {
            'Content-Type': headers['content-type'] ?? '',
            'User-Agent': headers['user-agent'] ?? '',
            'Accept-Encoding': headers['accept-encoding'] ?? '',
          }),
        );
      }

      for (const answer of answers) expectDone(answer);
      expect(app.events.map(({ name, data }) => ({ name, data }))).toEqual(
        recordings.map(({ body, decoded }) => ({ name: body.event, data: decoded.payload.data })),
      );
    });
  });

  describe('other requests are not touched', () => {
    @Controller('webhooks')
    class NeighbourController {
      @Get('hanko')
      look(): string {
        return 'own get';
      }

      @Post()
      above(@Body() body: unknown): unknown {
        return { own: body };
      }

      @Post('hanko/more')
      below(@Body() body: unknown): unknown {
        return { own: body };
      }

      @Post('hankos')
      beside(@Body() body: unknown): unknown {
        return { own: body };
      }

      @Post('other/webhooks/hanko')
      within(@Body() body: unknown): unknown {
        return { own: body };
      }
    }

    it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
      'of the same path with %s: 404',
      async (method) => {
        await using app = await start();
        using webhooks = recordChannel('nestjs-hanko:webhook');

        expect((await app.request(method, `/${PATH}`)).status).toBe(404);
        expect(webhooks.messages).toEqual([]);
      },
    );

    it("of the app's own routes", async () => {
      await using app = await start({ controllers: [NeighbourController] });
      using webhooks = recordChannel('nestjs-hanko:webhook');
      const token = await hanko.webhookToken('user.create', {});
      const body = { token, event: 'user.create' };

      expect((await app.get(`/${PATH}`)).text).toBe('own get');
      expect((await app.request('HEAD', `/${PATH}`)).status).toBe(200);
      for (const path of ['', '/hanko/more', '/hankos', '/other/webhooks/hanko']) {
        const answer = await send(
          `${app.url}/webhooks${path}`,
          { 'Content-Type': 'application/json' },
          { method: 'POST', body: JSON.stringify(body) },
        );

        expect([path, answer.status, answer.body]).toEqual([path, 201, { own: body }]);
      }
      expect(webhooks.messages).toEqual([]);
      expect(app.events).toEqual([]);
      await expectReceiving(app);
    });

    it('of neighbouring paths: 404', async () => {
      await using app = await start();
      for (const path of ['/webhooks', '/webhooks/hanko/more', '/webhooks/hankos', '/hanko', '/']) {
        const answer = await app.request('POST', path);

        expect([path, answer.status]).toEqual([path, 404]);
      }
    });
  });
});
