import type { ModuleMetadata, Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoConfigurationError, HankoModule } from 'nestjs-hanko';
import { type Platform, type RunningApp, startApp, type StartOptions } from './app.js';

export const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

/** Puts another function into the descriptor, and tells nobody: as timing, transaction and retry decorators do. */
export function Timed(): MethodDecorator {
  return (_target, _property, descriptor) => {
    const inner = descriptor.value as unknown as (...args: unknown[]) => unknown;
    descriptor.value = function timed(this: unknown, ...args: unknown[]): unknown {
      return inner.apply(this, args);
    } as never;
  };
}

/** As `Timed`, and copies the metadata that it knows of: where the handler is called, not who may. */
export function Traced(...keys: readonly string[]): MethodDecorator {
  return (target, property, descriptor) => {
    const inner = descriptor.value as unknown as object;
    Timed()(target, property, descriptor);
    for (const key of keys) {
      const value: unknown = Reflect.getMetadata(key, inner);
      if (value !== undefined) {
        Reflect.defineMetadata(key, value, descriptor.value as unknown as object);
      }
    }
  };
}

/** What starts an app of these controllers on a Hanko. */
export const starter =
  (platform: Platform, apiUrl: () => string) =>
  (
    controllers: readonly Type[],
    metadata: ModuleMetadata = {},
    options: StartOptions = {},
  ): Promise<RunningApp> =>
    startApp(
      platform,
      {
        ...metadata,
        imports: [
          HankoModule.forRoot({ apiUrl: apiUrl(), audience: 'localhost' }),
          ...(metadata.imports ?? []),
        ],
        controllers: [...controllers],
      },
      options,
    );

/** The faults of an app that must not start: `Class.method: hint`. */
export async function faultsOf(starting: Promise<RunningApp>): Promise<readonly string[]> {
  const outcome: unknown = await starting.then(
    async (app) => {
      await app[Symbol.asyncDispose]();
      return new Error('the app started');
    },
    (error: unknown) => error,
  );
  if (!(outcome instanceof HankoConfigurationError)) throw outcome;
  return outcome.faults.map(({ path, hint }) => `${path}: ${hint}`);
}
