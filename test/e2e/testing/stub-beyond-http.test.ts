import type { AddressInfo, Server } from 'node:net';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CurrentUser, HankoAuthGuard, HankoModule, OptionalAuth, RequireAuth } from 'nestjs-hanko';
import { HankoStub } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer, type RunningApp, send, startApp } from '../../support/app.js';
import { connect, useLibrary } from '../../support/gateways.js';
import {
  byHook,
  type Carrier,
  inPayload,
  IS_NEST_11,
  payloadTransport,
  sendBy,
} from '../../support/rpc-handlers.js';

@Resolver()
class NotesResolver {
  @RequireAuth()
  @Query('me')
  me(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ mfa: true })
  @Query('mfa')
  mfa(): string {
    return 'in';
  }

  @OptionalAuth()
  @Query('feed')
  feed(@CurrentUser('id') id: string | null): string | null {
    return id;
  }
}

@UseGuards(HankoAuthGuard)
@WebSocketGateway()
class NotesGateway {
  @SubscribeMessage('me')
  me(@CurrentUser('id') id: string): object {
    return { event: 'answer', data: id };
  }

  @RequireAuth({ mfa: true })
  @SubscribeMessage('mfa')
  mfa(): object {
    return { event: 'answer', data: 'in' };
  }

  @OptionalAuth()
  @SubscribeMessage('feed')
  feed(@CurrentUser('id') id: string | null): object {
    return { event: 'answer', data: id };
  }
}

@Controller()
class NotesController {
  @MessagePattern('me')
  me(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ mfa: true })
  @MessagePattern('mfa')
  mfa(): string {
    return 'in';
  }

  @OptionalAuth()
  @MessagePattern('feed')
  feed(@CurrentUser('id') id: string | null): { id: string | null } {
    return { id };
  }
}

@Module({
  imports: [
    HankoModule.forRoot(IS_NEST_11 ? { transports: [payloadTransport] } : {}),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      typeDefs: 'type Query { me: ID  mfa: String  feed: ID }',
      playground: false,
    }),
  ],
  controllers: [NotesController],
  providers: [NotesResolver, NotesGateway, { provide: APP_GUARD, useExisting: HankoAuthGuard }],
})
class AppModule {}

const hanko = new HankoStub();
let app: RunningApp;
let carrier: Carrier;

beforeAll(async () => {
  app = await startApp(
    'Express',
    { imports: [AppModule] },
    {
      override: (builder) => hanko.override(builder),
      configure: async (nest) => {
        useLibrary('socket.io')(nest);
        const tcp = nest.connectMicroservice(
          { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
          { inheritAppConfig: true },
        );
        await nest.startAllMicroservices();
        const { port } = tcp.unwrap<Server>().address() as AddressInfo;
        const client = ClientProxyFactory.create({
          transport: Transport.TCP,
          options: { host: '127.0.0.1', port },
        });
        carrier = IS_NEST_11 ? inPayload(client) : byHook(client);
      },
    },
  );
});
afterAll(async () => {
  await carrier.client.close();
  await app[Symbol.asyncDispose]();
});
beforeEach(() => hanko.signOut());

type Question = 'me' | 'mfa' | 'feed';

/** What the handler returned, or the code of the refusal. */
const WAYS: Readonly<Record<string, (question: Question, token?: string) => Promise<unknown>>> = {
  async 'a resolver'(question, token) {
    const headers = token === undefined ? {} : bearer(token);
    const { body } = await send(
      `${app.url}/graphql`,
      { 'Content-Type': 'application/json', ...headers },
      { method: 'POST', body: JSON.stringify({ query: `{ answer: ${question} }` }) },
    );
    const { data, errors } = body as {
      data: { answer: unknown } | null;
      errors?: { extensions: { originalError: { code: string } } }[];
    };
    return errors?.[0]?.extensions.originalError.code ?? data?.answer;
  },
  async 'a gateway'(question, token) {
    await using client = await connect(
      'socket.io',
      app.url,
      token === undefined ? {} : { auth: { token } },
    );
    const { data } = await client.ask(question);
    return (data as { code?: string } | null)?.code ?? data;
  },
  async 'a message handler'(question, token) {
    const fields = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await sendBy(carrier, question, fields);
    const { refused, id } = Object(answer) as { refused?: { code: string }; id?: string | null };
    return refused?.code ?? (id === undefined ? answer : id);
  },
};

describe.each(Object.entries(WAYS))('HankoStub in %s', (_what, ask) => {
  it('signs a user in for all calls, and out again', async () => {
    expect(await ask('me')).toBe('credentials_missing');
    hanko.signIn({ id: 'ada' });
    expect(await ask('me')).toBe('ada');
    expect(await ask('feed')).toBe('ada');
    expect(await ask('mfa')).toBe('step_up_required');
    hanko.signIn({ amr: ['passkey'] });
    expect(await ask('mfa')).toBe('in');
    hanko.signOut();
    expect(await ask('feed')).toBeNull();
    expect(await ask('me')).toBe('credentials_missing');
  });

  it('knows its tokens, which go before who is signed in, and no other', async () => {
    hanko.signIn({ id: 'ada' });

    expect(await ask('me', hanko.token({ id: 'bob' }))).toBe('bob');
    expect(await ask('me', 'made-up')).toBe('token_signature_invalid');
    expect(await ask('feed', 'made-up')).toBe('token_signature_invalid');
    expect(await ask('me', hanko.token({ expiresAt: new Date(0) }))).toBe('token_expired');
  });
});
