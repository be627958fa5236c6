import type { AbstractHttpAdapter, ApplicationConfig, ModulesContainer } from '@nestjs/core';

/** What the audit looks at. Nest injects all but the microservices. */
export interface AppUnderAudit {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  readonly httpAdapter: AbstractHttpAdapter | undefined;
  /** The settings of each connected microservice of a hybrid app; undefined where they cannot be known. */
  readonly microservices?: readonly unknown[];
}

/** A pure microservice and an application context have an adapter without a type. */
export const servesHttp = ({ httpAdapter }: AppUnderAudit): boolean =>
  Boolean(httpAdapter?.getType());
