import { Controller, Get, type ModuleMetadata, Post, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { HankoAuthGuard, HankoModule, OptionalAuth, Public, RequireAuth } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { describeRoutes, expectNoOpenRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from '../../support/app.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const imports = (logRoutes = false) => [
  HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', logRoutes }),
];
const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

class KeyGuard {
  canActivate(): boolean {
    return true;
  }
}

@Controller('notes')
class NotesController {
  @Public()
  @Get('health')
  health(): string {
    return 'ok';
  }

  @OptionalAuth()
  @Get('feed')
  feed(): string {
    return 'feed';
  }

  @Get()
  @UseGuards(KeyGuard)
  list(): string {
    return 'list';
  }

  @RequireAuth({ mfa: true })
  @Post()
  create(): string {
    return 'created';
  }
}

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe.each(PLATFORMS)('expectNoOpenRoutes on %s', (platform) => {
  const start = (metadata: ModuleMetadata) =>
    startApp(platform, { controllers: [NotesController], imports: imports(), ...metadata });

  it('names every open route, why it is open, and what to do', async () => {
    await using app = await start({});

    expect(messageOf(() => expectNoOpenRoutes(app.app))).toBe(
      [
        '3 routes are open:',
        '  GET /notes/health (NotesController.health): @Public() allows everyone.',
        '  GET /notes/feed (NotesController.feed): no HankoAuthGuard runs. Bind it: APP_GUARD, @UseGuards(HankoAuthGuard) or @RequireAuth().',
        '    @OptionalAuth() binds no guard, so nothing checks credentials. Bind it: APP_GUARD, @UseGuards(HankoAuthGuard) or @RequireAuth().',
        '  GET /notes (NotesController.list): no HankoAuthGuard runs, only KeyGuard. Bind it: APP_GUARD, @UseGuards(HankoAuthGuard) or @RequireAuth().',
        'Protect them, or list them in `except` if they are open on purpose.',
      ].join('\n'),
    );
  });

  it('passes where the open ones are named by route or by handler', async () => {
    await using app = await start({ providers: [APP_GUARD_PROVIDER] });

    expectNoOpenRoutes(app.app, { except: ['GET /notes/health', 'NotesController.feed'] });
    expect(messageOf(() => expectNoOpenRoutes(app.app, { except: ['GET /notes/health'] }))).toBe(
      [
        '1 route is open:',
        '  GET /notes/feed (NotesController.feed): @OptionalAuth() allows anonymous callers.',
        'Protect them, or list them in `except` if they are open on purpose.',
      ].join('\n'),
    );
  });

  it('fails for exceptions that name nothing, or a closed route', async () => {
    await using app = await start({ providers: [APP_GUARD_PROVIDER] });
    const except = [
      'NotesController.health',
      'GET /notes/feed',
      'POST /notes',
      'get /notes/feed',
      'NotesController.gone',
    ];

    expect(messageOf(() => expectNoOpenRoutes(app.app, { except }))).toBe(
      [
        'Remove these from `except`, or write them as describeRoutes() lists them:',
        '  POST /notes: it is not open',
        '  get /notes/feed: no route or handler has this name',
        '  NotesController.gone: no route or handler has this name',
      ].join('\n'),
    );
  });

  it("fails for a handler's name that several classes have, and asks for the route", async () => {
    class Health {
      @Public()
      @Get('status')
      status(): string {
        return 'ok';
      }
    }
    @Controller('a')
    class First extends Health {}
    @Controller('b')
    class Second extends Health {}
    for (const type of [First, Second]) {
      Object.defineProperty(type, 'name', { value: 'StatusController' });
    }
    await using app = await start({ controllers: [First, Second] });

    expect(
      messageOf(() => expectNoOpenRoutes(app.app, { except: ['StatusController.status'] })),
    ).toBe(
      [
        'Remove these from `except`, or write them as describeRoutes() lists them:',
        '  StatusController.status: it fits 2 classes. Name one of their routes instead: GET /a/status, GET /b/status',
      ].join('\n'),
    );
    expectNoOpenRoutes(app.app, { except: ['GET /a/status', 'GET /b/status'] });
  });

  it('fails for an app without a route: it would promise nothing', async () => {
    await using app = await start({ controllers: [] });

    expect(() => expectNoOpenRoutes(app.app)).toThrow('The app has no routes');
  });
});

describe('the app that is looked at', () => {
  it('need not listen, nor be initialized', async () => {
    const testing = await Test.createTestingModule({
      imports: imports(),
      controllers: [NotesController],
      providers: [APP_GUARD_PROVIDER],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    app.setGlobalPrefix('api');
    const before = describeRoutes(app);
    expectNoOpenRoutes(app, { except: ['GET /api/notes/health', 'GET /api/notes/feed'] });
    await app.init();

    expect(describeRoutes(app)).toEqual(before);
    await app.close();
  });

  it('cannot be the testing module, which has no routes', async () => {
    const testing = await Test.createTestingModule({ imports: imports() }).compile();

    expect(() => describeRoutes(testing)).toThrow(/createNestApplication\(\)/);
    await testing.close();
  });
});

describe.each(PLATFORMS)('logRoutes on %s', (platform) => {
  it('logs each route once when the app starts, and its problems as warnings', async () => {
    await using app = await startApp(platform, {
      imports: imports(true),
      controllers: [NotesController],
    });

    expect(app.log.messages('log', 'HankoRoutes')).toEqual([
      'public     GET /notes/health  NotesController.health',
      'unguarded  GET /notes/feed    NotesController.feed',
      'unguarded  GET /notes         NotesController.list (KeyGuard)',
      'required   POST /notes        NotesController.create (mfa)',
      expect.stringMatching(/^Not listed, because no guard runs for it: .*hankoMiddleware\(\)/),
    ]);
    expect(app.log.messages('warn', 'HankoRoutes')).toEqual([
      expect.stringMatching(/^NotesController\.feed: @OptionalAuth\(\) binds no guard/),
    ]);
  });

  it('is off by default: only problems are logged', async () => {
    await using app = await startApp(platform, {
      imports: imports(),
      controllers: [NotesController],
    });

    expect(app.log.messages('log', 'HankoRoutes')).toEqual([]);
    expect(app.log.messages('warn', 'HankoRoutes')).toEqual([
      expect.stringMatching(/^NotesController\.feed: @OptionalAuth\(\) binds no guard/),
    ]);
  });
});
