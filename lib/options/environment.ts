import type { DynamicModule } from '@nestjs/common';
import { HANKO_ENVIRONMENT } from '../hanko.constants.js';

/** Reads one environment variable. */
export type HankoEnvironment = (name: string) => unknown;

/** Provides `HANKO_ENVIRONMENT`. */
export class HankoEnvironmentModule {}

/**
 * The environment as `ConfigService` sees it (`.env` files, async `load`), also when the app's
 * `ConfigModule.forRoot()` is not global. Without `@nestjs/config`, which is optional, it is
 * `process.env`: the one place that reads it.
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
            return (name) => config.get<unknown>(name);
          },
        },
      ],
      exports: [HANKO_ENVIRONMENT],
    };
  } catch (error) {
    if (!isMissing('@nestjs/config', error)) throw error;
    const environment: HankoEnvironment = (name) => process.env[name];
    return {
      module: HankoEnvironmentModule,
      providers: [{ provide: HANKO_ENVIRONMENT, useValue: environment }],
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
