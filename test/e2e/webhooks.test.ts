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
  Module,
  type NestInterceptor,
  type PipeTransform,
  Post,
  Scope,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, NestApplication } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import cookieParser from 'cookie-parser';
import {
  type ConfigurationFault,
  HankoAuthGuard,
  HankoConfigurationError,
  HankoModule,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import {
  type HankoEvent,
  HankoWebhooksModule,
  type HankoWebhooksOptions,
  OnHankoEvent,
} from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../support/e2e-answers.js';
import {
  bearer,
  cookie,
  FakeClock,
  PlainController,
  PLATFORMS,
  recordChannel,
  send,
  startApp,
} from '../support/e2e-app.js';
import { expectRevoked } from '../support/e2e-session.js';
import {
  expectAnswer,
  expectDone,
  expectFailed,
  expectInvalid,
  Gate,
  nextWebhook,
  PATH,
  type ReceiverApp,
  type ReceiverSetup,
  recordedDeliveries,
  Relay,
  startReceiver,
} from '../support/e2e-webhooks.js';
import { recordedTokens } from '../support/unit-recordings.js';
import { FlowClient } from '../../fake-hanko/test/flow-client.js';

const PASSWORD = 'Correct-Horse-1';
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

const options = () => ({ apiUrl: hanko.url, audience: 'localhost', now: clock.now });

const faultsOf = async (
  starting: Promise<AsyncDisposable>,
): Promise<readonly ConfigurationFault[]> => {
  const error: unknown = await starting.then(
    async (app) => app[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HankoConfigurationError);
  return (error as HankoConfigurationError).faults;
};

const namesOf = (app: ReceiverApp): string[] => app.events.map(({ name }) => name);

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

  describe('the module is set up', () => {
    @Module({
      providers: [{ provide: 'SETTINGS', useValue: { hook: 'from/settings' } }],
      exports: ['SETTINGS'],
    })
    class SettingsModule {}

    it('by a factory that gets what it injects', async () => {
      await using app = await start({
        at: '/from/settings',
        imports: [
          HankoModule.forRoot(options()),
          HankoWebhooksModule.forRootAsync({
            imports: [SettingsModule],
            inject: ['SETTINGS'],
            useFactory: async (settings: { hook: string }) => {
              await Promise.resolve();
              return { path: settings.hook };
            },
          }),
        ],
      });

      await expectReceiving(app);
    });

    it('by a factory that gets the ConfigService', async () => {
      await using app = await start({
        at: '/from/config',
        imports: [
          ConfigModule.forRoot({
            isGlobal: true,
            ignoreEnvFile: true,
            load: [() => ({ HOOK: '/from/config' })],
          }),
          HankoWebhooksModule.forRootAsync({
            inject: [ConfigService],
            useFactory: (config: ConfigService) => ({ path: config.getOrThrow<string>('HOOK') }),
          }),
          HankoModule.forRoot(options()),
        ],
      });

      await expectReceiving(app);
    });

    it('by a class', async () => {
      @Injectable()
      class Factory {
        createHankoWebhooksOptions(): HankoWebhooksOptions {
          return { path: PATH };
        }
      }
      await using app = await start({
        imports: [
          HankoModule.forRoot(options()),
          HankoWebhooksModule.forRootAsync({ useClass: Factory }),
        ],
      });

      await expectReceiving(app);
    });

    it('in another module than the root', async () => {
      @Module({ imports: [HankoWebhooksModule.forRoot({ path: PATH })] })
      class FeatureModule {}
      await using app = await start({ imports: [HankoModule.forRoot(options()), FeatureModule] });

      await expectReceiving(app);
    });

    it('with a HankoModule that is not global, named in its imports', async () => {
      const hankoModule = HankoModule.forRoot({ ...options(), isGlobal: false });
      await using app = await start({
        imports: [
          hankoModule,
          HankoWebhooksModule.forRootAsync({
            imports: [hankoModule],
            useFactory: () => ({ path: PATH }),
          }),
        ],
      });
      const token = await hanko.token();

      await expectReceiving(app);
      // It is the list of the same HankoModule that it feeds.
      const sessionId = (await app.get('/closed', bearer(token))).text;
      expectDone(await app.deliver('session.delete.admin.revoke', { id: sessionId }));
      expectRevoked(await app.get('/closed', bearer(token)));
    });
  });

  describe('the app does not start', () => {
    it.each([
      { what: 'without HankoModule', imports: () => [] },
      {
        what: 'with a HankoModule that is not global and not imported',
        imports: () => [HankoModule.forRoot({ ...options(), isGlobal: false })],
      },
    ])('$what', async ({ imports }) => {
      const faults = await faultsOf(
        startApp(platform, {
          imports: [...imports(), HankoWebhooksModule.forRoot({ path: PATH })],
          controllers: [PlainController],
        }),
      );

      expect(faults).toEqual([
        {
          path: 'HankoWebhooksModule',
          hint: expect.stringMatching(
            /needs HankoModule.*HankoModule\.forRoot\(\).*isGlobal: false/,
          ),
        },
      ]);
    });

    it.each([
      ['path', {}],
      ['path', { path: '' }],
      ['path', { path: '/' }],
      ['path', { path: 'webhooks/' }],
      ['path', { path: '//webhooks' }],
      ['path', { path: 'webhooks//hanko' }],
      ['path', { path: 'webhooks/:id' }],
      ['path', { path: 'webhooks/*' }],
      ['path', { path: 'webhooks/{hanko}' }],
      ['path', { path: 'webhooks hanko' }],
      ['path', { path: 'hook?x=1' }],
      ['path', { path: 'https://api.example.test/hook' }],
      ['path', { path: 7 }],
      ['answer', { path: PATH, answer: 'never' }],
      ['revokeOnPasswordChange', { path: PATH, revokeOnPasswordChange: 'yes' }],
      ['handlerTimeoutMs', { path: PATH, handlerTimeoutMs: 0 }],
      ['handlerTimeoutMs', { path: PATH, handlerTimeoutMs: 60_001 }],
      ['handlerTimeoutMs', { path: PATH, handlerTimeoutMs: Number.NaN }],
      ['maxBodyBytes', { path: PATH, maxBodyBytes: 1_023 }],
      ['maxBodyBytes', { path: PATH, maxBodyBytes: 16_777_217 }],
      ['maxBodyBytes', { path: PATH, maxBodyBytes: '4096' }],
      ['paths', { path: PATH, paths: [] }],
    ])('with a wrong option: %s in %j', async (name, wrong) => {
      const webhooks = wrong as unknown as HankoWebhooksOptions;
      const faults = await faultsOf(
        start({ imports: [HankoModule.forRoot(options()), HankoWebhooksModule.forRoot(webhooks)] }),
      );

      expect(faults.map(({ path }) => path)).toEqual([`HankoWebhooksModule ${name}`]);
    });

    it('with several wrong options, and names them all', async () => {
      const useFactory = () =>
        ({ answer: 1, maxBodyBytes: 1, timeout: 5 }) as unknown as HankoWebhooksOptions;
      const faults = await faultsOf(
        start({
          imports: [
            HankoModule.forRoot(options()),
            HankoWebhooksModule.forRootAsync({ useFactory }),
          ],
        }),
      );

      expect(faults.map(({ path }) => path).toSorted()).toEqual([
        'HankoWebhooksModule answer',
        'HankoWebhooksModule maxBodyBytes',
        'HankoWebhooksModule path',
        'HankoWebhooksModule timeout',
      ]);
    });

    it.each([undefined, null, 'webhooks/hanko'])('with options that are none: %j', async (none) => {
      const useFactory = () => none as unknown as HankoWebhooksOptions;
      const faults = await faultsOf(
        start({
          imports: [
            HankoModule.forRoot(options()),
            HankoWebhooksModule.forRootAsync({ useFactory }),
          ],
        }),
      );

      expect(faults.map(({ path }) => path)).toEqual(['HankoWebhooksModule path']);
    });

    it.each([
      ['request-scoped', Scope.REQUEST],
      ['transient', Scope.TRANSIENT],
    ])('with a handler on a %s provider', async (_what, scope) => {
      @Injectable({ scope })
      class Mailer {
        @OnHankoEvent('user.create')
        send(): void {}
      }

      expect(await faultsOf(start({ providers: [Mailer] }))).toEqual([
        { path: 'Mailer', hint: expect.stringContaining('@OnHankoEvent()') },
      ]);
    });

    it('with a handler on a provider that is request-scoped because of another', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Tenant {}
      @Injectable()
      class Mailer {
        constructor(readonly tenant: Tenant) {}

        @OnHankoEvent('user.create')
        send(): void {}
      }
      Reflect.defineMetadata('design:paramtypes', [Tenant], Mailer);

      expect(await faultsOf(start({ providers: [Tenant, Mailer] }))).toEqual([
        { path: 'Mailer', hint: expect.stringContaining('request-scoped') },
      ]);
    });
  });

  describe('sessions end at once, without a question to Hanko', () => {
    /** An app that FakeHanko tells of everything. */
    const startTold = async (setup: Omit<ReceiverSetup, 'hanko'> = {}): Promise<ReceiverApp> => {
      const app = await start(setup);
      relay.target = app.hook;
      return app;
    };

    const isIn = async (app: ReceiverApp, token: string): Promise<boolean> =>
      (await app.get('/closed', bearer(token))).status === 200;

    const logout = async (token: string): Promise<void> => {
      const answer = await send(`${hanko.url}/logout`, cookie(token), { method: 'POST' });
      expect(answer.status).toBe(204);
      await hanko.webhooksSettled();
    };

    const expectGone = async (app: ReceiverApp, token: string): Promise<void> => {
      expectRevoked(await app.get('/closed', bearer(token)));
      expectRevoked(await app.get('/closed', cookie(token)));
      expectRevoked(await app.get('/optional', bearer(token)));
      expect((await app.get('/optional', cookie(token))).text).toBe('nobody');
    };

    const validate = (token: string) =>
      send(
        `${hanko.url}/sessions/validate`,
        { 'Content-Type': 'application/json' },
        { method: 'POST', body: JSON.stringify({ session_token: token }) },
      );

    it('with a logout: the very next request is refused', async () => {
      await using app = await startTold();
      const user = hanko.createUser();
      const [token, other] = [await hanko.token({ user }), await hanko.token({ user })];
      expect([await isIn(app, token), await isIn(app, other)]).toEqual([true, true]);
      hanko.clearRequests();
      await logout(token);

      await expectGone(app, token);
      expect(await isIn(app, other)).toBe(true);
      expect((await app.get('/optional')).text).toBe('nobody');
      // Keys at most: nobody asked about the session.
      expect(hanko.countRequests('/sessions/validate')).toBe(0);
      expect(namesOf(app)).toContain('session.delete.explicit.logout');
      expect(new Set(relay.statuses)).toEqual(new Set([200]));
    });

    it('with a logout by somebody whom the app has never seen', async () => {
      await using app = await startTold();
      const token = await hanko.token();
      await logout(token);

      await expectGone(app, token);
    });

    it('and stay so until the token has expired', async () => {
      await using app = await startTold();
      const token = await hanko.token({ lifespanSeconds: 600 });
      await logout(token);
      clock.advanceSeconds(604);

      expectRevoked(await app.get('/closed', bearer(token)));
      clock.advanceSeconds(1);
      expect(await app.get('/closed', bearer(token))).toBeRefused('token_expired');
    });

    it('with an Admin DELETE of the session', async () => {
      await using app = await startTold();
      const user = hanko.createUser();
      const [token, other] = [await hanko.token({ user }), await hanko.token({ user })];
      const sessionId = (await app.get('/closed', bearer(token))).text;
      const path = `/users/${user.id}/sessions/${sessionId}`;
      expect((await send(hanko.adminUrl + path, {}, { method: 'DELETE' })).status).toBe(204);
      await hanko.webhooksSettled();

      await expectGone(app, token);
      expect(await isIn(app, other)).toBe(true);
    });

    it('with a revocation on the profile', async () => {
      await using app = await startTold();
      const email = `profile-${platform}@example.test`;
      hanko.createUser({ email, password: PASSWORD });
      const client = new FlowClient(hanko.url);
      await client.signIn(email, PASSWORD);
      const other = await hanko.token({ email });
      const sessionId = (await app.get('/closed', bearer(other))).text;
      await client.start('profile');
      await client.act('session_delete', { session_id: sessionId });
      await hanko.webhooksSettled();

      await expectGone(app, other);
      expect(await isIn(app, client.token ?? '')).toBe(true);
      expect(namesOf(app)).toContain('session.delete.explicit.revoke');
    });

    it('with an idle timeout, as soon as Hanko notices', async () => {
      await using app = await startTold();
      const token = await hanko.token();
      clock.advanceSeconds(30 * MINUTE + 1);
      await hanko.webhooksSettled();
      expect(await isIn(app, token)).toBe(true);
      await validate(token);
      await hanko.webhooksSettled();

      await expectGone(app, token);
      expect(namesOf(app)).toContain('session.delete.passive.expire');
    });

    it('with one login more than the session limit', async () => {
      await using app = await startTold();
      const user = hanko.createUser();
      const tokens = [];
      for (let i = 0; i < 3; i++) {
        tokens.push(await hanko.token({ user }));
        clock.advanceSeconds(1);
      }
      await hanko.webhooksSettled();
      const [first = '', ...younger] = tokens;

      await expectGone(app, first);
      for (const token of younger) expect(await isIn(app, token)).toBe(true);
    });

    it('with their user, all of them; a user who is made again is another one', async () => {
      await using app = await startTold();
      const { id } = hanko.createUser();
      const tokens = [await hanko.token({ user: id }), await hanko.token({ user: id })];
      const bystander = await hanko.token();
      hanko.deleteUser(id);
      await hanko.webhooksSettled();

      for (const token of tokens) await expectGone(app, token);
      expect(await isIn(app, bystander)).toBe(true);
      clock.advanceSeconds(1);
      hanko.createUser({ id });
      const later = await hanko.token({ user: id });
      expect(await isIn(app, later)).toBe(true);
      for (const token of tokens) await expectGone(app, token);
    });

    it('with a user whom an administrator deletes', async () => {
      await using app = await startTold();
      const { id } = hanko.createUser();
      const token = await hanko.token({ user: id });
      await send(`${hanko.adminUrl}/users/${id}`, {}, { method: 'DELETE' });
      await hanko.webhooksSettled();

      await expectGone(app, token);
    });

    it('with a user whose event comes late: what began since stays', async () => {
      await using app = await start();
      const { id } = hanko.createUser();
      const before = await hanko.token({ user: id });
      clock.advanceSeconds(60);
      const after = await hanko.token({ user: id });
      expectDone(await app.deliver('user.delete', { id }, { ageSeconds: 30 }));

      await expectGone(app, before);
      expect(await isIn(app, after)).toBe(true);
    });

    it.each([
      { revokeOnPasswordChange: true, sessions: 'all end, the present one too' },
      { revokeOnPasswordChange: false, sessions: 'all stay' },
    ])(
      'revokeOnPasswordChange: $revokeOnPasswordChange: $sessions',
      async ({ revokeOnPasswordChange }) => {
        await using app = await startTold({ webhooks: { revokeOnPasswordChange } });
        const email = `changes-${String(revokeOnPasswordChange)}-${platform}@example.test`;
        hanko.createUser({ email, password: PASSWORD });
        const client = new FlowClient(hanko.url);
        await client.signIn(email, PASSWORD);
        const tokens = [await hanko.token({ email }), client.token ?? ''];
        await client.start('profile');
        await client.act('password_update', { password: 'Correct-Horse-2' });
        await hanko.webhooksSettled();

        expect(namesOf(app)).toContain('user.update.password.update');
        for (const token of tokens) expect(await isIn(app, token)).toBe(!revokeOnPasswordChange);
        clock.advanceSeconds(1);
        expect(await isIn(app, await hanko.token({ email }))).toBe(true);
      },
    );

    it('but not with what else happens to a session or a user', async () => {
      await using app = await start({ webhooks: { revokeOnPasswordChange: true } });
      const user = hanko.createUser();
      const token = await hanko.token({ user });
      const sessionId = (await app.get('/closed', bearer(token))).text;
      for (const [event, data] of [
        ['session.create.flow', { id: sessionId, user_id: user.id }],
        ['session.deleted', { id: sessionId }],
        ['session', { id: sessionId }],
        ['session.delete.passive.limit', { id: user.id }],
        ['session.delete.passive.limit', {}],
        ['session.delete.passive.limit', null],
        ['session.delete.passive.limit', [sessionId]],
        ['session.delete.passive.limit', { id: [sessionId] }],
        ['user.login', { id: user.id }],
        ['user.update', { id: user.id }],
        ['user.update.passwords', { id: user.id }],
        ['user.deleted', { id: user.id }],
        ['user.delete', { id: sessionId }],
        ['user.delete', 'nobody'],
      ] as const) {
        expectDone(await app.deliver(event, data));
      }

      expect(await isIn(app, token)).toBe(true);
    });

    it('also where the id is written in capitals, or its time is no time', async () => {
      await using app = await start();
      for (const more of [{}, { expires_at: 'soon' }, { expires_at: null }, { expires_at: 5 }]) {
        const token = await hanko.token();
        const sessionId = (await app.get('/closed', bearer(token))).text;
        const data = { id: sessionId.toUpperCase(), ...more };
        expectDone(await app.deliver('session.delete.explicit.logout', data));

        await expectGone(app, token);
      }
    });

    it('before handlers are called, and also where they fail', async () => {
      const statuses: number[] = [];
      let app: ReceiverApp | undefined;
      let token = '';
      @Injectable()
      class Failing {
        @OnHankoEvent('session.delete')
        async fail(): Promise<void> {
          statuses.push((await app?.get('/closed', bearer(token)))?.status ?? 0);
          throw new Error('not today');
        }
      }
      app = await startTold({ providers: [Failing] });
      await using running = app;
      token = await hanko.token();
      await logout(token);

      expect(statuses).toEqual([401]);
      expect(relay.statuses).toContain(500);
      await expectGone(running, token);
    });
  });

  describe('@OnHankoEvent()', () => {
    it('calls providers and controllers once, with name, data and time', async () => {
      const calls: [string, unknown[]][] = [];
      @Injectable()
      class Onboarding {
        private readonly greeting = 'welcome';

        @OnHankoEvent('user.create')
        async welcome(...given: unknown[]): Promise<void> {
          await Promise.resolve();
          calls.push([this.greeting, given]);
        }
      }
      @Controller('onboarding')
      class OnboardingController {
        private readonly greeting = 'hello';

        @OnHankoEvent('user.create')
        hello(...given: unknown[]): void {
          calls.push([this.greeting, given]);
        }
      }
      await using app = await start({
        controllers: [OnboardingController],
        providers: [
          Onboarding,
          // The same instance under other names.
          { provide: 'ALIAS', useExisting: Onboarding },
          { provide: 'FACTORY', useFactory: (one: Onboarding) => one, inject: [Onboarding] },
        ],
      });
      const data = { id: randomUUID(), metadata: { public_metadata: { tier: 'gold' } } };
      expectDone(await app.deliver('user.create', data, { ageSeconds: 7 }));

      const issuedAt = new Date((Math.floor(clock.now() / 1000) - 7) * 1000);
      const event = { name: 'user.create', data, issuedAt };
      expect(calls.toSorted()).toEqual([
        ['hello', [event]],
        ['welcome', [event]],
      ]);
    });

    it('takes names and groups, on boundaries of dots, and names that nobody knows', async () => {
      const got: Record<string, string[]> = {};
      const note = (subscription: string, { name }: HankoEvent): void => {
        (got[subscription] ??= []).push(name);
      };
      @Injectable()
      class Listener {
        @OnHankoEvent()
        all(event: HankoEvent): void {
          note('all', event);
        }

        @OnHankoEvent('session.delete')
        group(event: HankoEvent<'session.delete'>): void {
          note('session.delete', event);
        }

        @OnHankoEvent('session.delete.passive.limit')
        leaf(event: HankoEvent<'session.delete.passive.limit'>): void {
          note('session.delete.passive.limit', event);
        }

        @OnHankoEvent('user.update.custom_claims')
        future(event: HankoEvent): void {
          note('user.update.custom_claims', event);
        }

        @OnHankoEvent('user.create')
        @OnHankoEvent('user.delete')
        several(event: HankoEvent): void {
          note('several', event);
        }

        @OnHankoEvent('user')
        @OnHankoEvent('user.create')
        overlapping(event: HankoEvent): void {
          note('overlapping', event);
        }
      }
      await using app = await start({ providers: [Listener] });
      const events = [
        'session.delete',
        'session.delete.passive.limit',
        'session.delete.passive',
        'session.deleted',
        'session.delete_all',
        'user.create',
        'user.delete',
        'user.created',
        'user.update.custom_claims',
        'users',
        'constructor',
        'toString',
        'brand-new thing.with spaces',
      ];
      for (const event of events) expectDone(await app.deliver(event, {}));

      expect(got).toEqual({
        all: events,
        'session.delete': [
          'session.delete',
          'session.delete.passive.limit',
          'session.delete.passive',
        ],
        'session.delete.passive.limit': ['session.delete.passive.limit'],
        'user.update.custom_claims': ['user.update.custom_claims'],
        several: ['user.create', 'user.delete'],
        // `user.created` is below `user`, and not below `user.create`.
        overlapping: ['user.create', 'user.delete', 'user.created', 'user.update.custom_claims'],
      });
    });

    it('hears of mails that the app has to send', async () => {
      const address = `mail-${platform.toLowerCase()}@example.test`;
      const mails: HankoEvent<'email.send'>[] = [];
      @Injectable()
      class Mailer {
        @OnHankoEvent('email.send')
        send(event: HankoEvent<'email.send'>): void {
          mails.push(event);
        }
      }
      await using app = await start({ providers: [Mailer] });
      hanko.createUser({ email: address, password: PASSWORD });
      relay.target = app.hook;
      const client = new FlowClient(hanko.url);
      await client.start('login');
      await client.act('continue_with_login_identifier', { email: address });
      await client.act('continue_to_passcode_confirmation');
      await hanko.webhooksSettled();

      expect(mails.map(({ data }) => [data.to_email_address, data.data.otp_code])).toEqual([
        [address, hanko.passcode(address)],
      ]);
    });

    it.each(['', ' ', 'user.', '.user', 'user.*', 'user create', 'user/create', '*'])(
      'does not take what is no name: %j',
      (name) => {
        expect(() => OnHankoEvent(name)).toThrow(HankoConfigurationError);
      },
    );

    it('is inherited, and gone where a method is overridden without it', async () => {
      const calls: string[] = [];
      class Base {
        @OnHankoEvent('user.create')
        kept(): void {
          calls.push(`${this.constructor.name}.kept`);
        }

        @OnHankoEvent('user.create')
        overridden(): void {
          calls.push(`${this.constructor.name}.overridden`);
        }
      }
      @Injectable()
      class Derived extends Base {
        override overridden(): void {
          calls.push('never');
        }
      }
      await using app = await start({ providers: [Derived] });
      expectDone(await app.deliver('user.create', {}));

      expect(calls).toEqual(['Derived.kept']);
    });

    it('works next to providers that are no instances of a class', async () => {
      await using app = await start({
        providers: [
          { provide: 'NULL', useValue: null },
          { provide: 'TEXT', useValue: 'text' },
          { provide: 'BARE', useValue: Object.create(null) as object },
          { provide: 'FUNCTION', useValue: () => 'x' },
          { provide: 'NOTHING', useFactory: () => undefined },
          { provide: 'ENDED', useValue: Object.freeze({ constructor: 'no function' }) },
        ],
      });

      await expectReceiving(app);
    });

    it('runs no guards, pipes or interceptors of the class', async () => {
      let called = 0;
      let guarded = 0;
      @Injectable()
      class DenyingGuard implements CanActivate {
        canActivate(): boolean {
          guarded += 1;
          return false;
        }
      }
      @UseGuards(DenyingGuard)
      @Controller('guarded')
      class GuardedController {
        @Get()
        closed(): string {
          return 'in';
        }

        @UseGuards(DenyingGuard)
        @OnHankoEvent('user.create')
        onCreate(): void {
          called += 1;
        }
      }
      await using app = await start({ controllers: [GuardedController] });
      expectDone(await app.deliver('user.create', {}));

      expect([called, guarded]).toEqual([1, 0]);
      expect((await app.get('/guarded')).status).toBe(403);
    });
  });

  describe('a replay', () => {
    it('is answered 200 and has no effect, one after another', async () => {
      using webhooks = recordChannel('nestjs-hanko:webhook');
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {});
      for (let i = 0; i < 5; i++) expectDone(await app.post({ token, event: 'user.create' }));

      expect(app.events).toHaveLength(1);
      expect(webhooks.messages).toEqual([
        { outcome: 'done', event: 'user.create' },
        ...Array.from({ length: 4 }, () => ({ outcome: 'replay', event: 'user.create' })),
      ]);
      // Two events may say the same: only their time tells them apart.
      clock.advanceSeconds(1);
      expectDone(await app.deliver('user.create', {}));
      expect(app.events).toHaveLength(2);
    });

    it('at the same time has no effect either, also before the keys are there', async () => {
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {});
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => app.post({ token, event: 'user.create' })),
      );

      for (const answer of answers) expectDone(answer);
      expect(app.events).toHaveLength(1);
    });

    it('waits for the first delivery, and shares its fate', async () => {
      const gate = new Gate();
      const started = new Gate();
      let calls = 0;
      @Injectable()
      class Slow {
        @OnHankoEvent('user.create')
        async work(): Promise<void> {
          calls += 1;
          started.open();
          await gate.isOpen;
          throw new Error('not today');
        }
      }
      await using app = await start({ providers: [Slow] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };
      const first = app.post(body);
      await started.isOpen;
      const replayed = nextWebhook('replay');
      const second = app.post(body);
      await replayed;
      gate.open();

      expectFailed(await first);
      expectFailed(await second);
      expect(calls).toBe(1);
    });

    it('has no effect for as long as the token is good', async () => {
      await using app = await start({ options: { clockToleranceSeconds: 0 } });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };
      expectDone(await app.post(body));
      for (let i = 0; i < 3; i++) {
        clock.advanceSeconds(100);
        expectDone(await app.deliver('user.login', {}));
        expectDone(await app.post(body));
      }
      clock.advanceSeconds(40);

      expectInvalid(await app.post(body));
      expect(namesOf(app).filter((name) => name === 'user.create')).toHaveLength(1);
    });
  });

  describe('handlers that fail', () => {
    it('are answered 500, and the same delivery is processed when it comes again', async () => {
      let calls = 0;
      @Injectable()
      class FailsOnce {
        @OnHankoEvent('user.create')
        fail(): void {
          calls += 1;
          if (calls === 1) throw new Error('not today');
        }
      }
      using webhooks = recordChannel('nestjs-hanko:webhook');
      await using app = await start({ providers: [FailsOnce] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      expectDone(await app.post(body));
      expectDone(await app.post(body));
      expect(calls).toBe(2);
      expect(webhooks.messages).toEqual([
        { outcome: 'failed', event: 'user.create' },
        { outcome: 'done', event: 'user.create' },
        { outcome: 'replay', event: 'user.create' },
      ]);
      expect(app.log.messages('error', 'HankoWebhooks')).toEqual([
        expect.stringMatching(/^FailsOnce\.fail failed for user\.create: Error, whose message/),
      ]);
    });

    it('do not hide one another', async () => {
      const calls: string[] = [];
      @Injectable()
      class First {
        @OnHankoEvent('user.create')
        throws(): void {
          calls.push('throws');
          throw new Error('not today');
        }
      }
      @Injectable()
      class Second {
        @OnHankoEvent('user.create')
        async rejects(): Promise<void> {
          calls.push('rejects');
          return Promise.reject(new TypeError('nor tomorrow'));
        }

        @OnHankoEvent('user.create')
        works(): void {
          calls.push('works');
        }
      }
      await using app = await start({ providers: [First, Second] });

      expectFailed(await app.deliver('user.create', {}));
      expect(calls.toSorted()).toEqual(['rejects', 'throws', 'works']);
      expect(app.events).toHaveLength(1);
      expect(
        app.log
          .messages('error', 'HankoWebhooks')
          .map((line) => line.split(', ')[0])
          .toSorted(),
      ).toEqual([
        'First.throws failed for user.create: Error',
        'Second.rejects failed for user.create: TypeError',
      ]);
    });

    it('by hanging are answered 500 after handlerTimeoutMs, and may get it again', async () => {
      let calls = 0;
      @Injectable()
      class HangsOnce {
        @OnHankoEvent('user.create')
        async hang(): Promise<void> {
          calls += 1;
          if (calls === 1) await new Promise(() => undefined);
        }
      }
      using webhooks = recordChannel('nestjs-hanko:webhook');
      await using app = await start({
        providers: [HangsOnce],
        webhooks: { handlerTimeoutMs: 20 },
      });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      expect(webhooks.messages).toEqual([{ outcome: 'failed', event: 'user.create' }]);
      expect(app.log.messages('error', 'HankoWebhooks')).toEqual([
        'Handlers of user.create were not done after 20 ms',
      ]);
      expectDone(await app.post(body));
      expect(calls).toBe(2);
    });

    it.each([
      ['nothing', undefined],
      ['null', null],
      ['text', 'not today'],
      ['an object', { why: 'not today' }],
      ['a bare object', Object.create(null) as object],
      ['an error without a stack', Object.assign(new Error('x'), { stack: undefined })],
    ])('may throw %s', async (_what, thrown) => {
      let isGood = false;
      @Injectable()
      class Odd {
        @OnHankoEvent('user.create')
        throws(): void {
          if (!isGood) throw thrown as Error;
        }
      }
      await using app = await start({ providers: [Odd] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      isGood = true;
      expectDone(await app.post(body));
    });

    it.each([
      [
        'a stack that cannot be read',
        Object.defineProperty(new Error('x'), 'stack', {
          get: () => {
            throw new Error('unreadable');
          },
        }),
      ],
      ['a stack that is no text', { stack: Object.create(null) as object }],
    ])('may throw an error with %s', async (_what, thrown) => {
      let isGood = false;
      @Injectable()
      class Odd {
        @OnHankoEvent('user.create')
        throws(): void {
          if (!isGood) throw thrown as Error;
        }
      }
      await using app = await start({ providers: [Odd] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      isGood = true;
      expectDone(await app.post(body));
    });
  });

  describe("answer: 'before'", () => {
    it('is 200 although a handler throws', async () => {
      @Injectable()
      class Throwing {
        @OnHankoEvent('user.create')
        throws(): void {
          throw new Error('not today');
        }
      }
      await using app = await start({ providers: [Throwing], webhooks: { answer: 'before' } });
      const failed = nextWebhook('failed');
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectDone(await app.post(body));
      expect(await failed).toEqual({ outcome: 'failed', event: 'user.create' });
      expectDone(await app.post(body));
      expect(app.events).toHaveLength(1);
    });

    it('is 200 although a handler throws what cannot be read, and no rejection gets lost', async () => {
      @Injectable()
      class Odd {
        @OnHankoEvent('user.create')
        throws(): void {
          throw Object.defineProperty(new Error('x'), 'stack', {
            get: () => {
              throw new Error('unreadable');
            },
          });
        }
      }
      await using app = await start({ providers: [Odd], webhooks: { answer: 'before' } });
      const failed = nextWebhook('failed');
      const lost = new Gate();
      process.once('unhandledRejection', lost.open);
      expectDone(await app.deliver('user.create', {}));

      expect(await Promise.race([failed, lost.isOpen])).toEqual({
        outcome: 'failed',
        event: 'user.create',
      });
      process.off('unhandledRejection', lost.open);
    });

    it('is 200 while a handler hangs', async () => {
      const gate = new Gate();
      const calls: string[] = [];
      @Injectable()
      class Hanging {
        @OnHankoEvent('user.create')
        async hang(): Promise<void> {
          calls.push('began');
          await gate.isOpen;
          calls.push('ended');
        }
      }
      await using app = await start({ providers: [Hanging], webhooks: { answer: 'before' } });
      expectDone(await app.deliver('user.create', {}));

      expect(calls).toEqual(['began']);
      const done = nextWebhook('done');
      gate.open();
      expect(await done).toEqual({ outcome: 'done', event: 'user.create' });
      expect(calls).toEqual(['began', 'ended']);
    });

    it('is 200 and revokes first', async () => {
      await using app = await start({ webhooks: { answer: 'before' } });
      const token = await hanko.token();
      const sessionId = (await app.get('/closed', bearer(token))).text;
      expectDone(await app.deliver('session.delete.explicit.logout', { id: sessionId }));

      expectRevoked(await app.get('/closed', bearer(token)));
    });

    it('is 400 for a bad delivery nevertheless', async () => {
      await using app = await start({ webhooks: { answer: 'before' } });

      await expectReceiving(app);
    });
  });

  describe("while Hanko's keys cannot be had", () => {
    it.each(['down', 'error', 'hang', 'garbage'] as const)(
      'is 503 with Retry-After and no effect, and good later: %s',
      async (fault) => {
        await hanko.fault(fault);
        using webhooks = recordChannel('nestjs-hanko:webhook');
        await using app = await start({ options: { jwksTimeoutMs: 200 } });
        const token = await hanko.token();
        const { session_id: sessionId } = JSON.parse(
          Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
        ) as { session_id: string };
        const event = 'session.delete.explicit.logout';
        const body = { token: await hanko.webhookToken(event, { id: sessionId }), event };
        const refused = await app.post(body);

        expectAnswer(refused, 503, 'hanko_unavailable');
        expect(app.events).toEqual([]);
        expect(webhooks.messages).toEqual([{ outcome: 'refused', reason: expect.any(String) }]);
        await hanko.recover();
        clock.advanceSeconds(Number(refused.headers['retry-after']));
        expect((await app.get('/closed', bearer(token))).text).toBe(sessionId);
        expectDone(await app.post(body));
        expectDone(await app.post(body));
        expect(namesOf(app)).toEqual([event]);
        expectRevoked(await app.get('/closed', bearer(token)));
      },
    );

    it('what is bad in itself is 400 all the same', async () => {
      await hanko.fault('down');
      await using app = await start();

      expectInvalid(await app.post({ token: 'garbage', event: 'user.create' }));
      expectInvalid(await app.deliver('user.create', {}, { ageSeconds: 336 }));
      expectInvalid(await app.post({ token: await hanko.token(), event: 'user.create' }));
    });

    it('a new key is fetched for a webhook as for a session', async () => {
      await using app = await start();
      expectDone(await app.deliver('user.create', { n: 1 }));
      await hanko.rotateKey();

      expectDone(await app.deliver('user.create', { n: 2 }));
    });
  });

  describe('a webhook that is late', () => {
    it.each([
      [330, true],
      [334, true],
      [335, false],
      [-34, true],
      [-36, false],
    ])('by %i seconds is taken: %s', async (ageSeconds, isTaken) => {
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {}, { ageSeconds });
      const answer = await app.post({ token, event: 'user.create' });

      if (isTaken) expectDone(answer);
      else expectInvalid(answer);
      expect(app.events).toHaveLength(isTaken ? 1 : 0);
    });
  });
});
