import type { INestApplicationContext } from '@nestjs/common';
import {
  type AbstractHttpAdapter,
  ApplicationConfig,
  HttpAdapterHost,
  ModulesContainer,
} from '@nestjs/core';

/** An app as the audit looks at it. Nest injects all but the microservices. */
export interface AuditedApp {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  readonly httpAdapter: AbstractHttpAdapter | undefined;
  /** The settings of each connected microservice of a hybrid app; undefined where they cannot be known. */
  readonly microservices?: readonly unknown[];
}

/** A pure microservice and an application context have an adapter without a type. */
export const servesHttp = ({ httpAdapter }: AuditedApp): boolean => Boolean(httpAdapter?.getType());

/** @throws Error for a testing module. */
export function auditedApp(app: INestApplicationContext): AuditedApp {
  if ('createNestApplication' in app) {
    throw new Error(
      'A testing module serves no routes. Pass what its createNestApplication() returns, set up as in main.ts.',
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
