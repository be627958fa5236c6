import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Req,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  HankoModule,
  HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  PlainController,
  PLATFORMS,
  recordChannel,
  startApp,
} from '../../support/app.js';

let hanko: FakeHanko;
let token: string;
let userId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  const user = hanko.createUser({ email: 'ada@example.test' });
  userId = user.id;
  token = await hanko.token({ user });
});
afterAll(() => hanko.stop());

const hankoModule = (isGlobal = true) =>
  HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', isGlobal });

const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

interface RequestWithUser {
  user?: unknown;
}

/** What middleware of another library could have left on the request. */
const leaveForeignUser = (request: RequestWithUser, _response: unknown, next: () => void): void => {
  request.user = { id: 'mallory', isAdmin: true };
  next();
};

@Controller()
class UnmarkedController {
  @Get('unmarked')
  unmarked(@Req() request: RequestWithUser): unknown {
    return request.user ?? null;
  }

  @Public()
  @Get('public')
  open(@Req() request: RequestWithUser): unknown {
    return request.user ?? null;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@Req() request: RequestWithUser): unknown {
    return request.user ?? null;
  }
}

@Controller('guarded')
@UseGuards(HankoAuthGuard)
class GuardedController {
  @Get()
  closed(): string {
    return 'in';
  }

  @Public()
  @Get('public')
  open(): string {
    return 'in';
  }

  @OptionalAuth()
  @Get('optional')
  optional(): string {
    return 'in';
  }
}

@Controller('handlers')
class GuardedHandlerController {
  @UseGuards(HankoAuthGuard)
  @Get('closed')
  closed(): string {
    return 'in';
  }

  @Get('unguarded')
  unguarded(): string {
    return 'in';
  }
}

@Public()
@Controller('public-class')
class PublicClassController {
  @Get()
  open(): string {
    return 'in';
  }

  @RequireAuth()
  @Get('required')
  closed(): string {
    return 'in';
  }

  @OptionalAuth()
  @UseGuards(HankoAuthGuard)
  @Get('optional')
  optional(): string {
    return 'in';
  }
}

@OptionalAuth()
@UseGuards(HankoAuthGuard)
@Controller('optional-class')
class OptionalClassController {
  @Get()
  optional(): string {
    return 'in';
  }

  @RequireAuth()
  @Get('required')
  closed(): string {
    return 'in';
  }

  @Public()
  @Get('public')
  open(): string {
    return 'in';
  }
}

@RequireAuth()
@Controller('required-class')
class RequiredClassController {
  @Get()
  closed(): string {
    return 'in';
  }

  @Public()
  @Get('public')
  open(): string {
    return 'in';
  }

  @OptionalAuth()
  @Get('optional')
  optional(): string {
    return 'in';
  }
}

const CONTROLLERS = [
  UnmarkedController,
  GuardedController,
  GuardedHandlerController,
  PublicClassController,
  OptionalClassController,
  RequiredClassController,
];

type Mode = 'required' | 'optional' | 'public';

/** How routes answer without APP_GUARD. */
const BY_LOCAL_GUARDS: readonly (readonly [string, Mode])[] = [
  ['/unmarked', 'public'],
  ['/guarded', 'required'],
  ['/guarded/public', 'public'],
  ['/guarded/optional', 'optional'],
  ['/handlers/closed', 'required'],
  ['/handlers/unguarded', 'public'],
  ['/public-class', 'public'],
  ['/public-class/required', 'required'],
  ['/public-class/optional', 'optional'],
  ['/optional-class', 'optional'],
  ['/optional-class/required', 'required'],
  ['/optional-class/public', 'public'],
  ['/required-class', 'required'],
  ['/required-class/public', 'public'],
  ['/required-class/optional', 'optional'],
];

/** With it, what nobody marked is closed too. */
const BY_APP_GUARD = BY_LOCAL_GUARDS.map(([path, mode]): readonly [string, Mode] => [
  path,
  path === '/unmarked' || path === '/handlers/unguarded' ? 'required' : mode,
]).concat([
  ['/public', 'public'],
  ['/optional', 'optional'],
]);

describe.each(PLATFORMS)('on %s', (platform) => {
  describe.each([
    { binding: 'local guards only', providers: [], routes: BY_LOCAL_GUARDS },
    {
      binding: 'APP_GUARD with useExisting',
      providers: [APP_GUARD_PROVIDER],
      routes: BY_APP_GUARD,
    },
    {
      binding: 'APP_GUARD with useClass',
      providers: [{ provide: APP_GUARD, useClass: HankoAuthGuard }],
      routes: BY_APP_GUARD,
    },
  ])('method decorator beats class decorator, by $binding', (given) => {
    const start = () =>
      startApp(platform, {
        imports: [hankoModule()],
        controllers: CONTROLLERS,
        providers: given.providers,
      });

    it('lets every route answer as its nearest mark says', async () => {
      await using app = await start();
      const garbage = bearer('garbage');

      for (const [path, mode] of given.routes) {
        const anonymous = await app.get(path);
        const forged = await app.get(path, garbage);
        const good = await app.get(path, bearer(token));
        const answers = [anonymous, forged, good].map(({ status }) => status);

        expect([path, answers]).toEqual([
          path,
          [mode === 'required' ? 401 : 200, mode === 'public' ? 200 : 401, 200],
        ]);
      }
    });

    it('refuses with the whole answer on each closed route', async () => {
      await using app = await start();

      for (const [path] of given.routes.filter(([, mode]) => mode === 'required')) {
        expect(await app.get(path)).toBeRefused('credentials_missing');
        expect(await app.get(path, bearer('garbage'))).toBeRefused('token_malformed');
      }
    });
  });

  it('bound globally, on the class and on the method it verifies once', async () => {
    @Controller()
    @UseGuards(HankoAuthGuard)
    class EverywhereController {
      @RequireAuth()
      @UseGuards(HankoAuthGuard)
      @Get('everywhere')
      everywhere(@CurrentUser() user: HankoUser, @SessionToken() sessionToken: string): boolean {
        return user.id === userId && sessionToken === token;
      }
    }
    using authentications = recordChannel(HANKO_CHANNELS.authentication);
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [EverywhereController],
      providers: [APP_GUARD_PROVIDER],
    });

    expect((await app.get('/everywhere', bearer(token))).text).toBe('true');
    expect(authentications.messages).toEqual([
      {
        outcome: 'authenticated',
        userId,
        sessionId: expect.any(String),
        source: 'bearer',
        handler: 'EverywhereController.everywhere',
      },
    ]);
  });

  it('publishes one message for a request that stays anonymous, also with guard and parameters', async () => {
    @Controller()
    class FeedController {
      @OptionalAuth()
      @UseGuards(HankoAuthGuard)
      @Get('feed')
      feed(@CurrentUser() user: HankoUser | null, @SessionToken() sessionToken: string | null) {
        return { user, sessionToken };
      }
    }
    using authentications = recordChannel(HANKO_CHANNELS.authentication);
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [FeedController],
      providers: [APP_GUARD_PROVIDER],
    });

    expect((await app.get('/feed')).body).toEqual({ user: null, sessionToken: null });
    expect(authentications.messages).toEqual([
      { outcome: 'anonymous', handler: 'FeedController.feed' },
    ]);
  });

  it('ignores a foreign request.user', async () => {
    @Module({
      imports: [hankoModule()],
      controllers: [UnmarkedController],
      providers: [APP_GUARD_PROVIDER],
    })
    class ForeignUserModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(leaveForeignUser).forRoutes('*path');
      }
    }
    await using app = await startApp(platform, { imports: [ForeignUserModule] });

    expect(await app.get('/unmarked')).toBeRefused('credentials_missing');
    expect((await app.get('/unmarked', bearer(token))).body).toMatchObject({ id: userId });
  });

  it('leaves a foreign request.user alone where nobody is authenticated', async () => {
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [UnmarkedController],
      providers: [
        { provide: APP_GUARD, useClass: ForeignUserGuard },
        { provide: APP_GUARD, useExisting: HankoAuthGuard },
      ],
    });
    const foreign = { id: 'mallory', isAdmin: true };

    expect((await app.get('/public')).body).toEqual(foreign);
    expect((await app.get('/public', bearer(token))).body).toEqual(foreign);
    expect((await app.get('/optional')).body).toEqual(foreign);
    expect((await app.get('/optional', cookie(await hanko.expiredToken()))).body).toEqual(foreign);
    expect(await app.get('/unmarked')).toBeRefused('credentials_missing');
    expect((await app.get('/unmarked', bearer(token))).body).toMatchObject({ id: userId });
  });

  it('sets request.user to a frozen HankoUser without the token', async () => {
    let seen: unknown;
    @Controller()
    class SeeingController {
      @UseGuards(HankoAuthGuard)
      @Get('see')
      see(@Req() request: RequestWithUser): void {
        seen = request.user;
      }
    }
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [SeeingController],
    });
    await app.get('/see', bearer(token));

    expect(seen).toBeInstanceOf(HankoUser);
    expect(seen).toMatchObject({ id: userId, email: { address: 'ada@example.test' } });
    expect(Object.isFrozen(seen)).toBe(true);
    expect(JSON.stringify(seen)).not.toContain(token.split('.')[2]);
  });

  it('protects request-scoped controllers', async () => {
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class ScopedController {
      @UseGuards(HankoAuthGuard)
      @Get('guard')
      guarded(@CurrentUser('id') id: string): string {
        return id;
      }

      @Get('parameter')
      parameter(@CurrentUser('id') id: string): string {
        return id;
      }
    }
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [ScopedController],
    });

    for (const path of ['/scoped/guard', '/scoped/parameter']) {
      expect(await app.get(path)).toBeRefused('credentials_missing');
      expect((await app.get(path, bearer(token))).text).toBe(userId);
    }
  });

  it('can be bound in main.ts with useGlobalGuards', async () => {
    await using app = await startApp(
      platform,
      { imports: [hankoModule()], controllers: [PlainController] },
      { configure: (nest) => nest.useGlobalGuards(nest.get(HankoAuthGuard)) },
    );

    expect(await app.get('/plain')).toBeRefused('credentials_missing');
    expect((await app.get('/plain', bearer(token))).text).toBe('plain');
  });

  it('lets nobody in where it was made by hand', async () => {
    await using app = await startApp(
      platform,
      { imports: [hankoModule()], controllers: [PlainController] },
      { configure: (nest) => nest.useGlobalGuards(new HankoAuthGuard()) },
    );

    expect((await app.get('/plain')).status).toBe(500);
    expect((await app.get('/plain', bearer(token))).status).toBe(500);
  });

  describe('a subclass', () => {
    const serveWith = (guard: new (...args: never[]) => CanActivate) => {
      @Controller()
      class SubclassedController {
        @UseGuards(guard)
        @Get('sub')
        sub(@CurrentUser('id') id: string): string {
          return id;
        }
      }
      return startApp(platform, {
        imports: [hankoModule()],
        controllers: [SubclassedController],
        providers: [TenantDirectory],
      });
    };

    it.each([
      { what: 'without a constructor', guard: () => PlainSubclass },
      { what: 'that injects something of its own', guard: () => DependentSubclass },
      { what: 'that names every dependency with @Inject', guard: () => NamedSubclass },
      { what: 'that is request-scoped', guard: () => RequestScopedSubclass },
    ])('$what protects as the guard does', async ({ guard }) => {
      await using app = await serveWith(guard());

      expect(await app.get('/sub')).toBeRefused('credentials_missing');
      expect((await app.get('/sub', bearer(token))).text).toBe(userId);
    });

    it('that overrides onModuleInit protects as well', async () => {
      class SilentGuard extends HankoAuthGuard {
        override onModuleInit(): void {}
      }
      await using app = await serveWith(SilentGuard);

      expect(await app.get('/sub')).toBeRefused('credentials_missing');
      expect((await app.get('/sub', bearer(token))).text).toBe(userId);
    });

    it('can refuse more', async () => {
      class NobodyGuard extends HankoAuthGuard {
        override async canActivate(context: ExecutionContext): Promise<boolean> {
          await super.canActivate(context);
          return false;
        }
      }
      await using app = await serveWith(NobodyGuard);

      expect(await app.get('/sub')).toBeRefused('credentials_missing');
      expect((await app.get('/sub', bearer(token))).status).toBe(403);
    });
  });

  describe('isGlobal: false', () => {
    @Controller()
    class FeatureController {
      @UseGuards(HankoAuthGuard)
      @Get('feature')
      feature(@CurrentUser('id') id: string, @SessionToken() sessionToken: string): string {
        return sessionToken === token ? id : '';
      }
    }

    it('reaches a module that imports what exports it', async () => {
      @Module({ imports: [hankoModule(false)], exports: [HankoModule] })
      class AuthModule {}
      @Module({ imports: [AuthModule], controllers: [FeatureController] })
      class FeatureModule {}
      await using app = await startApp(platform, {
        imports: [FeatureModule, AuthModule],
        controllers: [PlainController],
      });

      expect((await app.get('/plain')).text).toBe('plain');
      expect(await app.get('/feature')).toBeRefused('credentials_missing');
      expect((await app.get('/feature', bearer(token))).text).toBe(userId);
    });

    it('reaches a module that imports the same constant', async () => {
      const constant = hankoModule(false);
      @Module({ imports: [constant], controllers: [FeatureController] })
      class FeatureModule {}
      await using app = await startApp(platform, {
        imports: [FeatureModule, constant],
        providers: [APP_GUARD_PROVIDER],
        controllers: [PlainController],
      });

      expect(await app.get('/plain')).toBeRefused('credentials_missing');
      expect((await app.get('/feature', bearer(token))).text).toBe(userId);
    });

    it('is a start-up error with the cure in a module that does not', async () => {
      @Module({ controllers: [FeatureController] })
      class FeatureModule {}
      const start = startApp(platform, { imports: [FeatureModule, hankoModule(false)] });

      await expect(start).rejects.toThrow(HankoConfigurationError);
      await expect(start).rejects.toThrow(
        /cannot see HankoModule.*isGlobal: false, also import the module/,
      );
    });
  });

  describe('without HankoModule', () => {
    @Controller()
    class GuardController {
      @UseGuards(HankoAuthGuard)
      @Get()
      get(): void {}
    }
    @Controller()
    class RequireAuthController {
      @RequireAuth()
      @Get()
      get(): void {}
    }
    @Controller()
    class CurrentUserController {
      @Get()
      get(@CurrentUser() user: HankoUser): unknown {
        return user;
      }
    }
    @Controller()
    class CurrentUserIdController {
      @Get()
      get(@CurrentUser('id') id: string): unknown {
        return id;
      }
    }
    @Controller()
    class SessionTokenController {
      @Get()
      get(@SessionToken() sessionToken: string): unknown {
        return sessionToken;
      }
    }

    it.each([
      { user: 'HankoAuthGuard', controller: GuardController },
      { user: 'HankoAuthGuard', controller: RequireAuthController },
      { user: '@CurrentUser()', controller: CurrentUserController },
      { user: '@CurrentUser()', controller: CurrentUserIdController },
      { user: '@SessionToken()', controller: SessionTokenController },
    ])('$controller.name is a start-up error with the cure', async ({ user, controller }) => {
      const error: unknown = await startApp(platform, { controllers: [controller] }).catch(
        (reason: unknown) => reason,
      );

      expect(error).toBeInstanceOf(HankoConfigurationError);
      expect(error).toMatchObject({
        code: 'configuration_invalid',
        faults: [
          { path: user, hint: expect.stringContaining('Import HankoModule.forRoot() once') },
        ],
      });
    });

    it('APP_GUARD with useExisting is a start-up error that names the guard', async () => {
      const start = startApp(platform, {
        controllers: [PlainController],
        providers: [APP_GUARD_PROVIDER],
      });

      await expect(start).rejects.toThrow(/HankoAuthGuard/);
    });
  });
});

describe('marks that contradict each other', () => {
  it.each([
    ['public', 'required', Public(), RequireAuth()],
    ['public', 'optional', Public(), OptionalAuth()],
    ['optional', 'required', OptionalAuth(), RequireAuth()],
    ['required', 'public', RequireAuth(), Public()],
    ['optional', 'public', OptionalAuth(), Public()],
    ['required', 'optional', RequireAuth(), OptionalAuth()],
  ])('%s and %s on one handler or class throw while it is loaded', (a, b, first, second) => {
    const message = new RegExp(`is marked both ${a} and ${b}`);

    expect(() => {
      class Handlers {
        @second
        @first
        get(): void {}
      }
      return Handlers;
    }).toThrow(message);
    expect(() => {
      @second
      @first
      class Marked {}
      return Marked;
    }).toThrow(message);
  });

  it('name the class and the handler', () => {
    expect(() => {
      class NotesController {
        @Public()
        @RequireAuth()
        list(): void {}
      }
      return NotesController;
    }).toThrow(/NotesController\.list: is marked both/);
  });

  it('the same mark twice is fine', () => {
    expect(() => {
      @Public()
      @Public()
      class Twice {
        @RequireAuth()
        @RequireAuth()
        get(): void {}
      }
      return Twice;
    }).not.toThrow();
  });
});

describe.each(PLATFORMS)('handlers inherited from a base class, on %s', (platform) => {
  abstract class BaseController {
    @Get('unmarked')
    unmarked(): string {
      return 'in';
    }

    @Public()
    @Get('public')
    open(): string {
      return 'in';
    }

    @RequireAuth()
    @Get('required')
    closed(): string {
      return 'in';
    }
  }

  @Controller('plain')
  class PlainChild extends BaseController {}

  @Public()
  @Controller('public')
  class PublicChild extends BaseController {}

  @RequireAuth()
  @Controller('required')
  class RequiredChild extends BaseController {}

  @Public()
  @Controller('overriding')
  class OverridingChild extends BaseController {
    @RequireAuth()
    @Get('unmarked')
    override unmarked(): string {
      return 'overridden';
    }
  }

  @Public()
  abstract class PublicBase {
    @Get('get')
    get(): string {
      return 'in';
    }
  }

  @Controller('of-public')
  class ChildOfPublic extends PublicBase {}

  @RequireAuth()
  @Controller('closed-of-public')
  class ClosedChildOfPublic extends PublicBase {}

  it("keep their own marks, and take the child's class mark where they have none", async () => {
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      providers: [APP_GUARD_PROVIDER],
      controllers: [
        PlainChild,
        PublicChild,
        RequiredChild,
        OverridingChild,
        ChildOfPublic,
        ClosedChildOfPublic,
      ],
    });
    const expected = {
      '/plain/unmarked': 401,
      '/plain/public': 200,
      '/plain/required': 401,
      '/public/unmarked': 200,
      '/public/public': 200,
      '/public/required': 401,
      '/required/unmarked': 401,
      '/required/public': 200,
      '/required/required': 401,
      '/overriding/unmarked': 401,
      '/overriding/public': 200,
      '/overriding/required': 401,
      '/of-public/get': 200,
      '/closed-of-public/get': 401,
    };
    const answers: Record<string, number> = {};
    for (const path of Object.keys(expected)) answers[path] = (await app.get(path)).status;

    expect(answers).toEqual(expected);
  });

  it('@RequireAuth() closes them without any other guard', async () => {
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [PublicChild, RequiredChild],
    });

    expect(await app.get('/public/required')).toBeRefused('credentials_missing');
    expect(await app.get('/required/unmarked')).toBeRefused('credentials_missing');
    expect((await app.get('/required/public')).status).toBe(200);
  });
});

@Injectable()
class ForeignUserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<RequestWithUser>().user = { id: 'mallory', isAdmin: true };
    return true;
  }
}

@Injectable()
class TenantDirectory {}

class PlainSubclass extends HankoAuthGuard {}

@Injectable()
class DependentSubclass extends HankoAuthGuard {
  constructor(
    readonly reflector: Reflector,
    readonly tenants: TenantDirectory,
  ) {
    super();
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (!(this.reflector instanceof Reflector)) throw new Error('not the Reflector');
    if (!(this.tenants instanceof TenantDirectory)) throw new Error('not the TenantDirectory');
    return super.canActivate(context);
  }
}

@Injectable()
class NamedSubclass extends HankoAuthGuard {
  constructor(
    @Inject(TenantDirectory) readonly tenants: TenantDirectory,
    @Inject(HankoAuthService) readonly service: HankoAuthService,
  ) {
    super();
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (!(this.tenants instanceof TenantDirectory)) throw new Error('not the TenantDirectory');
    if (!(this.service instanceof HankoAuthService)) throw new Error('not the service');
    return super.canActivate(context);
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedSubclass extends HankoAuthGuard {
  constructor(readonly tenants: TenantDirectory) {
    super();
  }
}
