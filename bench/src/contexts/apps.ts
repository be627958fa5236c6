import {
  type DynamicModule,
  type ForwardReference,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthModule, Session, type UserSession } from '@thallesp/nestjs-better-auth';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { CurrentUser, HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import type { HankoSettings } from '../contenders/contender.js';
import { NOBODY } from '../contenders/none.js';

/** One way to protect a resolver and a gateway: both answer the id of the user. */
export interface ContextApp {
  readonly module: DynamicModule;
  /** What a caller sends, over HTTP and with the handshake. */
  readonly headers: Readonly<Record<string, string>>;
}

export const CONTEXT_APPS = {
  none: (): ContextApp => {
    @Resolver()
    class MeResolver {
      @Query(() => String)
      me() {
        return NOBODY;
      }
    }
    @WebSocketGateway()
    class MeGateway {
      @SubscribeMessage('me')
      me() {
        return NOBODY;
      }
    }
    return { module: appOf([MeResolver, MeGateway]), headers: {} };
  },

  'nestjs-hanko': ({ apiUrl, issuer, audience }: HankoSettings, token: string): ContextApp => {
    @Resolver()
    class MeResolver {
      @Query(() => String)
      me(@CurrentUser('id') id: string) {
        return id;
      }
    }
    @WebSocketGateway()
    class MeGateway {
      @SubscribeMessage('me')
      me(@CurrentUser('id') id: string) {
        return id;
      }
    }
    return {
      module: appOf(
        [MeResolver, MeGateway, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
        [HankoModule.forRoot({ apiUrl, issuer, audience })],
      ),
      headers: { authorization: `Bearer ${token}` },
    };
  },

  /** Its sessions are in the memory of the process: no database has a part in the figure. */
  'nestjs-better-auth': async (): Promise<ContextApp> => {
    const auth = betterAuth({
      baseURL: 'http://127.0.0.1',
      secret: 'a secret of the benchmark, of no use elsewhere',
      database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
      emailAndPassword: { enabled: true },
      telemetry: { enabled: false },
    });
    const { headers } = await auth.api.signUpEmail({
      body: { name: 'Ada', email: 'ada@example.test', password: 'difference engine' },
      returnHeaders: true,
    });
    const cookie = headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    @Resolver()
    class MeResolver {
      @Query(() => String)
      me(@Session() { user }: UserSession) {
        return user.id;
      }
    }
    @WebSocketGateway()
    class MeGateway {
      @SubscribeMessage('me')
      me(@Session() { user }: UserSession) {
        return user.id;
      }
    }
    return {
      module: appOf([MeResolver, MeGateway], [AuthModule.forRoot({ auth })]),
      headers: { cookie },
    };
  },
};

export type ContextAppId = keyof typeof CONTEXT_APPS;

class ContextModule {}

const appOf = (
  providers: readonly (Type | Provider)[],
  imports: readonly (DynamicModule | ForwardReference | Type)[] = [],
): DynamicModule => ({
  module: ContextModule,
  imports: [
    GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
    ...imports,
  ],
  providers: [...providers],
});
