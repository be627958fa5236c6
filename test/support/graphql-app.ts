import { createRequire } from 'node:module';
import type { Provider, Type } from '@nestjs/common';
import { ApolloDriver } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { type HankoModuleOptions, HankoModule } from 'nestjs-hanko';
import { type Platform, type RunningApp, startApp } from './app.js';
import { APP_GUARD_PROVIDER, hanko } from './guarded-app.js';
import { NotesResolver, typeDefs } from './graphql-notes.js';
import { IS_NEST_11 } from './message-app.js';

/** One of those that answer GraphQL in a Nest app. */
export interface Driver {
  readonly name: string;
  readonly platform: Platform;
  readonly driver: Type;
  /** What it takes to answer batches, and to run everything over a socket. */
  readonly options: object;
}

const APOLLO = {
  driver: ApolloDriver as Type,
  options: {
    allowBatchedHttpRequests: true,
    includeStacktraceInErrorResponses: false,
    subscriptions: { 'graphql-ws': true },
  },
};

/** It has no version for Nest 12. */
const yoga = (): Driver[] => {
  const { YogaDriver } = createRequire(new URL('../nest11/package.json', import.meta.url))(
    '@graphql-yoga/nestjs',
  ) as { YogaDriver: Type };
  return (['Express', 'Fastify'] as const).map((platform) => ({
    name: `Yoga on ${platform}`,
    platform,
    driver: YogaDriver,
    options: { batching: true, subscriptions: { 'graphql-ws': true } },
  }));
};

export const DRIVERS: readonly Driver[] = [
  { name: 'Apollo on Express', platform: 'Express', ...APOLLO },
  { name: 'Apollo on Fastify', platform: 'Fastify', ...APOLLO },
  {
    name: 'Mercurius',
    platform: 'Fastify',
    driver: MercuriusDriver as Type,
    options: { allowBatchedQueries: true, subscription: { fullWsTransport: true } },
  },
  ...(IS_NEST_11 ? yoga() : []),
];

export interface GraphqlAppOptions {
  /** Of GraphQLModule, beside those of the driver. */
  readonly graphql?: object;
  readonly resolver?: Type;
  readonly hanko?: Partial<HankoModuleOptions>;
  readonly hasAppGuard?: boolean;
  /** Beside the resolver. */
  readonly providers?: readonly Provider[];
}

/** An app with {@link NotesResolver} at /graphql. */
export const startGraphqlApp = (
  { platform, driver, options }: Driver,
  {
    graphql = {},
    resolver = NotesResolver,
    hanko: hankoOptions = {},
    hasAppGuard = true,
    providers = [],
  }: GraphqlAppOptions = {},
): Promise<RunningApp> =>
  startApp(platform, {
    imports: [
      HankoModule.forRoot({
        audience: 'localhost',
        // It may be another one.
        apiUrl: hankoOptions.apiUrl ?? hanko.url,
        ...hankoOptions,
      }),
      GraphQLModule.forRoot({
        driver,
        typeDefs,
        fieldResolverEnhancers: ['guards'],
        ...options,
        ...graphql,
      } as never),
    ],
    providers: [resolver, ...providers, ...(hasAppGuard ? [APP_GUARD_PROVIDER] : [])],
  });
