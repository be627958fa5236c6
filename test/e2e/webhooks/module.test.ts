import { randomUUID } from 'node:crypto';
import { Injectable, Module, Scope } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { type ConfigurationFault, HankoConfigurationError, HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import {
  HankoWebhooksModule,
  type HankoWebhooksOptions,
  OnHankoEvent,
} from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, PlainController, PLATFORMS, startApp } from '../../support/app.js';
import { expectRevoked } from '../../support/session-spy.js';
import {
  expectDone,
  expectInvalid,
  PATH,
  type ReceiverApp,
  type ReceiverSetup,
  Relay,
  startReceiver,
} from '../../support/webhooks.js';

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
      ['respond', { path: PATH, respond: 'never' }],
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
});
