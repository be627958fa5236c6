import { Inject, Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  type HankoOptionsFactory,
} from 'nestjs-hanko';
import { describe, expect, it, vi } from 'vitest';
import { faultsOf, ModuleApp, start, WhoController } from '../../support/module-app.js';

const fixture = new ModuleApp();
const { expectWorking } = fixture;

describe('forRootAsync', () => {
  @Module({
    providers: [{ provide: 'SETTINGS', useFactory: () => ({ url: fixture.hanko.url }) }],
    exports: ['SETTINGS'],
  })
  class SettingsModule {}

  @Injectable()
  class OptionsFactory implements HankoOptionsFactory {
    constructor(@Inject('SETTINGS') private readonly settings: { url: string }) {}

    createHankoOptions(): HankoModuleOptions {
      return fixture.options({ apiUrl: this.settings.url });
    }
  }

  @Injectable()
  class AsyncOptionsFactory implements HankoOptionsFactory {
    async createHankoOptions(): Promise<HankoModuleOptions> {
      await Promise.resolve();
      return fixture.options();
    }
  }

  @Module({
    imports: [SettingsModule],
    providers: [OptionsFactory],
    exports: [OptionsFactory],
  })
  class OptionsModule {}

  it.each([
    {
      what: 'useFactory',
      module: () => HankoModule.forRootAsync({ useFactory: () => fixture.options() }),
    },
    {
      what: 'an async useFactory with inject and imports',
      module: () =>
        HankoModule.forRootAsync({
          imports: [SettingsModule],
          inject: ['SETTINGS'],
          useFactory: async (settings: { url: string }) => {
            await Promise.resolve();
            return fixture.options({ apiUrl: settings.url });
          },
        }),
    },
    {
      what: 'useFactory with ConfigService',
      module: () =>
        HankoModule.forRootAsync({
          imports: [
            ConfigModule.forRoot({
              ignoreEnvFile: true,
              load: [() => ({ at: fixture.hanko.url })],
            }),
          ],
          inject: [ConfigService],
          useFactory: (config: ConfigService) =>
            fixture.options({ apiUrl: config.getOrThrow('at') }),
        }),
    },
    {
      what: 'useClass',
      module: () =>
        HankoModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsFactory }),
    },
    {
      what: 'useClass with an async factory',
      module: () => HankoModule.forRootAsync({ useClass: AsyncOptionsFactory }),
    },
    {
      what: 'useExisting',
      module: () =>
        HankoModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    },
  ])('takes $what', async ({ module }) => {
    await using app = await start([module()]);

    await expectWorking(app);
  });

  it('takes what the factory leaves out from the environment', async () => {
    vi.stubEnv('HANKO_API_URL', fixture.hanko.url);
    await using app = await start([
      HankoModule.forRootAsync({ useFactory: () => ({ audience: 'localhost' }) }),
    ]);

    await expectWorking(app);
  });

  it('takes isGlobal beside the factory', async () => {
    const starting = start([
      HankoModule.forRootAsync({ isGlobal: false, useFactory: () => fixture.options() }),
      // WhoController is in the root module, this one in a module that does not import it.
      (() => {
        @Module({ controllers: [WhoController] })
        class FeatureModule {}
        return FeatureModule;
      })(),
    ]);

    expect(await faultsOf(starting)).toMatchObject([
      { hint: expect.stringContaining('with isGlobal: false, also import the module') },
    ]);
  });

  it.each([
    { what: 'none', wrong: {} },
    {
      what: 'useFactory and useClass',
      wrong: { useFactory: () => fixture.options(), useClass: AsyncOptionsFactory },
    },
    {
      what: 'useClass and useExisting',
      wrong: { useClass: AsyncOptionsFactory, useExisting: AsyncOptionsFactory },
    },
    {
      what: 'all three',
      wrong: {
        useFactory: () => fixture.options(),
        useClass: AsyncOptionsFactory,
        useExisting: AsyncOptionsFactory,
      },
    },
  ])('refuses $what of useFactory, useClass and useExisting', ({ wrong }) => {
    const call = () => HankoModule.forRootAsync(wrong);

    expect(call).toThrow(HankoConfigurationError);
    expect(call).toThrow(/takes exactly one of useFactory, useClass and useExisting/);
  });

  it.each([
    { returned: undefined },
    { returned: null },
    { returned: 'https://hanko.test' },
    { returned: [] },
  ])('refuses a factory that returns $returned', async ({ returned }) => {
    const module = HankoModule.forRootAsync({ useFactory: () => returned as never });

    expect(await faultsOf(start([module]))).toMatchObject([{ path: 'options' }]);
  });

  it("hands on the factory's own error", async () => {
    const module = HankoModule.forRootAsync({
      useFactory: () => Promise.reject(new Error('the vault is sealed')),
    });

    await expect(start([module])).rejects.toThrow('the vault is sealed');
  });

  it('checks its options as forRoot does', async () => {
    const module = HankoModule.forRootAsync({
      useFactory: () => ({ apiUrl: 'ftp://x', isGlobal: true }) as never,
    });

    expect(await faultsOf(start([module]))).toMatchObject([
      { path: 'isGlobal' },
      { path: 'apiUrl' },
    ]);
  });
});
