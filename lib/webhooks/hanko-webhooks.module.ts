import {
  ConfigurableModuleBuilder,
  Inject,
  type MiddlewareConsumer,
  Module,
  RequestMethod,
} from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { HANKO_WEBHOOKS_MODULE_OPTIONS, HANKO_WEBHOOKS_OPTIONS } from '../hanko.constants.js';
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

/** Argument of `HankoWebhooksModule.forRootAsync`: `useFactory` (with `inject`), `useClass` or `useExisting`; `imports`. */
export type HankoWebhooksForRootAsyncOptions = typeof definition.ASYNC_OPTIONS_TYPE;

/**
 * Receives Hanko's webhooks, beside {@link HankoModule}:
 * ```ts
 * imports: [HankoModule.forRoot(), HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' })]
 * ```
 * Sessions and users that have ended are revoked by it at once; `@OnHankoEvent()` calls your own code.
 */
@Module({})
export class HankoWebhooksModule extends definition.ConfigurableModuleClass {
  constructor(
    @Inject(HANKO_WEBHOOKS_OPTIONS) private readonly options: ResolvedWebhooksOptions,
    @Inject(WebhookReceiver) private readonly receiver: WebhookReceiver,
  ) {
    super();
  }

  /** The module with options that are known when it is imported. */
  static override forRoot(options: HankoWebhooksOptions): DynamicModule {
    return withProviders(super.forRoot(options));
  }

  /** The module with options that Nest injects or waits for. */
  static override forRootAsync(options: HankoWebhooksForRootAsyncOptions): DynamicModule {
    return withProviders(super.forRootAsync(options));
  }

  /**
   * Mounts the receiver. Nest calls it; it is left out of the types, so there is no `implements NestModule`.
   * @internal
   */
  configure(consumer: MiddlewareConsumer): void {
    const { path } = this.options;
    consumer
      .apply((request: MaybeParsed, response: ServerResponse) => {
        // Nobody waits for it, so nothing it throws may get lost in the process.
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
