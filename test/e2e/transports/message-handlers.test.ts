import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import * as common from '@nestjs/common';
import {
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  type INestMicroservice,
  Injectable,
  Module,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator, NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoAuthService,
  HankoContextError,
  HankoModule,
  type HankoUser,
  isHankoError,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import '../../support/to-be-refused.js';
import { bearer, cookie, PLATFORMS, recordChannel, startApp } from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';

/** Nest 11 does not run global guards for gateways. */
const IS_NEST_11 = !('StandardSchemaValidationPipe' in common);

let hanko: FakeHanko;
let token: string;
let userId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});
afterAll(() => hanko.stop());

const hankoModule = () => HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });
const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

/** Names of the handlers that ran. */
let ran: string[] = [];
beforeEach(() => {
  ran = [];
});

const run = (name: string, value: unknown = name): unknown => {
  ran.push(name);
  return value;
};

@Controller()
class MessageController {
  @MessagePattern('unmarked')
  unmarked(): unknown {
    return run('unmarked');
  }

  @RequireAuth()
  @MessagePattern('required')
  required(): unknown {
    return run('required');
  }

  @OptionalAuth()
  @MessagePattern('optional')
  optional(): unknown {
    return run('optional');
  }

  @EventPattern('event')
  event(@Payload() payload: unknown): void {
    run('event', payload);
  }

  @Public()
  @MessagePattern('public')
  open(@Payload() payload: unknown): unknown {
    return run('public', payload);
  }

  @Public()
  @MessagePattern('public-user')
  openUser(
    @CurrentUser() user: HankoUser | null,
    @SessionToken() sessionToken: string | null,
  ): unknown {
    return run('public-user', { user, sessionToken });
  }

  @Get('http')
  http(@CurrentUser('id') id: string): string {
    return id;
  }
}

/** Without any guard. */
@Controller()
class ParameterMessageController {
  @MessagePattern('user')
  user(@CurrentUser() user: HankoUser): unknown {
    return run('user', user);
  }

  @MessagePattern('token')
  token(@SessionToken() sessionToken: string): unknown {
    return run('token', sessionToken);
  }

  @OptionalAuth()
  @MessagePattern('optional-user')
  optionalUser(@CurrentUser() user: HankoUser | null): unknown {
    return run('optional-user', user);
  }
}

interface Messages extends AsyncDisposable {
  /** The reply, or the error that came instead. */
  send(pattern: string, data?: unknown): Promise<unknown>;
  emit(pattern: string): Promise<unknown>;
}

/** A client of a TCP microservice, or of the first one of a hybrid app. */
function connectMessages(app: INestApplication | INestMicroservice): Messages {
  const [microservice] = 'getMicroservices' in app ? app.getMicroservices() : [app];
  if (microservice === undefined) throw new Error('there is no microservice');
  const { port } = microservice.unwrap<Server>().address() as AddressInfo;
  const client: ClientProxy = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  return {
    send: (pattern, data = {}) =>
      firstValueFrom(client.send<unknown>(pattern, data)).catch((error: unknown) => ({ error })),
    emit: (pattern) => firstValueFrom(client.emit(pattern, {}), { defaultValue: undefined }),
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

const withMicroservice = async (app: INestApplication): Promise<void> => {
  app.connectMicroservice(
    { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
    { inheritAppConfig: true },
  );
  await app.startAllMicroservices();
};

const REFUSED = { error: expect.objectContaining({ status: 'error' }) };

/** Lines about handlers that cannot be authenticated. */
const refusedHandlers = (lines: readonly string[]): string[] =>
  lines.map((line) => /^(\S+) is a "(\w+)" handler/.exec(line)?.slice(1).join(' ') ?? line);

/** Warnings about handlers that anyone can call. */
const unprotected = (log: CapturedLog): string[] =>
  log.messages('warn').filter((line) => /anyone can call it|No HankoAuthGuard runs/.test(line));

describe.each(PLATFORMS)('on %s', (platform) => {
  describe('message handlers of a hybrid app', () => {
    const start = (controller: common.Type, providers: object[] = [APP_GUARD_PROVIDER]) =>
      startApp(
        platform,
        { imports: [hankoModule()], controllers: [controller], providers: providers as [] },
        { configure: withMicroservice },
      );

    it('are refused under APP_GUARD unless they are @Public()', async () => {
      await using app = await start(MessageController);
      await using messages = connectMessages(app.app);

      for (const pattern of ['unmarked', 'required', 'optional']) {
        expect(await messages.send(pattern)).toEqual(REFUSED);
      }
      expect(await messages.send('public', { text: 'hello' })).toEqual({ text: 'hello' });
      expect(await messages.send('public-user')).toEqual({ user: null, sessionToken: null });
      expect(ran).toEqual(['public', 'public-user']);
      // The other half of the app is as it was.
      expect((await app.get('/http', bearer(token))).text).toBe(userId);
      expect(await app.get('/http')).toBeRefused('credentials_missing');
    });

    it('are refused also if the message looks like a request with a good token', async () => {
      await using app = await start(MessageController);
      await using messages = connectMessages(app.app);
      const disguised = {
        headers: { authorization: `Bearer ${token}` },
        rawHeaders: ['Authorization', `Bearer ${token}`],
        method: 'GET',
        user: { id: userId },
      };

      expect(await messages.send('unmarked', disguised)).toEqual(REFUSED);
      expect(ran).toEqual([]);
    });

    it('of events are refused as well', async () => {
      await using app = await start(MessageController);
      await using messages = connectMessages(app.app);
      await messages.emit('event');
      await vi.waitFor(() => expect(app.log.messages('error', 'HankoAuth')).not.toEqual([]));
      await messages.send('public');

      expect(ran).toEqual(['public']);
    });

    it('are one error line in the log each, not one per message', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await start(MessageController);
      await using messages = connectMessages(app.app);
      for (let i = 0; i < 5; i++) {
        await messages.send('unmarked');
        await messages.send('optional');
        await messages.send('public');
      }

      expect(refusedHandlers(app.log.messages('error'))).toEqual([
        'MessageController.unmarked rpc',
        'MessageController.optional rpc',
      ]);
      // Whoever counts sees each of them.
      expect(authentications.messages).toHaveLength(10);
      expect(authentications.messages[0]).toMatchObject({
        outcome: 'refused',
        code: 'context_unsupported',
        handler: 'MessageController.unmarked',
      });
    });

    it('are named in a warning: without inheritAppConfig Nest runs no APP_GUARD for them', async () => {
      await using app = await startApp(
        platform,
        {
          imports: [hankoModule()],
          controllers: [MessageController],
          providers: [APP_GUARD_PROVIDER],
        },
        {
          configure: async (hybrid) => {
            hybrid.connectMicroservice({
              transport: Transport.TCP,
              options: { host: '127.0.0.1', port: 0 },
            });
            await hybrid.startAllMicroservices();
          },
        },
      );
      await using messages = connectMessages(app.app);

      expect(await messages.send('unmarked')).toBe('unmarked');
      expect(app.log.messages('warn', 'HankoRoutes')).toContainEqual(
        expect.stringMatching(
          /^MessageController\.unmarked.*: APP_GUARD .*inheritAppConfig: true.* anyone can call it/,
        ),
      );
    });

    it('cause no warning where each is @Public() or bears the guard itself', async () => {
      @Controller()
      class MarkedController {
        @Public()
        @MessagePattern('open')
        open(): void {}

        @UseGuards(HankoAuthGuard)
        @MessagePattern('closed')
        closed(): void {}
      }
      await using app = await start(MarkedController);

      expect(unprotected(app.log)).toEqual([]);
    });

    it('are refused by @RequireAuth() and by @UseGuards() alone', async () => {
      @Controller()
      @UseGuards(HankoAuthGuard)
      class GuardedController extends MessageController {}
      await using app = await start(GuardedController, []);
      await using messages = connectMessages(app.app);

      expect(await messages.send('unmarked')).toEqual(REFUSED);
      expect(await messages.send('required')).toEqual(REFUSED);
      expect(await messages.send('public', 1)).toBe(1);
      expect(ran).toEqual(['public']);
    });

    it('are refused by @CurrentUser() and @SessionToken() where no guard is', async () => {
      await using app = await start(ParameterMessageController, []);
      await using messages = connectMessages(app.app);

      for (const pattern of ['user', 'token', 'optional-user']) {
        expect(await messages.send(pattern)).toEqual(REFUSED);
      }
      expect(ran).toEqual([]);
      expect(refusedHandlers(app.log.messages('error', 'HankoAuth'))).toEqual([
        'ParameterMessageController.user rpc',
        'ParameterMessageController.token rpc',
        'ParameterMessageController.optionalUser rpc',
      ]);
    });
  });

  describe('gateways', () => {
    @WebSocketGateway()
    class NotesGateway {
      @SubscribeMessage('unmarked')
      unmarked(): unknown {
        return { event: 'reply', data: run('unmarked') };
      }

      @Public()
      @SubscribeMessage('public')
      open(@MessageBody() data: unknown): unknown {
        return { event: 'reply', data: run('public', data) };
      }
    }

    @WebSocketGateway()
    @UseGuards(HankoAuthGuard)
    class GuardedGateway extends NotesGateway {}

    class StricterGuard extends HankoAuthGuard {}

    @WebSocketGateway()
    @UseGuards(StricterGuard)
    class SubclassGuardedGateway extends NotesGateway {}

    @WebSocketGateway()
    @RequireAuth()
    class RequiredGateway extends NotesGateway {}

    @WebSocketGateway()
    @Public()
    class PublicGateway extends NotesGateway {}

    @WebSocketGateway()
    @UseGuards(LetThroughGuard)
    class ForeignGuardGateway extends NotesGateway {}

    @WebSocketGateway()
    class HandlerGuardedGateway {
      @UseGuards(HankoAuthGuard)
      @SubscribeMessage('unmarked')
      unmarked(): unknown {
        return { event: 'reply', data: run('unmarked') };
      }

      @RequireAuth()
      @SubscribeMessage('required')
      required(): unknown {
        return { event: 'reply', data: run('required') };
      }

      @Public()
      @SubscribeMessage('public')
      open(@MessageBody() data: unknown): unknown {
        return { event: 'reply', data: run('public', data) };
      }
    }

    @WebSocketGateway()
    class ParameterGateway {
      @SubscribeMessage('user')
      user(@CurrentUser() user: HankoUser): unknown {
        return { event: 'reply', data: run('user', user) };
      }

      @SubscribeMessage('token')
      token(@SessionToken() sessionToken: string): unknown {
        return { event: 'reply', data: run('token', sessionToken) };
      }

      @Public()
      @SubscribeMessage('public')
      open(@CurrentUser() user: HankoUser | null): unknown {
        return { event: 'reply', data: run('public', user) };
      }
    }

    const start = (gateway: common.Type, providers: object[] = [APP_GUARD_PROVIDER]) =>
      startApp(
        platform,
        { imports: [hankoModule()], providers: [gateway, ...(providers as [])] },
        { configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)) },
      );

    /** Sends messages, then a public one, and waits for its reply: by then all have been dealt with. */
    const sendAll = async (url: string, events: readonly string[]): Promise<unknown[]> => {
      const socket = new WebSocket(url.replace('http', 'ws'));
      const received: unknown[] = [];
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      await new Promise((resolve, reject) => {
        socket.once('close', reject).on('message', (data: Buffer) => {
          const message = JSON.parse(data.toString()) as { event: string; data: unknown };
          received.push(message);
          if (message.event === 'reply' && message.data !== 'unmarked') resolve(undefined);
        });
        for (const event of events) socket.send(JSON.stringify({ event, data: { n: 1 } }));
        socket.send(JSON.stringify({ event: 'public', data: 'last' }));
      });
      socket.removeAllListeners('close').terminate();
      return received;
    };

    /** The warning that only Nest 11 calls for. */
    const warningOf = (gateway: common.Type): unknown[] =>
      IS_NEST_11
        ? [
            expect.stringMatching(
              new RegExp(
                `^${gateway.name}\\.unmarked.*: On Nest 11 APP_GUARD does not reach gateways, so anyone can call it\\. ` +
                  'Put @UseGuards\\(HankoAuthGuard\\) on it',
              ),
            ),
          ]
        : [];

    it('are refused under APP_GUARD on Nest 12, and on Nest 11 named in a warning', async () => {
      await using app = await start(NotesGateway);
      const received = await sendAll(app.url, ['unmarked', 'unmarked']);

      expect(ran).toEqual(IS_NEST_11 ? ['unmarked', 'unmarked', 'public'] : ['public']);
      expect(received).toContainEqual({ event: 'reply', data: 'last' });
      expect(unprotected(app.log)).toEqual(warningOf(NotesGateway));
      expect(refusedHandlers(app.log.messages('error'))).toEqual(
        IS_NEST_11 ? [] : ['NotesGateway.unmarked ws'],
      );
    });

    it('which only another guard protects are named too', async () => {
      await using app = await start(ForeignGuardGateway);

      expect(unprotected(app.log)).toEqual(warningOf(ForeignGuardGateway));
    });

    it('are named also if the guard is bound in main.ts', async () => {
      await using app = await startApp(
        platform,
        { imports: [hankoModule()], providers: [NotesGateway] },
        {
          configure: (nest) => {
            nest.useWebSocketAdapter(new WsAdapter(nest));
            nest.useGlobalGuards(nest.get(HankoAuthGuard));
          },
        },
      );

      expect(unprotected(app.log)).toEqual(warningOf(NotesGateway));
    });

    it.each([
      { what: 'guarded', gateway: GuardedGateway },
      { what: 'guarded by a subclass', gateway: SubclassGuardedGateway },
      { what: 'marked @RequireAuth()', gateway: RequiredGateway },
      { what: 'meant to be open, by @Public()', gateway: PublicGateway },
    ])('that are $what cause no warning', async ({ gateway }) => {
      await using app = await start(gateway);

      expect(unprotected(app.log)).toEqual([]);
    });

    it('are named where no guard was bound at all', async () => {
      await using app = await start(NotesGateway, []);

      expect(unprotected(app.log)).toEqual([
        expect.stringMatching(/^No HankoAuthGuard runs for \d of \d handlers: NotesGateway\./),
      ]);
    });

    it('are open to everyone if the whole class is @Public()', async () => {
      await using app = await start(PublicGateway);
      await sendAll(app.url, ['unmarked']);

      expect(ran).toEqual(['unmarked', 'public']);
    });

    it.each([
      { what: '@UseGuards(HankoAuthGuard)', gateway: GuardedGateway },
      { what: '@RequireAuth()', gateway: RequiredGateway },
      { what: 'both on their handlers', gateway: HandlerGuardedGateway },
    ])('are closed by $what, with one line per handler', async ({ gateway }) => {
      await using app = await start(gateway, []);
      await sendAll(app.url, ['unmarked', 'unmarked', 'unmarked', 'required']);

      expect(ran).toEqual(['public']);
      expect(refusedHandlers(app.log.messages('error'))).toContain(`${gateway.name}.unmarked ws`);
      expect(new Set(app.log.messages('error')).size).toBe(app.log.messages('error').length);
    });

    it('are refused by @CurrentUser() and @SessionToken() where no guard is', async () => {
      await using app = await start(ParameterGateway, []);
      await sendAll(app.url, ['user', 'token']);

      expect(ran).toEqual(['public']);
      expect(refusedHandlers(app.log.messages('error', 'HankoAuth'))).toEqual([
        'ParameterGateway.user ws',
        'ParameterGateway.token ws',
      ]);
    });
  });

  describe('connections to a gateway', () => {
    /** What `authenticate(request)` said, in `handleConnection`. */
    const outcomeOf = async (headers: Record<string, string>): Promise<unknown> => {
      let done: (outcome: unknown) => void;
      const outcome = new Promise((resolve) => {
        done = resolve;
      });
      @WebSocketGateway()
      class ConnectionGateway implements OnGatewayConnection {
        constructor(@common.Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

        async handleConnection(client: WebSocket, request: IncomingMessage): Promise<void> {
          try {
            done((await this.auth.authenticate(request)).id);
          } catch (error) {
            done(isHankoError(error) ? error.code : error);
          }
          client.terminate();
        }
      }
      await using app = await startApp(
        platform,
        { imports: [hankoModule()], providers: [ConnectionGateway] },
        { configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)) },
      );
      const socket = new WebSocket(app.url.replace('http', 'ws'), { headers });
      socket.on('error', () => undefined);
      return await outcome;
    };

    it('are authenticated by header and by cookie', async () => {
      expect(await outcomeOf(bearer(token))).toBe(userId);
      expect(await outcomeOf(cookie(token))).toBe(userId);
      expect(await outcomeOf({})).toBe('credentials_missing');
      expect(await outcomeOf(bearer('garbage'))).toBe('token_malformed');
    });

    it('with a cookie from a foreign site are refused: a page can open sockets anywhere', async () => {
      const foreign = { Origin: 'https://evil.test' };

      expect(await outcomeOf({ ...cookie(token), ...foreign })).toBe('cross_site_request');
      expect(await outcomeOf({ ...cookie(token), 'Sec-Fetch-Site': 'cross-site' })).toBe(
        'cross_site_request',
      );
      expect(await outcomeOf({ ...bearer(token), ...foreign })).toBe(userId);
    });
  });

  describe('contexts of any other kind', () => {
    /** Every package that calls methods from outside marks them with metadata of its own. */
    const Query = () => common.SetMetadata('graphql:resolver_type', 'Query');

    @Injectable()
    class Resolver {
      @Query()
      unmarked(): unknown {
        return run('unmarked');
      }

      @Public()
      @Query()
      open(): unknown {
        return run('public');
      }

      @RequireAuth()
      @Query()
      closed(): unknown {
        return run('closed');
      }
    }

    it.each(['graphql', 'necord', 'rmq', 'bull', 'HTTP'])(
      'are refused under APP_GUARD unless @Public(): %j',
      async (type) => {
        @Module({ providers: [Resolver] })
        class ResolverModule {}
        await using app = await startApp(platform, {
          imports: [hankoModule(), ResolverModule],
          providers: [APP_GUARD_PROVIDER],
        });
        const resolver = app.app.get(Resolver, { strict: false });
        const creator = app.app.get(ExternalContextCreator);
        const request = { headers: { authorization: `Bearer ${token}` }, method: 'GET' };
        const call = async (method: 'unmarked' | 'open' | 'closed'): Promise<unknown> => {
          // eslint-disable-next-line typescript/unbound-method -- as GraphQL's module does
          const callback = resolver[method];
          const handler: unknown = creator.create(
            resolver,
            callback,
            method,
            undefined,
            undefined,
            undefined,
            undefined,
            { guards: true, filters: false, interceptors: false },
            type,
          );
          return (handler as (...args: unknown[]) => Promise<unknown>)(
            request,
            {},
            { req: request },
            {},
          );
        };

        await expect(call('unmarked')).rejects.toThrow(HankoContextError);
        await expect(call('closed')).rejects.toMatchObject({
          code: 'context_unsupported',
          status: 501,
        });
        expect(await call('open')).toBe('public');
        expect(ran).toEqual(['public']);
      },
    );

    it('are refused by the service', async () => {
      await using app = await startApp(platform, { imports: [hankoModule()] });
      const context = {
        getType: () => 'graphql',
        getClass: () => Resolver,
        // eslint-disable-next-line typescript/unbound-method -- as Nest hands it out
        getHandler: () => Resolver.prototype.unmarked,
        switchToHttp: () => ({
          getRequest: () => ({ headers: bearer(token), method: 'GET' }),
          getResponse: () => ({}),
        }),
      } as unknown as ExecutionContext;
      const service = app.app.get(HankoAuthService);

      for (const options of [{}, { optional: true }]) {
        const refusal = service.authenticate(context, options);
        await expect(refusal).rejects.toThrow(HankoContextError);
        await expect(refusal).rejects.toMatchObject({ code: 'context_unsupported' });
      }
      expect(refusedHandlers(app.log.messages('error'))).toEqual(['Resolver.unmarked graphql']);
    });
  });
});

describe('message handlers of an app without HTTP', () => {
  it('are refused under APP_GUARD unless they are @Public()', async () => {
    @Module({
      imports: [hankoModule()],
      controllers: [MessageController],
      providers: [APP_GUARD_PROVIDER],
    })
    class MessageModule {}
    const log = new CapturedLog();
    const app = await NestFactory.createMicroservice(MessageModule, {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: log,
      abortOnError: false,
    });
    await app.listen();
    try {
      await using messages = connectMessages(app);

      expect(await messages.send('unmarked')).toEqual(REFUSED);
      expect(await messages.send('public', 1)).toBe(1);
      expect(ran).toEqual(['public']);
      expect(refusedHandlers(log.messages('error'))).toEqual(['MessageController.unmarked rpc']);
    } finally {
      await app.close();
    }
  });
});

it('knows which Nest it runs on', ({ task }) => {
  expect(task.file.projectName).toBe(IS_NEST_11 ? 'nest11' : 'nest12');
});

@Injectable()
class LetThroughGuard {
  canActivate(): boolean {
    return true;
  }
}
