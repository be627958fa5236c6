import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { describeConnections } from './audit/connections.js';
import { describeHandlers, descriptionsOf } from './audit/describe-routes.js';
import { logProblems, logRoutes } from './audit/log-routes.js';
import { HankoAuthService } from './auth/hanko-auth.service.js';
import { TokenAuthenticator } from './auth/token-authenticator.js';
import { HankoLiveSessions } from './connections/live-sessions.js';
import { HankoAuthGuard } from './guards/hanko-auth.guard.js';
import {
  HANKO_ENVIRONMENT,
  HANKO_JWKS,
  HANKO_MODULE_OPTIONS,
  HANKO_OPTIONS,
} from './hanko.constants.js';
import {
  ConfigurableModuleClass,
  type HankoForRootOptions,
  type HankoModuleAsyncOptions,
} from './hanko.module-definition.js';
import { HankoProfile } from './profile/hanko-profile.js';
import { HankoHealth } from './health/hanko-health.js';
import { hankoJwksProvider, hankosProvider, hankoTransportsProvider } from './hanko.providers.js';
import { environmentModule } from './options/environment.js';
import { type ResolvedHankoOptions, resolveOptions } from './options/hanko-options.js';
import { refuseLostMarks } from './startup/lost-marks.js';
import {
  bareProviders,
  refuseNoOptions,
  refuseSecond,
  refuseWrongAsyncOptions,
  type RootModule,
  withCheckedFactory,
} from './startup/module-setup.js';
import { refuseSessionsWithoutApi } from './startup/refusals.js';
import { watchScopedHandlers } from './startup/scoped-handlers.js';
import { refuseSharedContexts, separateContexts } from './startup/shared-contexts.js';
import { startupWarnings } from './startup/warnings.js';
import { HankoRevocation } from './revocation/hanko-revocation.js';
import { SessionLiveness } from './session/session-liveness.js';
import { Hankos } from './tenants/hankos.js';
import { TenantParts } from './tenants/tenant-parts.js';
import { UpgradeRequests } from './transports/upgrade-requests.js';
import { SessionTokenVerifier } from './verification/session-token.verifier.js';

const THIS_MODULE: RootModule = {
  name: 'HankoModule',
  type: () => HankoModule,
  optionsToken: HANKO_MODULE_OPTIONS,
  factoryMethod: 'createHankoOptions',
  extras: ['isGlobal'],
  reach:
    'Feature modules need no import, as it is global. With isGlobal: false, keep what forRoot() returned in a ' +
    'constant and import that, or import a module that exports HankoModule.',
};

/** What other modules can inject. */
const EXPORTS = [
  HANKO_JWKS,
  HANKO_OPTIONS,
  HankoAuthService,
  HankoAuthGuard,
  HankoHealth,
  HankoLiveSessions,
  HankoProfile,
  HankoRevocation,
  // For HankoWebhooksModule.
  Hankos,
];

/**
 * Authenticates requests with Hanko session tokens. Import it once, in the root module. Without options it reads
 * `HANKO_API_URL`, `HANKO_AUDIENCE` and the other variables from the environment.
 *
 * Example: `@Module({ imports: [HankoModule.forRoot()] })`
 *
 * If options are invalid, the app does not start: a `HankoConfigurationError` names each of them and what to write.
 */
@Module({ providers: bareProviders(THIS_MODULE, EXPORTS), exports: EXPORTS })
export class HankoModule extends ConfigurableModuleClass implements OnApplicationBootstrap {
  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    super();
    refuseSecond(THIS_MODULE, modules);
  }

  /**
   * The module with options that are known when it is imported.
   * @param options what they omit comes from the environment, or has a default.
   * @throws HankoConfigurationError `configuration_invalid` for something else than an object.
   */
  static override forRoot(options: HankoForRootOptions = {}): DynamicModule {
    refuseNoOptions(THIS_MODULE, options);
    return withProviders(super.forRoot(options));
  }

  /**
   * The module with options that Nest injects or waits for.
   * @throws HankoConfigurationError `configuration_invalid` unless exactly one of `useFactory`, `useClass` and
   * `useExisting` is given, and for options that stand beside it.
   */
  static override forRootAsync(options: HankoModuleAsyncOptions): DynamicModule {
    refuseWrongAsyncOptions(THIS_MODULE, options);
    return withProviders(withCheckedFactory(super.forRootAsync(options), options, THIS_MODULE));
  }

  /**
   * Looks at the app as a whole, and warns about what is open or unchecked.
   * @throws HankoConfigurationError `configuration_invalid`
   */
  onApplicationBootstrap(): void {
    const { options, modules, config, adapterHost } = this;
    refuseSessionsWithoutApi(options, modules);
    refuseSharedContexts(modules);
    separateContexts(modules);
    const app = { modules, config, httpAdapter: adapterHost.httpAdapter };
    const handlers = describeHandlers(app);
    refuseLostMarks(app, handlers);
    watchScopedHandlers(app, handlers);
    const logger = new Logger(HankoModule.name);
    for (const warning of startupWarnings(options, handlers)) logger.warn(warning);
    // A process without an adapter serves no gateways.
    const connections = config.getIoAdapter() ? describeConnections(app) : [];
    const routes = [
      ...descriptionsOf(handlers),
      ...connections.map(({ description }) => description),
    ];
    if (options.logRoutes) logRoutes(routes);
    logProblems(routes);
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
      UpgradeRequests,
      hankoTransportsProvider,
      SessionTokenVerifier,
      HankoRevocation,
      SessionLiveness,
      TenantParts,
      hankosProvider,
      TokenAuthenticator,
      HankoLiveSessions,
      HankoAuthService,
      HankoAuthGuard,
      HankoHealth,
      HankoProfile,
    ],
  };
}
