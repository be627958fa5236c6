import {
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  type ModuleMetadata,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { describeRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, type StartOptions, startApp } from '../../support/app.js';
import { accessOf } from '../../support/routes.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

describe.each(PLATFORMS)('problems of routes on %s', (platform) => {
  const start = (metadata: ModuleMetadata, options: StartOptions = {}) =>
    startApp(
      platform,
      {
        ...metadata,
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      },
      options,
    );
  /** An app that has not been initialized. */
  const created = async (metadata: ModuleMetadata): Promise<INestApplication> => {
    const testing = await Test.createTestingModule({
      ...metadata,
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
    }).compile();
    return testing.createNestApplication(
      platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter(),
      { logger: false },
    );
  };
  const problems = async (
    metadata: ModuleMetadata,
    options?: StartOptions,
  ): Promise<Readonly<Record<string, readonly string[]>>> => {
    await using app = await start(metadata, options);
    return Object.fromEntries(
      describeRoutes(app.app).map((found) => [found.route, found.problems]),
    );
  };

  @Controller()
  class ParametersController {
    @Get('user')
    user(@CurrentUser('id') id: unknown): unknown {
      return id;
    }

    @Get('both')
    both(@SessionToken() token: unknown, @CurrentUser() user: unknown): unknown {
      return { token, user };
    }

    @Public()
    @Get('public')
    open(@CurrentUser() user: unknown): unknown {
      return { user };
    }

    @OptionalAuth()
    @Get('optional')
    optional(): string {
      return 'optional';
    }
  }

  it('are parameters that stand for a guard, and marks that need one', async () => {
    const found = await problems({ controllers: [ParametersController] });

    expect(found['GET /user']).toEqual([
      expect.stringMatching(
        /^Only its parameter @CurrentUser\(\) authenticates, .* Bind the guard: APP_GUARD/,
      ),
    ]);
    expect(found['GET /both']?.join()).toMatch(/@CurrentUser\(\)/);
    expect(found['GET /both']?.join()).toMatch(/@SessionToken\(\)/);
    expect(found['GET /public']).toEqual([
      expect.stringMatching(/^@CurrentUser\(\) is always null here/),
    ]);
    expect(found['GET /optional']).toEqual([
      expect.stringMatching(/^@OptionalAuth\(\) binds no guard/),
    ]);
  });

  it('are seen also in a handler that is inherited', async () => {
    @Controller('heir')
    class HeirController extends ParametersController {}

    expect((await problems({ controllers: [HeirController] }))['GET /heir/user']).toEqual([
      expect.stringMatching(/^Only its parameter/),
    ]);
  });

  it('are not there where the guard runs', async () => {
    const found = await problems({
      controllers: [ParametersController],
      providers: [APP_GUARD_PROVIDER],
    });

    expect(found).toMatchObject({ 'GET /user': [], 'GET /both': [], 'GET /optional': [] });
  });

  it('are demands that a mark drops', async () => {
    @Controller()
    @RequireAuth({ mfa: true, maxAgeSeconds: 60 })
    class StrictController {
      @Public()
      @Get('public')
      open(): string {
        return 'public';
      }

      @OptionalAuth()
      @Get('optional')
      optional(): string {
        return 'optional';
      }

      @Get('strict')
      strict(): string {
        return 'strict';
      }
    }
    const found = await problems({ controllers: [StrictController] });

    expect(found).toEqual({
      'GET /public': [
        expect.stringMatching(/^@Public\(\) drops the demands of .* \(mfa, maxAgeSeconds\)/),
      ],
      'GET /optional': [expect.stringMatching(/^@OptionalAuth\(\) drops .*\(mfa, maxAgeSeconds\)/)],
      'GET /strict': [],
    });
  });

  it('are a guard that is bound to the whole app twice', async () => {
    const found = await problems({
      controllers: [ParametersController],
      providers: [APP_GUARD_PROVIDER, { provide: APP_GUARD, useClass: HankoAuthGuard }],
    });

    expect(found['GET /user']).toEqual([
      expect.stringMatching(/^HankoAuthGuard is bound to the whole app 2 times\./),
    ]);
  });

  it('are guards that the class hides from Nest, and the app does not start', async () => {
    @Controller()
    class BoundController {
      constructor() {
        this.list = this.list.bind(this);
      }

      @RequireAuth()
      @Get('list')
      list(): string {
        return 'list';
      }
    }
    const app = await created({ controllers: [BoundController] });

    expect(describeRoutes(app)).toMatchObject([
      {
        access: 'unguarded',
        problems: [
          expect.stringMatching(/^HankoAuthGuard is bound here and does not run: .* bind/),
        ],
      },
    ]);
    await expect(app.init()).rejects.toThrow(/BoundController\.list: HankoAuthGuard is bound here/);
    await app.close();
  });

  it('are guards that were bound when Nest had read the class, and the app does not start', async () => {
    class LateGuard implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }

    @Controller()
    class LateController {
      @Get('list')
      list(): string {
        return 'list';
      }
    }
    const app = await created({ controllers: [LateController] });
    UseGuards(LateGuard, HankoAuthGuard)(LateController);

    expect(describeRoutes(app)).toMatchObject([
      {
        access: 'unguarded',
        otherGuards: [],
        problems: [
          expect.stringMatching(/^LateGuard is bound here and does not run: Nest has no instance/),
          expect.stringMatching(/^HankoAuthGuard is bound here and does not run/),
        ],
      },
    ]);
    await expect(app.init()).rejects.toThrow(/LateController\.list: HankoAuthGuard is bound here/);
    await app.close();
  });

  it('are guards that a test has replaced', async () => {
    await using app = await start(
      { controllers: [GuardedController] },
      {
        override: (builder) =>
          builder.overrideGuard(HankoAuthGuard).useValue({ canActivate: () => true }),
      },
    );

    expect((await app.get('/guarded')).status).toBe(200);
    expect(accessOf(app.app)).toEqual({ 'GET /guarded': 'unguarded' });
    expect(describeRoutes(app.app)[0]?.problems).toEqual([
      expect.stringMatching(/^HankoAuthGuard is bound here and does not run: something else/),
    ]);
  });

  @Controller()
  class GuardedController {
    @UseGuards(HankoAuthGuard)
    @Get('guarded')
    guarded(): string {
      return 'guarded';
    }
  }
});
