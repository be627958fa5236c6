import {
  applyDecorators,
  Controller,
  Get,
  type INestApplication,
  Injectable,
  Module,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { FakeHanko } from 'fake-hanko';
import {
  HankoAuthGuard,
  HankoModule,
  OptionalAuth,
  Public,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlainController, PLATFORMS } from '../../support/app.js';
import { APP_GUARD_PROVIDER, faultsOf, starter, Timed } from '../../support/lost-marks.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const start = starter('Express', () => hanko.url);

describe('a mark on a method that is no handler', () => {
  @Injectable()
  class NotesService {
    @RequireAuth()
    remove(): void {}
  }

  it.each([
    { what: 'without APP_GUARD', providers: [NotesService] },
    { what: 'with it', providers: [NotesService, APP_GUARD_PROVIDER] },
  ])('is a start-up error that names it, $what', async ({ providers }) => {
    expect(await faultsOf(start([PlainController], { providers }))).toEqual([
      expect.stringMatching(/^NotesService\.remove: .* is no handler: .* the mark has no effect/),
    ]);
  });

  it.each([
    { mark: '@Public()', decorator: Public() },
    { mark: '@OptionalAuth()', decorator: OptionalAuth() },
  ])('is one also if it opens: $mark', async ({ decorator }) => {
    @Controller()
    class HelperController {
      @Get('get')
      get(): string {
        return this.help();
      }

      @decorator
      help(): string {
        return 'help';
      }
    }

    expect(await faultsOf(start([HelperController]))).toEqual([
      expect.stringMatching(/^HelperController\.help: .* is no handler/),
    ]);
  });

  it('is one where the route decorator was lost with the function', async () => {
    @Controller()
    class LostRouteController {
      @Timed()
      @RequireAuth()
      @Get('get')
      get(): string {
        return 'in';
      }
    }

    expect(await faultsOf(start([LostRouteController]))).toEqual([
      expect.stringMatching(
        /^LostRouteController\.get: .* is no handler: .*@Get\(\) …\) must stand above/,
      ),
    ]);
  });

  it('is one on the class of a provider, and of a guard', async () => {
    @RequireAuth()
    @Injectable()
    class MarkedService {
      get(): void {}
    }
    @Public()
    @Injectable()
    class MarkedGuard {
      canActivate(): boolean {
        return true;
      }
    }
    @Controller()
    class GuardedController {
      @Public()
      @UseGuards(MarkedGuard)
      @Get('get')
      get(): string {
        return 'in';
      }
    }

    expect(await faultsOf(start([GuardedController], { providers: [MarkedService] }))).toEqual([
      expect.stringMatching(/^MarkedService: .* is no handler/),
      expect.stringMatching(/^MarkedGuard: .* is no handler/),
    ]);
  });

  it('is none on a controller without routes yet, nor in an app without HTTP', async () => {
    @RequireAuth()
    @Controller()
    class EmptyController {}
    @Controller()
    class ClosedController {
      @RequireAuth()
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    await using app = await start([EmptyController, ClosedController]);
    expect((await app.get('/get')).status).toBe(401);

    @Module({
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      controllers: [ClosedController],
    })
    class CommandLineModule {}
    const context = await NestFactory.createApplicationContext(CommandLineModule, {
      logger: false,
    });
    await context.close();
  });
});

describe('a mark on what packages call without guards', () => {
  const decorators: Readonly<Record<string, MethodDecorator>> = {
    '@OnEvent() of @nestjs/event-emitter': SetMetadata('EVENT_LISTENER_METADATA', [{}]),
    '@Cron() of @nestjs/schedule': applyDecorators(
      SetMetadata('SCHEDULER_NAME', undefined),
      SetMetadata('SCHEDULER_TYPE', 1),
      SetMetadata('SCHEDULE_CRON_OPTIONS', {}),
    ),
    '@Process() of @nestjs/bull': SetMetadata('bull:module_queue_process', {}),
    '@OnWorkerEvent() of @nestjs/bullmq': SetMetadata('bullmq:worker_events_metadata', {}),
  };

  it.each(Object.entries(decorators))('is a start-up error: %s', async (_name, decorator) => {
    @Injectable()
    class Jobs {
      @RequireAuth()
      @decorator
      run(): void {}
    }

    expect(await faultsOf(start([], { providers: [Jobs, APP_GUARD_PROVIDER] }))).toEqual([
      expect.stringMatching(/^Jobs\.run: is marked @RequireAuth\(\) and is no handler/),
    ]);
  });

  it('is none where another package calls it with them, as bots are', async () => {
    @Injectable()
    class Bot {
      @RequireAuth()
      @SetMetadata('UPDATE_LISTENER_METADATA', [{}])
      @SetMetadata('EVENT_LISTENER_METADATA', [{}])
      start(): void {}
    }
    await using app = await start([], { providers: [Bot] });

    expect(app.app.get(Bot)).toBeDefined();
  });
});

describe('a mark where Nest never looks', () => {
  const decorators = {
    '@Public()': Public(),
    '@OptionalAuth()': OptionalAuth(),
    '@RequireAuth()': RequireAuth(),
  };

  it.each(Object.entries(decorators))(
    '%s is refused while the class is loaded',
    (mark, decorator) => {
      const KEY = Symbol('key');
      class Odd {
        static fixed(): void {}
        get read(): string {
          return 'read';
        }
        set written(_value: string) {}
        [KEY](): void {}
      }
      const on = (target: object, name: string | symbol, descriptor?: unknown) => () =>
        decorator(
          target,
          name,
          (descriptor ?? Object.getOwnPropertyDescriptor(target, name)) as PropertyDescriptor,
        );
      const message = (where: string, what: string): string => `${where}: has ${mark} on ${what}`;

      expect(on(Odd, 'fixed')).toThrow(message('Odd.fixed', 'a static member'));
      expect(on(Odd.prototype, 'read')).toThrow(message('Odd.read', 'an accessor'));
      expect(on(Odd.prototype, 'written')).toThrow(message('Odd.written', 'an accessor'));
      expect(on(Odd.prototype, KEY)).toThrow(
        message('Odd.Symbol(key)', 'a method that is named by'),
      );
      expect(on(Odd.prototype, 'field')).toThrow(message('Odd.field', 'a property'));
      expect(on(Odd.prototype, 'read', 0)).toThrow(message('Odd.read', 'a parameter'));
    },
  );
});

describe.each(PLATFORMS)('handlers of other packages, on %s', (platform) => {
  const startHere = starter(platform, () => hanko.url);
  const Query = () => SetMetadata('graphql:resolver_type', 'Query');
  const ADMIN = { claims: { role: 'admin' } } as unknown as RequireAuthOptions;

  @Injectable()
  class NotesResolver {
    @Query()
    @Timed()
    @RequireAuth(ADMIN)
    notes(): string {
      return 'notes';
    }
  }

  it('do not start if they are marked closed and their guard was lost', async () => {
    expect(await faultsOf(startHere([], { providers: [NotesResolver] }))).toEqual([
      expect.stringMatching(
        /^NotesResolver\.notes: is marked @RequireAuth\(\).*no HankoAuthGuard runs/,
      ),
    ]);
    await using app = await startHere([], { providers: [NotesResolver, APP_GUARD_PROVIDER] });
    expect(app.app.get(NotesResolver)).toBeDefined();
  });

  it('start where their guard is', async () => {
    @Injectable()
    class InOrderResolver {
      @RequireAuth()
      @Query()
      @Timed()
      notes(): string {
        return 'notes';
      }
    }
    await using app = await startHere([], { providers: [InOrderResolver] });

    expect(app.app.get(InOrderResolver)).toBeDefined();
  });

  it('of gateways do not start either', async () => {
    @WebSocketGateway()
    class ChatGateway {
      @SubscribeMessage('send')
      @Timed()
      @RequireAuth()
      send(): void {}
    }
    const configure = (nest: INestApplication): unknown =>
      nest.useWebSocketAdapter(new WsAdapter(nest));

    expect(await faultsOf(startHere([], { providers: [ChatGateway] }, { configure }))).toEqual([
      expect.stringMatching(/^ChatGateway\.send: is marked @RequireAuth\(\)/),
    ]);
  });
});

describe('an app under test', () => {
  @Controller()
  class NotesController {
    @Get('get')
    @Timed()
    @RequireAuth()
    get(): string {
      return 'in';
    }
  }
  const letThrough = { canActivate: () => true };

  it('starts where overrideGuard() took the guard away on purpose', async () => {
    @Controller('other')
    class OtherController {
      @RequireAuth()
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    await using app = await start(
      [NotesController, OtherController],
      {},
      {
        override: (builder) => builder.overrideGuard(HankoAuthGuard).useValue(letThrough),
      },
    );

    expect((await app.get('/get')).text).toBe('in');
    expect((await app.get('/other/get')).text).toBe('in');
  });

  it('starts where overrideProvider() took it from APP_GUARD', async () => {
    await using app = await start(
      [NotesController],
      { providers: [APP_GUARD_PROVIDER] },
      {
        override: (builder) => builder.overrideProvider(HankoAuthGuard).useValue(letThrough),
      },
    );

    expect((await app.get('/get')).text).toBe('in');
  });

  it('does not where a module of its own provides something else under that name', async () => {
    const providers = [{ provide: HankoAuthGuard, useValue: letThrough }, APP_GUARD_PROVIDER];

    expect(await faultsOf(start([NotesController], { providers }))).toHaveLength(1);
  });
});
