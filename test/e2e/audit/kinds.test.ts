import {
  Controller,
  Get,
  type INestApplication,
  type MessageEvent,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Query, Resolver } from '@nestjs/graphql';
import {
  EventPattern,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { describeRoutes } from 'nestjs-hanko/testing';
import { type Observable, of } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { IS_NEST_11 } from '../../support/message-app.js';
import { accessOf, routesOf } from '../../support/routes.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const hankoModule = () => HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });
const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

@WebSocketGateway({ path: '/chat' })
class ChatGateway {
  @SubscribeMessage('send')
  send(): string {
    return 'sent';
  }

  @Public()
  @SubscribeMessage('hello')
  hello(): string {
    return 'hello';
  }

  @OptionalAuth()
  @UseGuards(HankoAuthGuard)
  @SubscribeMessage('maybe')
  maybe(): string {
    return 'maybe';
  }

  @RequireAuth()
  @SubscribeMessage('closed')
  closed(): string {
    return 'closed';
  }
}

@Controller('mixed')
class MixedController {
  @Get()
  http(): string {
    return 'http';
  }

  @MessagePattern({ cmd: 'sum' })
  sum(@CurrentUser() user: unknown): unknown {
    return user;
  }

  @EventPattern('created')
  created(@Payload() _data: unknown): void {}

  @Public()
  @MessagePattern(['ping', 'pong'])
  ping(): string {
    return 'ping';
  }

  @OptionalAuth()
  @UseGuards(HankoAuthGuard)
  @EventPattern('maybe')
  maybe(@Payload() _data: unknown): void {}

  @UseGuards(HankoAuthGuard)
  @MessagePattern('closed')
  closed(): string {
    return 'closed';
  }
}

@Controller('calls')
class CallsController {
  @GrpcMethod('Notes', 'Find')
  find(): unknown {
    return {};
  }

  @Public()
  @GrpcMethod()
  status(): unknown {
    return {};
  }

  @RequireAuth({ mfa: true })
  @GrpcStreamMethod('Notes')
  talk(): unknown {
    return {};
  }

  @UseGuards(HankoAuthGuard)
  @GrpcStreamCall('Notes', 'Listen')
  listen(): void {}

  @RequireAuth()
  @Sse('events')
  events(): Observable<MessageEvent> {
    return of();
  }
}

const TCP = {
  transport: Transport.TCP as const,
  options: { host: '127.0.0.1', port: 0 },
};

describe.each(PLATFORMS)('handlers that are not called by HTTP, on %s', (platform) => {
  const start = (configure: (app: INestApplication) => unknown, providers: object[]) =>
    startApp(
      platform,
      {
        imports: [hankoModule()],
        controllers: [MixedController, CallsController],
        providers: [ChatGateway, ...(providers as [])],
      },
      {
        configure: (nest) => {
          nest.useWebSocketAdapter(new WsAdapter(nest));
          return configure(nest);
        },
      },
    );

  it('are listed with path or pattern', async () => {
    await using app = await start(() => undefined, []);

    expect(accessOf(app.app)).toEqual({
      'GET /mixed': 'unguarded',
      'MESSAGE {"cmd":"sum"}': 'unguarded',
      'EVENT created': 'unguarded',
      'MESSAGE ping': 'public',
      'MESSAGE pong': 'public',
      'EVENT maybe': 'optional',
      'MESSAGE closed': 'required',
      'GRPC Notes/Find': 'unguarded',
      'GRPC CallsController/Status': 'public',
      'GRPC Notes/Talk': 'required',
      'GRPC Notes/Listen': 'required',
      'GET /calls/events (sse)': 'required',
      'SUBSCRIBE /chat send': 'unguarded',
      'SUBSCRIBE /chat hello': 'public',
      'SUBSCRIBE /chat maybe': 'optional',
      'SUBSCRIBE /chat closed': 'required',
      'CONNECT /chat': 'unguarded',
    });
    const found = routesOf(app.app);
    expect(found.get('SUBSCRIBE /chat send')).toMatchObject({
      kind: 'gateway',
      handler: 'ChatGateway.send',
      problems: [],
    });
    expect(found.get('GRPC Notes/Talk')).toMatchObject({
      kind: 'grpc',
      handler: 'CallsController.talk',
      demands: { mfa: true },
    });
    expect(found.get('MESSAGE {"cmd":"sum"}')).toMatchObject({
      kind: 'message',
      problems: [expect.stringMatching(/^Only its parameter @CurrentUser\(\)/)],
    });
  });

  it('have no problem where the guard runs', async () => {
    await using app = await start(() => undefined, []);

    for (const route of ['MESSAGE closed', 'SUBSCRIBE /chat closed']) {
      expect(routesOf(app.app).get(route)).toMatchObject({ access: 'required', problems: [] });
    }
  });

  it('of gateways are reached by APP_GUARD on Nest 12, and not on Nest 11', async () => {
    await using app = await start(() => undefined, [APP_GUARD_PROVIDER]);
    const found = routesOf(app.app).get('SUBSCRIBE /chat send');

    expect(found?.access).toBe(IS_NEST_11 ? 'unguarded' : 'required');
    const problem = 'On Nest 11 APP_GUARD does not reach gateways, so anyone can call it.';
    const problems = found?.problems.map((text) => text.startsWith(problem));
    expect(problems).toEqual(IS_NEST_11 ? [true] : []);
    const warned = app.log.messages('warn', 'HankoRoutes').join('\n');
    expect(warned.includes(`ChatGateway.send: ${problem}`)).toBe(IS_NEST_11);
  });

  it.each([
    { what: 'one that shares the settings', shared: [true], access: 'required' },
    { what: 'one that does not', shared: [false], access: 'unguarded' },
    { what: 'two, of which one does not', shared: [true, false], access: 'unguarded' },
    { what: 'none yet', shared: [], access: 'unguarded' },
  ])('of microservices: $what', async ({ shared, access }) => {
    await using app = await start(
      async (nest) => {
        for (const inheritAppConfig of shared) nest.connectMicroservice(TCP, { inheritAppConfig });
        await nest.startAllMicroservices();
      },
      [APP_GUARD_PROVIDER],
    );
    const found = routesOf(app.app);

    expect(found.get('EVENT created')?.access).toBe(access);
    const reach = /^APP_GUARD reaches .*inheritAppConfig/;
    const problems = found.get('EVENT created')?.problems.map((text) => reach.test(text));
    expect(problems).toEqual(access === 'required' ? [] : [true]);
    expect(found.get('GRPC Notes/Find')?.access).toBe(access);
    expect(found.get('MESSAGE ping')?.access).toBe('public');
    expect(found.get('GET /mixed')?.access).toBe('required');
  });
});

describe('a gateway', () => {
  it('with a namespace is listed with it', async () => {
    @WebSocketGateway({ namespace: 'rooms', path: '/socket.io' })
    class RoomsGateway extends ChatGateway {}
    const testing = await Test.createTestingModule({
      imports: [hankoModule()],
      providers: [RoomsGateway],
    })
      .setLogger(new CapturedLog())
      .compile();
    // Not initialized: the adapter of these tests knows no namespaces.
    const routes = describeRoutes(testing.createNestApplication());

    expect(routes.map(({ route, handler }) => `${route} ${handler}`)).toEqual([
      'SUBSCRIBE /rooms send RoomsGateway.send',
      'SUBSCRIBE /rooms hello RoomsGateway.hello',
      'SUBSCRIBE /rooms maybe RoomsGateway.maybe',
      'SUBSCRIBE /rooms closed RoomsGateway.closed',
      'CONNECT /rooms RoomsGateway',
    ]);
    await testing.close();
  });
});

describe('a pure microservice', () => {
  it('runs APP_GUARD for its handlers, and serves no HTTP and no GraphQL', async () => {
    @Resolver()
    class NotesResolver {
      @Query()
      notes(): void {}
    }
    const testing = await Test.createTestingModule({
      imports: [hankoModule()],
      controllers: [MixedController],
      providers: [NotesResolver, APP_GUARD_PROVIDER],
    })
      .setLogger(new CapturedLog())
      .compile();
    const app = testing.createNestMicroservice(TCP);
    await app.init();

    expect(describeRoutes(app).map(({ route, access }) => `${access} ${route}`)).toEqual([
      'required MESSAGE {"cmd":"sum"}',
      'required EVENT created',
      'public MESSAGE ping',
      'public MESSAGE pong',
      'optional EVENT maybe',
      'required MESSAGE closed',
    ]);
    await app.close();
  });
});
