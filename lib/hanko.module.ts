import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { describeHandlers, descriptionsOf } from './audit/describe-handlers.js';
import { logRoutes } from './audit/log-routes.js';
import { HankoAuthService } from './auth/hanko-auth.service.js';
import { TokenAuthenticator } from './auth/token-authenticator.js';
import { HankoConfigurationError } from './errors/hanko.errors.js';
import { HankoAuthGuard } from './guards/hanko-auth.guard.js';
import {
  HANKO_ENVIRONMENT,
  HANKO_JWKS,
  HANKO_MODULE_OPTIONS,
  HANKO_OPTIONS,
} from './hanko.constants.js';
import {
  ConfigurableModuleClass,
  type HankoForRootAsyncOptions,
  type HankoForRootOptions,
} from './hanko.module-definition.js';
import { HankoHealth } from './health/hanko-health.js';
import { hankoJwksProvider } from './hanko-jwks.provider.js';
import { environmentModule } from './options/environment.js';
import { type ResolvedHankoOptions, resolveOptions } from './options/hanko-options.js';
import {
  refuseBareModule,
  refuseSecondModule,
  refuseSessionsWithoutApi,
} from './startup/refusals.js';
import { startupWarnings } from './startup/warnings.js';
import { HankoRevocation } from './revocation/hanko-revocation.js';
import { SessionLiveness } from './session/session-liveness.js';
import { SessionTokenVerifier } from './verification/session-token.verifier.js';

/**
 * Authentication with Hanko. Import it once, in the root module:
 * ```ts
 * @Module({ imports: [HankoModule.forRoot()] }) // reads HANKO_API_URL
 * export class AppModule {}
 * ```
 * A start-up error (`HankoConfigurationError`) names every option that is wrong and its cure.
 */
@Module({})
export class HankoModule extends ConfigurableModuleClass implements OnApplicationBootstrap {
  constructor(
    @Optional() @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    super();
    refuseBareModule(options);
    refuseSecondModule(modules, HankoModule);
  }

  /**
   * The module with options that are known when it is imported.
   * @param options what they leave out comes from the environment, or has a default.
   */
  static override forRoot(options: HankoForRootOptions = {}): DynamicModule {
    return withProviders(super.forRoot(options));
  }

  /**
   * The module with options that Nest injects or waits for.
   * @throws HankoConfigurationError `configuration_invalid` unless exactly one of `useFactory`, `useClass` and
   * `useExisting` is given.
   */
  static override forRootAsync(options: HankoForRootAsyncOptions): DynamicModule {
    const { useFactory, useClass, useExisting } = options;
    if ([useFactory, useClass, useExisting].filter(Boolean).length !== 1) {
      throw new HankoConfigurationError([
        {
          path: 'forRootAsync',
          hint: 'takes exactly one of useFactory, useClass and useExisting.',
        },
      ]);
    }
    return withProviders(super.forRootAsync(options));
  }

  /**
   * Looks at the app as a whole, and warns about what is open or unchecked.
   * @throws HankoConfigurationError `configuration_invalid`
   */
  onApplicationBootstrap(): void {
    const { options, modules, config, adapterHost } = this;
    refuseSessionsWithoutApi(options, modules);
    const handlers = describeHandlers({ modules, config, httpAdapter: adapterHost.httpAdapter });
    const logger = new Logger(HankoModule.name);
    for (const warning of startupWarnings(options, handlers)) logger.warn(warning);
    if (options.logRoutes) logRoutes(descriptionsOf(handlers));
  }
}

function withProviders(module: DynamicModule): DynamicModule {
  return {
    ...module,
    imports: [...(module.imports ?? []), environmentModule()],
    providers: [
      ...(module.providers ?? []),
      {
        provide: HANKO_OPTIONS,
        inject: [HANKO_MODULE_OPTIONS, HANKO_ENVIRONMENT],
        useFactory: resolveOptions,
      },
      hankoJwksProvider,
      SessionTokenVerifier,
      HankoRevocation,
      SessionLiveness,
      TokenAuthenticator,
      HankoAuthService,
      HankoAuthGuard,
      HankoHealth,
    ],
    exports: [
      HANKO_JWKS,
      HANKO_OPTIONS,
      HankoAuthService,
      HankoAuthGuard,
      HankoHealth,
      HankoRevocation,
    ],
  };
}
