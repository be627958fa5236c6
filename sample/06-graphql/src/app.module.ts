import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { AccountResolver } from './account.resolver.js';
import { NotesResolver } from './notes.resolver.js';

@Module({
  imports: [
    ConfigModule.forRoot(),
    HankoModule.forRoot(),
    HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      subscriptions: { 'graphql-ws': true },
      // Else Nest asks no guard about fields, and as Account.card is marked the app would not start.
      fieldResolverEnhancers: ['guards'],
      includeStacktraceInErrorResponses: false,
    }),
  ],
  // Every query, mutation, subscription and field resolver is closed, unless it says otherwise.
  providers: [AccountResolver, NotesResolver, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
export class AppModule {}
