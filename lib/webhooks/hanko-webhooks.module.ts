import {
  ConfigurableModuleBuilder,
  Inject,
  type MiddlewareConsumer,
  Module,
  RequestMethod,
} from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { HANKO_WEBHOOKS_MODULE_OPTIONS, HANKO_WEBHOOKS_OPTIONS } from '../hanko.constants.js';
import {
  bareProviders,
  refuseNoOptions,
  refuseSecond,
  refuseWrongAsyncOptions,
  type RootModule,
  withCheckedFactory,
} from '../startup/module-setup.js';
import { EventHandlers } from './event-handlers.js';
import type { MaybeParsed } from './request-body.js';
import {
  type HankoWebhooksOptions,
  resolveWebhooksOptions,
  type ResolvedWebhooksOptions,
} from './webhook-options.js';
import { WebhookReceiver } from './webhook-receiver.js';

const definition = new ConfigurableModuleBuilder<HankoWebhooksOptions>({
  moduleName: 'HankoWebhooks',
  optionsInjectionToken: HANKO_WEBHOOKS_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createHankoWebhooksOptions')
  .build();

/** Options that `HankoWebhooksModule.forRootAsync()` takes: `useFactory` (with `inject`), `useClass` or `useExisting`; `imports`. */
export type HankoWebhooksModuleAsyncOptions = typeof definition.ASYNC_OPTIONS_TYPE;

const THIS_MODULE: RootModule = {
  name: 'HankoWebhooksModule',
  type: () => HankoWebhooksModule,
  optionsToken: HANKO_WEBHOOKS_MODULE_OPTIONS,
  factoryMethod: 'createHankoWebhooksOptions',
  extras: [],
  reach:
    'Feature modules need no import: their @OnHankoEvent() methods are found wherever they are.',
};

/**
 * Receives the webhooks that Hanko posts. Import it in the root module, beside {@link HankoModule}. It revokes sessions
 * and users that Hanko says have ended, and calls the methods that are marked `@OnHankoEvent()`.
 *
 * Example: `@Module({ imports: [HankoModule.forRoot(), HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' })] })`
 */
@Module({ providers: bareProviders(THIS_MODULE, [HANKO_WEBHOOKS_OPTIONS, WebhookReceiver]) })
export class HankoWebhooksModule extends definition.ConfigurableModuleClass {
  constructor(
    @Inject(HANKO_WEBHOOKS_OPTIONS) private readonly options: ResolvedWebhooksOptions,
    @Inject(WebhookReceiver) private readonly receiver: WebhookReceiver,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    super();
    refuseSecond(THIS_MODULE, modules);
  }

  /**
   * The module with options that are known when it is imported.
   * @throws HankoConfigurationError `configuration_invalid` for something else than an object.
   */
  static override forRoot(options: HankoWebhooksOptions): DynamicModule {
    refuseNoOptions(THIS_MODULE, options);
    return withProviders(super.forRoot(options));
  }

  /**
   * The module with options that Nest injects or waits for.
   * @throws HankoConfigurationError `configuration_invalid` unless exactly one of `useFactory`, `useClass` and
   * `useExisting` is given, and for options that stand beside it.
   */
  static override forRootAsync(options: HankoWebhooksModuleAsyncOptions): DynamicModule {
    refuseWrongAsyncOptions(THIS_MODULE, options);
    return withProviders(withCheckedFactory(super.forRootAsync(options), options, THIS_MODULE));
  }

  /**
   * Mounts the receiver. Nest calls it; it is left out of the types, so there is no `implements NestModule`.
   * @internal
   */
  configure(consumer: MiddlewareConsumer): void {
    const { path } = this.options;
    consumer
      .apply((request: MaybeParsed, response: ServerResponse) => {
        // Nothing awaits this promise, so a rejection would end the process.
        this.receiver.handle(request, response).catch(() => response.destroy());
      })
      .forRoutes({ path, method: RequestMethod.POST });
  }
}

function withProviders(module: DynamicModule): DynamicModule {
  return {
    ...module,
    providers: [
      ...(module.providers ?? []),
      {
        provide: HANKO_WEBHOOKS_OPTIONS,
        inject: [HANKO_WEBHOOKS_MODULE_OPTIONS],
        useFactory: resolveWebhooksOptions,
      },
      EventHandlers,
      WebhookReceiver,
    ],
  };
}
