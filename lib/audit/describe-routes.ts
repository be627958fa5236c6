import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { AppUnderAudit } from './app-under-audit.js';
import { describeHandlers, descriptionsOf } from './describe-handlers.js';
import type { HankoRouteDescription } from './route-description.js';

/**
 * Lists every handler of an app that the outside can call, and what protects it, as Nest calls it:
 * ```ts
 * console.table(describeRoutes(app)); // in a test, or in main.ts after NestFactory.create()
 * ```
 * What is `required` is closed by a `HankoAuthGuard` that really runs, bound by `APP_GUARD`, `useGlobalGuards()`,
 * `@UseGuards()` or `@RequireAuth()`. A subclass counts, whatever its `canActivate` does. Handlers are
 * controllers' and gateways'; what middleware answers, and what is mounted on the adapter itself, is not listed.
 *
 * @param app once it has its prefix, versioning, global guards and microservices; it need not listen.
 * @throws Error for a testing module: the app that it makes has the routes.
 */
export function describeRoutes(app: INestApplicationContext): readonly HankoRouteDescription[] {
  return descriptionsOf(describeHandlers(underAudit(app)));
}

/** @throws Error for a testing module. */
export function underAudit(app: INestApplicationContext): AppUnderAudit {
  if ('createNestApplication' in app) {
    throw new Error(
      'A testing module serves no routes. Hand over what its createNestApplication() returns, set up as in main.ts.',
    );
  }
  const get = <T>(token: new (...args: never[]) => T): T => app.get(token, { strict: false });
  return {
    modules: get(ModulesContainer),
    config: get(ApplicationConfig),
    httpAdapter: get(HttpAdapterHost).httpAdapter,
    microservices: settingsOf(app),
  };
}

/** Nest keeps the settings of a microservice in a property that is private by its type alone. */
function settingsOf(app: INestApplicationContext): readonly unknown[] {
  if (!('getMicroservices' in app) || typeof app.getMicroservices !== 'function') return [];
  const microservices = app.getMicroservices() as readonly {
    readonly applicationConfig?: unknown;
  }[];
  return microservices.map(({ applicationConfig }) => applicationConfig);
}
