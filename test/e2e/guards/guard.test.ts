import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Req,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  PlainController,
  PLATFORMS,
  recordChannel,
  startApp,
} from '../../support/app.js';
import {
  useGuardedHanko,
  hanko,
  userId,
  token,
  hankoModule,
  APP_GUARD_PROVIDER,
} from '../../support/guarded-app.js';

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

useGuardedHanko();

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
});

@Injectable()
class ForeignUserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<RequestWithUser>().user = { id: 'mallory', isAdmin: true };
    return true;
  }
}
