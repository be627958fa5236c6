import type { AddressInfo, Server } from 'node:net';
import type { Type } from '@nestjs/common';
import {
  Controller,
  Get,
  type INestApplication,
  type INestMicroservice,
  type Provider,
  UseGuards,
} from '@nestjs/common';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import {
  CurrentUser,
  HankoAuthGuard,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, startApp } from '../../support/app.js';
import { unprotected } from '../../support/message-app.js';
import {
  byHook,
  GUARDED,
  inPayload,
  IS_NEST_11,
  payloadTransport,
  ran,
  refusal,
  RpcController,
  rpcHanko,
  run,
  sendBy,
  token,
  userId,
  useRpcHanko,
} from '../../support/rpc-handlers.js';

useRpcHanko();

const MISSING = () => refusal('credentials_missing');

@Controller()
class HybridController extends RpcController {
  @Get('http')
  http(@CurrentUser('id') id: string): string {
    return id;
  }
}

/** Without any guard. */
@Controller()
class ParameterController {
  @MessagePattern('user')
  user(@CurrentUser('id') id: string): string {
    return run('user', id);
  }

  @MessagePattern('token')
  token(@SessionToken() sessionToken: string): boolean {
    return run('token', sessionToken === token);
  }

  @OptionalAuth()
  @MessagePattern('optional')
  optional(@CurrentUser() user: HankoUser | null): string {
    return run('optional', user?.id ?? 'nobody');
  }
}

@Controller()
class UnmarkedController {
  @MessagePattern('unmarked')
  unmarked(_data: unknown): string {
    return run('unmarked', 'unmarked');
  }

  @RequireAuth()
  @MessagePattern('required')
  required(_data: unknown): string {
    return run('required', 'required');
  }

  @Public()
  @MessagePattern('public')
  open(_data: unknown): string {
    return run('public', 'public');
  }
}

interface HybridParts {
  readonly providers?: readonly Provider[];
  readonly inheritAppConfig?: boolean;
}

describe.each(PLATFORMS)('a hybrid app on %s', (platform) => {
  const start = async (
    controller: Type,
    { providers = GUARDED, inheritAppConfig = true }: HybridParts = {},
  ) => {
    const app = await startApp(
      platform,
      {
        imports: [rpcHanko(IS_NEST_11 ? { transports: [payloadTransport] } : {})],
        controllers: [controller],
        providers: [...providers],
      },
      {
        configure: async (hybrid: INestApplication) => {
          hybrid.connectMicroservice<MicroserviceOptions>(
            { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
            { inheritAppConfig },
          );
          await hybrid.startAllMicroservices();
        },
      },
    );
    const [microservice] = app.app.getMicroservices() as [INestMicroservice];
    const { port } = microservice.unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    const carrier = IS_NEST_11 ? inPayload(client) : byHook(client);
    return {
      ...app,
      send: (pattern: string, fields: object = { authorization: `Bearer ${token}` }) =>
        sendBy(carrier, pattern, { ...fields }),
      [Symbol.asyncDispose]: async () => {
        await client.close();
        await app.app.close();
      },
    };
  };

  it('has APP_GUARD for messages as for requests, if it inherits the configuration', async () => {
    await using app = await start(HybridController);

    expect(await app.send('required')).toEqual({ id: userId, isToken: true });
    expect(await app.send('required', {})).toEqual(MISSING());
    expect(await app.send('public', {})).toEqual({ id: null, payload: {} });
    expect((await app.get('/http', bearer(token))).text).toBe(userId);
    expect(await app.get('/http')).toBeRefused('credentials_missing');
  });

  it('warns of handlers that no guard protects, if it does not', async () => {
    await using app = await start(UnmarkedController, { inheritAppConfig: false });

    expect(await app.send('unmarked', {})).toBe('unmarked');
    expect(app.log.messages('warn', 'HankoRoutes')).toContainEqual(
      expect.stringMatching(
        /^UnmarkedController\.unmarked.*: APP_GUARD .*inheritAppConfig: true.* anyone can call it/,
      ),
    );
  });

  it('is not told that a parameter alone authenticates: whether the guard runs cannot be known when it starts', async () => {
    await using app = await start(HybridController);

    const warnings = app.log.messages('warn', 'HankoRoutes').join('\n');
    expect(warnings).toMatch(/HybridController\.required.*does not show at start-up whether it is/);
    expect(warnings).not.toContain('Only its parameter');
  });

  it('warns of nothing where each handler is @Public() or bears the guard itself', async () => {
    @Controller()
    class MarkedController {
      @Public()
      @MessagePattern('open')
      open(_data: unknown): void {}

      @UseGuards(HankoAuthGuard)
      @EventPattern('closed')
      closed(_data: unknown): void {}
    }
    await using app = await start(MarkedController, { inheritAppConfig: false });

    expect(unprotected(app.log)).toEqual([]);
  });

  it('is closed by @UseGuards() and @RequireAuth() alone', async () => {
    @Controller()
    @UseGuards(HankoAuthGuard)
    class GuardedController extends UnmarkedController {}
    await using app = await start(GuardedController, { providers: [], inheritAppConfig: false });

    for (const pattern of ['unmarked', 'required']) {
      expect(await app.send(pattern, {})).toEqual(MISSING());
      expect(await app.send(pattern)).toBe(pattern);
    }
    expect(await app.send('public', {})).toBe('public');
    expect(ran).toEqual(['unmarked', 'required', 'public']);
  });

  it('has parameters that authenticate where no guard is', async () => {
    await using app = await start(ParameterController, { providers: [] });

    expect(await app.send('user')).toBe(userId);
    expect(await app.send('token')).toBe(true);
    expect(await app.send('optional')).toBe(userId);
    expect(await app.send('optional', {})).toBe('nobody');
    expect(ran).toEqual(['user', 'token', 'optional', 'optional']);
    for (const pattern of ['user', 'token']) {
      expect(await app.send(pattern, {})).toEqual(MISSING());
    }
  });
});
