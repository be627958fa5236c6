import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Post,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { FakeHanko } from 'fake-hanko';
import { CurrentUser, HankoAuthGuard, OptionalAuth, Public, RequireAuth } from 'nestjs-hanko';
import { describeRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, type RunningApp } from '../../support/app.js';
import { APP_GUARD_PROVIDER, starter } from '../../support/lost-marks.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const problemsOf = ({ app }: RunningApp): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(describeRoutes(app).map(({ route, problems }) => [route, problems]));

describe.each(PLATFORMS)('the audit of guards, on %s', (platform) => {
  const start = starter(platform, () => hanko.url);

  @Controller()
  class PlainController {
    @Get('get')
    get(): string {
      return 'in';
    }
  }

  it('names an inherited mark that opens what a subclass guards, and the log does', async () => {
    @Public()
    abstract class PublicBase {
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    @UseGuards(HankoAuthGuard)
    @Controller('heir')
    class HeirController extends PublicBase {}
    @Public()
    @Controller('own')
    class OwnController {
      @UseGuards(HankoAuthGuard)
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    @OptionalAuth()
    abstract class OptionalBase extends PublicBase {}
    @UseGuards(HankoAuthGuard)
    @Controller('optional')
    class OptionalController extends OptionalBase {}
    @RequireAuth()
    @Controller('closed')
    class ClosedController extends PublicBase {}
    await using app = await start([
      HeirController,
      OwnController,
      OptionalController,
      ClosedController,
    ]);

    expect((await app.get('/heir/get')).status).toBe(200);
    expect(problemsOf(app)).toEqual({
      'GET /heir/get': [
        expect.stringMatching(
          /^@Public\(\) on PublicBase overrides the HankoAuthGuard .* to HeirController\./,
        ),
      ],
      'GET /own/get': [
        expect.stringMatching(
          /^@Public\(\) on OwnController overrides .* bound to OwnController\.get\./,
        ),
      ],
      'GET /optional/get': [
        expect.stringMatching(
          /^@OptionalAuth\(\) on OptionalBase overrides .* to OptionalController\./,
        ),
      ],
      'GET /closed/get': [],
    });
    expect(app.log.messages('warn', 'HankoRoutes')).toContainEqual(
      expect.stringMatching(/^HeirController\.get: @Public\(\) on PublicBase overrides/),
    );
  });

  it('says nothing of a @Public() handler in a guarded class', async () => {
    @UseGuards(HankoAuthGuard)
    @Controller()
    class UsualController {
      @Public()
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    await using app = await start([UsualController]);

    expect(problemsOf(app)).toEqual({ 'GET /get': [] });
  });

  it.each([
    { how: 'useGlobalGuards(new …)', isGlobal: true },
    { how: '@UseGuards(new …)', isGlobal: false },
  ])('names a guard that has no service: $how', async ({ isGlobal }) => {
    class NewController extends PlainController {}
    Controller()(NewController);
    if (!isGlobal) UseGuards(new HankoAuthGuard())(NewController);
    await using app = await start(
      [NewController],
      {},
      {
        configure: (nest) => isGlobal && nest.useGlobalGuards(new HankoAuthGuard()),
      },
    );

    expect((await app.get('/get')).status).toBe(500);
    expect(problemsOf(app)).toEqual({
      'GET /get': [
        expect.stringMatching(/^HankoAuthGuard was made with new, .*refuses every request/),
      ],
    });
  });

  it('notes a guard that decides by itself', async () => {
    @Injectable()
    class KeyOrSessionGuard extends HankoAuthGuard {
      override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
        return super.canActivate(context);
      }
    }
    class PlainGuard extends HankoAuthGuard {}
    @UseGuards(PlainGuard)
    @Controller('plain')
    class OtherController extends PlainController {}
    @UseGuards(KeyOrSessionGuard)
    @Controller('key')
    class KeyController extends PlainController {}
    await using app = await start([OtherController, KeyController]);

    expect(describeRoutes(app.app)).toMatchObject([
      { route: 'GET /plain/get', access: 'required', notes: [] },
      {
        route: 'GET /key/get',
        access: 'required',
        notes: [expect.stringMatching(/^KeyOrSessionGuard overrides canActivate\(\)/)],
      },
    ]);
  });

  it('notes it also where APP_GUARD binds it', async () => {
    @Injectable()
    class DecidingGuard extends HankoAuthGuard {
      override canActivate(): boolean {
        return true;
      }
    }
    await using app = await start([PlainController], {
      providers: [{ provide: APP_GUARD, useClass: DecidingGuard }],
    });

    expect(describeRoutes(app.app)[0]?.notes).toHaveLength(1);
  });
});

describe.each(PLATFORMS)('the audit of caches, on %s', (platform) => {
  const start = starter(platform, () => hanko.url);

  /** As that of `@nestjs/cache-manager`: what it answers is of no interest here. */
  @Injectable()
  class CacheInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler): unknown {
      return next.handle();
    }

    protected trackBy(_context: ExecutionContext): string | undefined {
      return 'url';
    }
  }

  @Injectable()
  class PerUserCacheInterceptor extends CacheInterceptor {
    protected override trackBy(_context: ExecutionContext): string | undefined {
      return 'user and url';
    }
  }

  @Injectable()
  class RenamedInterceptor extends CacheInterceptor {}

  @Controller()
  class NotesController {
    @Get('closed')
    closed(): string {
      return 'closed';
    }

    @Public()
    @Get('open')
    open(): string {
      return 'open';
    }

    @Post('write')
    write(): string {
      return 'written';
    }

    @SetMetadata('cache_module:cache_key', 'notes')
    @Post('keyed')
    keyed(): string {
      return 'keyed';
    }

    @SetMetadata('cache_module:cache_key', () => 'user and url')
    @Get('own-key')
    ownKey(): string {
      return 'own key';
    }
  }

  const cached = expect.stringMatching(
    /^CacheInterceptor keeps one response per URL.*trackBy\(\)/,
  ) as string;
  const none = {
    'GET /closed': [],
    'GET /open': [],
    'POST /write': [],
    'POST /keyed': [],
    'GET /own-key': [],
  };

  it.each([
    { how: 'the app', type: CacheInterceptor },
    { how: 'a subclass with the same key', type: RenamedInterceptor },
  ])('names one that answers by URL: of $how', async ({ type }) => {
    await using app = await start([NotesController], {
      providers: [APP_GUARD_PROVIDER, { provide: APP_INTERCEPTOR, useClass: type }],
    });

    expect(problemsOf(app)).toEqual({ ...none, 'GET /closed': [cached], 'POST /keyed': [cached] });
  });

  it('names one on a class, and on a handler', async () => {
    @UseInterceptors(CacheInterceptor)
    @Controller()
    class CachedController extends NotesController {}
    @Controller('handler')
    class CachedHandlerController {
      @UseInterceptors(new CacheInterceptor() as never)
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    await using app = await start([CachedController, CachedHandlerController], {
      providers: [APP_GUARD_PROVIDER],
    });

    expect(problemsOf(app)).toMatchObject({
      'GET /closed': [cached],
      'GET /handler/get': [cached],
    });
  });

  it('names none whose key is its own, and none where nobody signs in', async () => {
    const providers = [{ provide: APP_INTERCEPTOR, useClass: PerUserCacheInterceptor }];
    await using own = await start([NotesController], {
      providers: [...providers, APP_GUARD_PROVIDER],
    });
    expect(problemsOf(own)).toEqual(none);

    @UseInterceptors(CacheInterceptor)
    @Controller()
    class AnonymousController extends NotesController {}
    await using anonymous = await start([AnonymousController]);
    expect(problemsOf(anonymous)).toEqual(none);
  });

  it('names one in front of a parameter that stands for the guard', async () => {
    @UseInterceptors(CacheInterceptor)
    @Controller()
    class ParameterController {
      @Get('get')
      get(@CurrentUser('id') id: string): string {
        return id;
      }
    }
    await using app = await start([ParameterController]);

    expect(problemsOf(app)['GET /get']).toContainEqual(cached);
  });
});
