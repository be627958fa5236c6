import {
  applyDecorators,
  type CanActivate,
  Controller,
  createParamDecorator,
  Delete,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  mixin,
  Module,
  type ModuleMetadata,
  NotFoundException,
  Scope,
  SetMetadata,
  type Type,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, LazyModuleLoader, NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { FakeHanko } from 'fake-hanko';
import { HankoAuthGuard, HankoModule, Public, RequireAuth } from 'nestjs-hanko';
import { HankoStub } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, type RunningApp, type StartOptions } from '../../support/app.js';
import { APP_GUARD_PROVIDER, starter } from '../../support/lost-marks.js';

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

interface Shape {
  readonly name: string;
  readonly controllers?: readonly Type[];
  readonly metadata?: ModuleMetadata;
  readonly options?: StartOptions;
  /** Paths that let in only who has a token. */
  readonly closed?: readonly string[];
  readonly gone?: readonly string[];
  readonly open?: readonly string[];
}

@Controller('plain')
class PlainThings {
  @Get()
  list(): string {
    return 'in';
  }
}

@Injectable()
class OwnGuard extends HankoAuthGuard {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    return super.canActivate(context);
  }
}

function Either(...guards: readonly Type<CanActivate>[]): Type<CanActivate> {
  @Injectable()
  class EitherGuard extends HankoAuthGuard {
    readonly guards = guards;
  }
  return mixin(EitherGuard);
}

function crud(path: string): Type {
  @Controller(path)
  abstract class Crud {
    @Get()
    @RequireAuth()
    list(): string {
      return 'in';
    }

    @Delete()
    @RequireAuth()
    remove(): string {
      return 'in';
    }
  }
  return Crud as unknown as Type;
}

/** As `@CommandHandler()` of CQRS, and `@Resolver()` of GraphQL, by their metadata. */
const OtherHandler = (): ClassDecorator => SetMetadata('__commandHandler__', { id: 'x' });
const Query = (): MethodDecorator => SetMetadata('graphql:resolver_type', 'Query');

@OtherHandler()
@RequireAuth()
@Injectable()
class Resolver {
  @Query()
  notes(): string {
    return 'in';
  }
}

@OtherHandler()
class CommandHandler {
  execute(): string {
    return 'in';
  }
}

@RequireAuth()
@WebSocketGateway()
class Gateway {
  @SubscribeMessage('x')
  handle(): string {
    return 'in';
  }
}

@RequireAuth()
@Controller('scoped')
class ScopedBase {
  @Get()
  list(): string {
    return 'in';
  }
}
@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedThings extends ScopedBase {}
@Controller({ path: 'durable', scope: Scope.REQUEST, durable: true })
class DurableThings extends ScopedBase {}

@Controller('crud')
class CrudThings extends (crud('crud') as new () => { list(): string; remove(): string }) {}

/** Nest's way to have an inherited route no more: an override without a route decorator. */
@Controller('fewer')
class FewerThings extends (crud('fewer') as new () => { list(): string; remove(): string }) {
  override remove(): string {
    throw new NotFoundException();
  }
}

const Admin = (path: string): MethodDecorator =>
  applyDecorators(Get(path), RequireAuth(), SetMetadata('x', 1), UseInterceptors());
const AdminLast = (path: string): MethodDecorator => applyDecorators(RequireAuth(), Get(path));

@Controller()
class Composed {
  @Admin('a')
  a(): string {
    return 'in';
  }

  @AdminLast('b')
  b(@(createParamDecorator(() => 1)()) _one: number): string {
    return 'in';
  }

  @Get(['c', 'd'])
  @RequireAuth()
  c(): string {
    return 'in';
  }
}

@UseGuards(Either(OwnGuard))
@Controller('mixed')
class MixedThings extends PlainThings {}

@Public()
@Controller('handlers')
class Messages {
  @MessagePattern('m')
  message(): string {
    return 'in';
  }

  @EventPattern('e')
  event(_data: unknown): void {
    // Nothing.
  }
}

@Module({ controllers: [PlainThings] })
class WithMiddleware {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply((_q: unknown, _s: unknown, next: () => void) => next()).forRoutes(PlainThings);
  }
}

const shapes: readonly Shape[] = [
  { name: 'no handlers at all' },
  { name: 'handlers of CQRS, unmarked', metadata: { providers: [CommandHandler] } },
  { name: 'resolvers with a marked class', metadata: { providers: [Resolver] } },
  {
    name: 'a gateway with a marked class',
    metadata: { providers: [Gateway] },
    options: { configure: (app) => app.useWebSocketAdapter(new WsAdapter(app)) },
  },
  {
    name: 'APP_GUARD by useExisting',
    controllers: [PlainThings],
    metadata: { providers: [APP_GUARD_PROVIDER] },
    closed: ['/plain'],
  },
  {
    name: 'APP_GUARD by useClass',
    controllers: [PlainThings],
    metadata: { providers: [{ provide: APP_GUARD, useClass: HankoAuthGuard }] },
    closed: ['/plain'],
  },
  {
    name: 'APP_GUARD by a factory',
    controllers: [PlainThings],
    metadata: {
      providers: [
        { provide: APP_GUARD, useFactory: (guard: unknown) => guard, inject: [HankoAuthGuard] },
      ],
    },
    closed: ['/plain'],
  },
  {
    name: 'APP_GUARD by a subclass',
    controllers: [PlainThings, CrudThings],
    metadata: { providers: [{ provide: APP_GUARD, useClass: OwnGuard }] },
    closed: ['/plain', '/crud'],
  },
  {
    name: 'a request-scoped APP_GUARD',
    controllers: [PlainThings, ScopedThings],
    metadata: {
      providers: [{ provide: APP_GUARD, useClass: HankoAuthGuard, scope: Scope.REQUEST }],
    },
    closed: ['/plain', '/scoped'],
  },
  {
    name: 'useGlobalGuards(app.get(HankoAuthGuard))',
    controllers: [PlainThings, CrudThings],
    options: { configure: (app) => app.useGlobalGuards(app.get(HankoAuthGuard)) },
    closed: ['/plain', '/crud'],
  },
  {
    name: 'a guard made by mixin()',
    controllers: [MixedThings],
    closed: ['/mixed'],
  },
  { name: 'controllers of a request', controllers: [ScopedThings], closed: ['/scoped'] },
  { name: 'durable controllers', controllers: [DurableThings], closed: ['/durable'] },
  {
    name: 'a marked generic base class, not registered itself',
    controllers: [CrudThings],
    closed: ['/crud'],
  },
  {
    name: 'an inherited route that an override takes away',
    controllers: [FewerThings],
    closed: ['/fewer'],
  },
  { name: 'composed decorators', controllers: [Composed], closed: ['/a', '/b', '/c', '/d'] },
  { name: 'message handlers on a controller', controllers: [Messages] },
  {
    name: 'middleware for a controller',
    metadata: { imports: [WithMiddleware] },
    open: ['/plain'],
  },
];

describe.each(PLATFORMS)('a healthy app starts on %s:', (platform) => {
  const start = starter(platform, () => hanko.url);

  it.each(shapes)('$name', async ({ controllers = [], metadata, options, ...paths }) => {
    await using app: RunningApp = await start(controllers, metadata, options);

    for (const path of paths.closed ?? []) {
      expect(await app.get(path)).toBeRefused('credentials_missing');
      expect((await app.get(path, bearer(token))).text).toBe('in');
    }
    for (const path of paths.open ?? []) expect((await app.get(path)).text).toBe('in');
  });

  it('the stub of tests, with overridden guards or providers', async () => {
    const stub = new HankoStub();
    const module = { imports: [stub.forRoot()], controllers: [CrudThings, ScopedThings, Composed] };
    for (const builder of [
      Test.createTestingModule(module),
      Test.createTestingModule(module)
        .overrideGuard(HankoAuthGuard)
        .useValue({ canActivate: () => true }),
      Test.createTestingModule(module)
        .overrideProvider(HankoAuthGuard)
        .useValue({ canActivate: () => true }),
    ]) {
      const app = (await builder.compile()).createNestApplication();
      await expect(app.init()).resolves.toBe(app);
      await app.close();
    }
  });
});

describe('a healthy app without HTTP starts:', () => {
  @Module({})
  class Lazy {}

  const root = (): Type => {
    @Module({
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      controllers: [CrudThings, FewerThings, Messages],
      providers: [Resolver, CommandHandler, APP_GUARD_PROVIDER],
    })
    class Root {}
    return Root;
  };

  it('an application context, with a lazy module', async () => {
    const app = await NestFactory.createApplicationContext(root(), { logger: false });
    await expect(app.get(LazyModuleLoader).load(() => Lazy)).resolves.toBeDefined();
    await app.close();
  });

  it('a microservice', async () => {
    const app = await NestFactory.createMicroservice(root(), {
      logger: false,
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
    });
    await app.init();
    expect(app.get(HankoAuthGuard)).toBeInstanceOf(HankoAuthGuard);
    await app.close();
  });
});
