import type { AddressInfo, Server } from 'node:net';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  Inject,
  Param,
  Post,
  type Provider,
  UseFilters,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Args, GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, GrpcMethod, MessagePattern, Transport } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Public } from 'nestjs-hanko';
import { HankoAdmin, HankoAdminError, HankoAdminModule } from 'nestjs-hanko/admin';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { type Answer, PLATFORMS, type RunningApp, send, startApp } from '../../support/app.js';
import { AdminServer, problem } from '../../support/admin-server.js';
import { connect } from '../../support/gateways.js';
import { DRIVERS } from '../../support/graphql-app.js';
import { post } from '../../support/graphql-client.js';
import { startGrpc } from '../../support/grpc-app.js';
import type { CapturedLog } from '../../support/log.js';
import { type RunningRpc, startRpc, useRpcHanko } from '../../support/rpc-handlers.js';

useRpcHanko();

const server = new AdminServer();
const KEY = 'the-api-key';
const SECRET = 'secret-of-hanko';
const adminModule = () => HankoAdminModule.forRoot({ url: server.url, apiKey: KEY });

/** What Hanko replies to the call that every handler makes: each says something that no caller may read. */
const REPLIES = { unavailable: 500, limited: 429, not_found: 404, unauthorized: 401, invalid: 400 };
type Code = keyof typeof REPLIES;
const CODES = Object.keys(REPLIES) as Code[];
const OURS: readonly string[] = ['unavailable', 'limited'];

function reply(code: Code): void {
  server.behaviour = problem(REPLIES[code], SECRET, {
    ...(code === 'limited' && { 'retry-after': '7' }),
    'x-request-id': SECRET,
  });
}

const ask = (admin: HankoAdmin): Promise<unknown> =>
  admin.users.get('00000000-0000-4000-8000-000000000000');

/** No caller and no log learns of the key or of the address; no caller learns what Hanko said. */
function expectNothingSaid(shown: unknown, { lines }: CapturedLog): void {
  const text = JSON.stringify(shown);
  const { port } = new URL(server.url);
  expect([KEY, SECRET, port, 'Admin', 'replied'].filter((word) => text.includes(word))).toEqual([]);
  expect(lines.filter((line) => line.text.includes(KEY) || line.text.includes(port))).toEqual([]);
}

/** What the log says of it: one line, with the cause. */
function expectLogged(log: CapturedLog, code: Code): void {
  const level = OURS.includes(code) ? 'warn' : 'error';
  const lines = log.lines.filter((line) => line.text.includes("Hanko's Admin API"));
  expect(lines.map((line) => line.level)).toEqual([level]);
  expect(lines[0]?.text).toContain(`status ${REPLIES[code]} to GET /users/:id`);
}

@Controller()
class UsersController {
  constructor(@Inject(HankoAdmin) private readonly admin: HankoAdmin) {}

  @Get('users/:id')
  user(@Param('id') _id: string): Promise<unknown> {
    return ask(this.admin);
  }

  @Post('outage')
  outage(): Promise<unknown> {
    return this.admin.users.create({ username: 'ada' });
  }
}

describe.each(PLATFORMS)('over HTTP on %s', (platform) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(platform, { imports: [adminModule()], controllers: [UsersController] });
  });
  beforeEach(() => void app.log.lines.splice(0));
  afterAll(() => app[Symbol.asyncDispose]());

  it.each(CODES)('%s is the fault of no caller', async (code) => {
    reply(code);
    const answer = await app.get('/users/1');

    if (OURS.includes(code)) {
      // oxlint-disable-next-line vitest/no-conditional-expect -- the table says which
      expect(answer).toBeRefused('hanko_unavailable');
    }
    expect({ status: answer.status, after: answer.headers['retry-after'] }).toEqual({
      status: OURS.includes(code) ? 503 : 500,
      after: { unavailable: '1', limited: '7' }[code as string],
    });
    expectNothingSaid(answer, app.log);
    expectLogged(app.log, code);
  });

  it('a Hanko that hangs up is an outage', async () => {
    server.behaviour = (_response, request) => request.socket.resetAndDestroy();
    expect(await app.request('POST', '/outage')).toBeRefused('hanko_unavailable');
    expect(app.log.messages('warn', 'HankoAdmin')).toEqual([
      expect.stringMatching(/cannot be reached: ECONNRESET \(POST \/users\)\..*Callers get 503\./),
    ]);
  });

  it('an outage is logged once, however many callers it has', async () => {
    server.behaviour = problem(505);
    await Promise.all([1, 2, 3].map(() => app.get('/users/1')));

    expect(app.log.messages('warn', 'HankoAdmin')).toHaveLength(1);
  });
});

describe('an exception filter of the app', () => {
  const seen: unknown[] = [];
  afterEach(() => void seen.splice(0));

  @Catch()
  class EveryFilter implements ExceptionFilter {
    catch(error: unknown, host: ArgumentsHost): void {
      seen.push(error);
      const response = host.switchToHttp().getResponse<{
        status(status: number): { send(body: string): void };
      }>();
      response.status(418).send('a teapot');
    }
  }

  @Catch(HankoAdminError)
  class AdminFilter extends EveryFilter {}

  @Catch(HttpException)
  class HttpFilter extends EveryFilter {}

  @UseFilters(AdminFilter)
  class FilteredController extends UsersController {}
  Controller()(FilteredController);

  const answerOf = async (
    providers: Provider[],
    configure?: (app: RunningApp['app']) => unknown,
    controllers = [UsersController],
  ): Promise<Answer> => {
    await using app = await startApp(
      'Express',
      { imports: [adminModule()], controllers, providers },
      { ...(configure && { configure }) },
    );
    reply('unavailable');
    return await send(`${app.url}/users/1`);
  };

  it('goes before ours, wherever it is bound', async () => {
    const ways = [
      await answerOf([{ provide: APP_FILTER, useClass: EveryFilter }]),
      await answerOf([{ provide: APP_FILTER, useClass: AdminFilter }]),
      await answerOf([], (app) => app.useGlobalFilters(new EveryFilter())),
      await answerOf([], undefined, [FilteredController]),
    ];

    expect(ways.map(({ status }) => status)).toEqual([418, 418, 418, 418]);
    expect(seen.map((error) => error instanceof HankoAdminError)).toEqual([true, true, true, true]);
  });

  it('for HttpExceptions does not get it: it is none', async () => {
    const { status } = await answerOf([{ provide: APP_FILTER, useClass: HttpFilter }]);

    expect({ status, seen }).toEqual({ status: 503, seen: [] });
  });
});

describe.each(DRIVERS)('over GraphQL, with $name', ({ platform, driver, options }) => {
  @Resolver()
  class UsersResolver {
    constructor(@Inject(HankoAdmin) private readonly admin: HankoAdmin) {}

    @Query('user')
    async user(@Args('id') id: string): Promise<string> {
      await ask(this.admin);
      return id;
    }
  }

  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(platform, {
      imports: [
        adminModule(),
        GraphQLModule.forRoot({
          driver,
          typeDefs: 'type Query { user(id: String!): String }',
          ...options,
        } as never),
      ],
      providers: [UsersResolver],
    });
  });
  beforeEach(() => void app.log.lines.splice(0));
  afterAll(() => app[Symbol.asyncDispose]());

  it.each(CODES)('%s is the fault of no caller', async (code) => {
    reply(code);
    const { errors, data } = await post(app, '{ user(id: "1") }');

    expect(data).toEqual({ user: null });
    expect(errors).toMatchObject([
      OURS.includes(code)
        ? {
            message: 'The login server cannot be reached, try again later',
            extensions: { originalError: { statusCode: 503, code: 'hanko_unavailable' } },
          }
        : {
            message: 'Internal server error',
            extensions: { originalError: { statusCode: 500 } },
          },
    ]);
    expectNothingSaid(
      { ...errors?.[0], extensions: errors?.[0]?.extensions?.originalError },
      app.log,
    );
    expectLogged(app.log, code);
  });
});

describe('over a socket', () => {
  @WebSocketGateway()
  class UsersGateway {
    constructor(@Inject(HankoAdmin) private readonly admin: HankoAdmin) {}

    @SubscribeMessage('user')
    user(@MessageBody() _id: unknown): Promise<unknown> {
      return ask(this.admin);
    }
  }

  // To a client of ws, Nest 11 says nothing at all.
  it('says that something failed, and no more', async () => {
    await using app = await startApp(
      'Express',
      { imports: [adminModule()], providers: [UsersGateway] },
      { configure: (made) => made.useWebSocketAdapter(new IoAdapter(made)) },
    );
    await using client = await connect('socket.io', app.url);
    for (const code of CODES) {
      reply(code);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const frame = await client.ask('user', {});

      expect(frame).toMatchObject({
        event: 'exception',
        data: { status: 'error', message: 'Internal server error' },
      });
      expectNothingSaid(frame, app.log);
    }
  });
});

@Public()
@Controller()
class CallsController {
  constructor(@Inject(HankoAdmin) private readonly admin: HankoAdmin) {}

  @MessagePattern('user')
  user(): Promise<unknown> {
    return ask(this.admin);
  }

  @GrpcMethod('Calls', 'Fails')
  fails(): Promise<unknown> {
    return ask(this.admin);
  }
}

const PARTS = () => ({ controllers: [CallsController], providers: [], imports: [adminModule()] });

describe('over TCP', () => {
  let rpc: RunningRpc;
  beforeAll(async () => {
    rpc = await startRpc(
      { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
      PARTS(),
    );
  });
  beforeEach(() => void rpc.log.lines.splice(0));
  afterAll(() => rpc[Symbol.asyncDispose]());

  it.each(CODES)('%s is the fault of no caller', async (code) => {
    reply(code);
    const { port } = rpc.app.unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { port } });
    const error: unknown = await firstValueFrom(client.send('user', {})).catch(
      (thrown: unknown) => thrown,
    );
    await client.close();

    expect(error).toEqual(
      OURS.includes(code)
        ? {
            statusCode: 503,
            code: 'hanko_unavailable',
            message: 'The login server cannot be reached, try again later',
          }
        : { status: 'error', message: 'Internal server error' },
    );
    expectLogged(rpc.log, code);
  });
});

describe('over gRPC', () => {
  it('an outage is UNAVAILABLE, with when to come again; all else is not told', async () => {
    await using grpc = await startGrpc(PARTS());
    reply('limited');
    const outage = await grpc.call('Fails');
    reply('not_found');
    const other = await grpc.call('Fails');

    expect([outage.code, outage.details, outage.trailers['retry-after']]).toEqual([
      14,
      'hanko_unavailable',
      '7',
    ]);
    expect([other.code, other.details]).toEqual([2, 'Internal server error']);
    expectNothingSaid([outage, other], grpc.log);
  });
});

describe('a request that is under way when the app closes', () => {
  it('is answered: what it asks of Hanko is let finish', async () => {
    let finish: () => void = () => undefined;
    const closing = {
      provide: 'CLOSING',
      useValue: { beforeApplicationShutdown: () => void setImmediate(() => finish()) },
    };
    const app = await startApp('Express', {
      imports: [adminModule()],
      controllers: [UsersController],
      providers: [closing],
    });
    const asked = new Promise<void>((resolve) => {
      server.behaviour = (response) => {
        finish = () => response.writeHead(418).end();
        resolve();
      };
    });
    const answer = app.get('/users/1');
    await asked;
    await app.app.close();

    expect((await answer).status).toBe(500);
    expect(app.log.messages('error').join()).toContain('status 418');
  });
});
