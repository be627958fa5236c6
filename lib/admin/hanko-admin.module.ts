import { ConfigurableModuleBuilder, type DynamicModule, Inject, Module } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { HANKO_ENVIRONMENT } from '../hanko.constants.js';
import { environmentModule, type HankoEnvironment } from '../options/environment.js';
import {
  bareProviders,
  refuseNoOptions,
  refuseSecond,
  refuseWrongAsyncOptions,
  type RootModule,
  withCheckedFactory,
} from '../startup/module-setup.js';
import { HankoAdminErrorFilter } from './admin-error.filter.js';
import { type HankoAdminOptions, resolveAdminOptions } from './admin-options.js';
import { EndedInApp } from './ended-sessions.js';
import { adminFor, HankoAdmin } from './hanko-admin.js';

const MODULE_OPTIONS = Symbol.for('nestjs-hanko:admin-module-options');

/** What can be said beside the options, also in `forRootAsync`. */
interface HankoAdminExtras {
  /** Whether every module sees `HankoAdmin` without importing HankoAdminModule. Default true. */
  isGlobal?: boolean;
}

const definition = new ConfigurableModuleBuilder<HankoAdminOptions>({
  moduleName: 'HankoAdmin',
  optionsInjectionToken: MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createHankoAdminOptions')
  .setExtras<HankoAdminExtras>({ isGlobal: true }, (module, { isGlobal = true }) => ({
    ...module,
    global: isGlobal,
  }))
  .build();

/** Options that `HankoAdminModule.forRoot()` takes, with `isGlobal`. */
export type HankoAdminForRootOptions = typeof definition.OPTIONS_TYPE;

/** Options that `HankoAdminModule.forRootAsync()` takes: `useFactory` (with `inject`), `useClass` or `useExisting`; `imports`. */
export type HankoAdminModuleAsyncOptions = typeof definition.ASYNC_OPTIONS_TYPE;

const THIS_MODULE: RootModule = {
  name: 'HankoAdminModule',
  type: () => HankoAdminModule,
  optionsToken: MODULE_OPTIONS,
  factoryMethod: 'createHankoAdminOptions',
  extras: ['isGlobal'],
  reach:
    'Feature modules need no import, as it is global. With isGlobal: false, keep what forRoot() returned in a ' +
    'constant and import that, or import a module that exports HankoAdminModule.',
};

/**
 * Module that provides {@link HankoAdmin}, Hanko's Admin API. Import it in the root module. Without options it reads `HANKO_ADMIN_URL` and
 * `HANKO_ADMIN_API_KEY` from the environment. Beside HankoModule, sessions that it ends are refused at once, and their sockets close.
 *
 * Example: `@Module({ imports: [HankoModule.forRoot(), HankoAdminModule.forRoot()] })`
 */
@Module({ providers: bareProviders(THIS_MODULE, [HankoAdmin]), exports: [HankoAdmin] })
export class HankoAdminModule extends definition.ConfigurableModuleClass {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
  ) {
    super();
    refuseSecond(THIS_MODULE, modules);
    // The first of all filters is the last one that Nest asks: every filter of the app goes before it.
    config.useGlobalFilters(new HankoAdminErrorFilter(adapterHost));
  }

  /**
   * The module with options that are known when it is imported.
   * @param options what they omit comes from the environment, or has a default.
   * @throws HankoConfigurationError `configuration_invalid` for something else than an object.
   */
  static override forRoot(options: HankoAdminForRootOptions = {}): DynamicModule {
    refuseNoOptions(THIS_MODULE, options);
    return withProviders(super.forRoot(options));
  }

  /**
   * The module with options that Nest injects or waits for.
   * @throws HankoConfigurationError `configuration_invalid` unless exactly one of `useFactory`, `useClass` and
   * `useExisting` is given, and for options that stand beside it.
   */
  static override forRootAsync(options: HankoAdminModuleAsyncOptions): DynamicModule {
    refuseWrongAsyncOptions(THIS_MODULE, options);
    return withProviders(withCheckedFactory(super.forRootAsync(options), options, THIS_MODULE));
  }
}

const withProviders = (module: DynamicModule): DynamicModule => ({
  ...module,
  imports: [...(module.imports ?? []), environmentModule()],
  providers: [
    ...(module.providers ?? []),
    {
      provide: HankoAdmin,
      inject: [MODULE_OPTIONS, HANKO_ENVIRONMENT, ModulesContainer],
      useFactory: createAdmin,
    },
  ],
});

function createAdmin(
  written: unknown,
  environment: HankoEnvironment,
  modules: ModulesContainer,
): HankoAdmin {
  const options = resolveAdminOptions(written, environment, HankoAdminModule.name);
  return adminFor(options, new EndedInApp(modules));
}
