import type { DynamicModule } from '@nestjs/common';
import { HANKO_ENVIRONMENT } from '../hanko.constants.js';
import { processVariable } from '../util/process-environment.js';

/** Reads one environment variable. */
export interface HankoEnvironment {
  (name: string): unknown;
  /** Where a variable that is missing may be, though it was written somewhere. */
  readonly hint?: string;
}

const WITH_CONFIG =
  'A .env file is read only if a module of the app imports ConfigModule.forRoot() of @nestjs/config.';
const WITHOUT_CONFIG =
  'A .env file is not read: install @nestjs/config and import ConfigModule.forRoot(), or start Node with --env-file=.env.';

/** The environment of the process, where there is no `@nestjs/config`, or no Nest. */
export const processEnvironment: HankoEnvironment = Object.assign(processVariable.bind(undefined), {
  hint: WITHOUT_CONFIG,
});

/** Provides `HANKO_ENVIRONMENT`. */
export class HankoEnvironmentModule {}

/**
 * The environment as `ConfigService` sees it (`.env` files, async `load`), also when the app's
 * `ConfigModule.forRoot()` is not global. Without `@nestjs/config`, which is optional, it is `process.env`.
 */
export function environmentModule(): Promise<DynamicModule> {
  const environment = loadEnvironmentModule();
  // Nest awaits it later. Without this, a failure until then would end the process as unhandled.
  environment.catch(() => undefined);
  return environment;
}

async function loadEnvironmentModule(): Promise<DynamicModule> {
  try {
    const { ConfigModule, ConfigService } = await import('@nestjs/config');
    return {
      module: HankoEnvironmentModule,
      imports: [ConfigModule],
      providers: [
        {
          provide: HANKO_ENVIRONMENT,
          inject: [ConfigService],
          useFactory: (config: InstanceType<typeof ConfigService>): HankoEnvironment => {
            return Object.assign((name: string) => config.get<unknown>(name), {
              hint: WITH_CONFIG,
            });
          },
        },
      ],
      exports: [HANKO_ENVIRONMENT],
    };
  } catch (error) {
    if (!isMissing('@nestjs/config', error)) throw error;
    return {
      module: HankoEnvironmentModule,
      providers: [{ provide: HANKO_ENVIRONMENT, useValue: processEnvironment }],
      exports: [HANKO_ENVIRONMENT],
    };
  }
}

/**
 * Only the package itself missing counts, not something that it fails to load in turn. By shape:
 * an error of Jest's module loader is no `Error` of the realm that the tests run in.
 */
function isMissing(name: string, error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (
    (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') &&
    new RegExp(`^Cannot find (package|module) '${name}'`).test(String(message))
  );
}
