import type { AddressInfo, Server } from 'node:net';
import * as common from '@nestjs/common';
import {
  Controller,
  Get,
  type INestApplication,
  type INestMicroservice,
  Module,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, recordChannel, startApp } from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import {
  useMessageHanko,
  IS_NEST_11,
  run,
  ran,
  unprotected,
  refusedHandlers,
  userId,
  token,
  hankoModule,
  APP_GUARD_PROVIDER,
} from '../../support/message-app.js';

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

useMessageHanko();

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
