import {
  type CanActivate,
  Controller,
  Delete,
  Get,
  type INestApplication,
  Injectable,
  type ModuleMetadata,
  Post,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from '../../support/app.js';
import { accessOf, promised, refusals, routesOf } from '../../support/routes.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const hankoModule = () => HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });
const BY_EXISTING = { provide: APP_GUARD, useExisting: HankoAuthGuard };

@Injectable()
class LetThroughGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Controller('notes')
class NotesController {
  @Get()
  list(@CurrentUser() user: unknown): unknown {
    return { user };
  }

  @Public()
  @Get('health')
  health(): string {
    return 'ok';
  }

  @OptionalAuth()
  @Get('feed')
  feed(@CurrentUser() user: unknown): unknown {
    return { user };
  }

  @RequireAuth({ mfa: true, claims: { tier: 'gold' }, session: 'online' })
  @Delete(':id')
  remove(): string {
    return 'removed';
  }

  @UseGuards(LetThroughGuard)
  @Post(['', 'new'])
  create(): string {
    return 'created';
  }
}

describe.each(PLATFORMS)('describeRoutes on %s', (platform) => {
  const start = (
    metadata: ModuleMetadata,
    configure?: (app: INestApplication) => unknown,
    override?: NonNullable<Parameters<typeof startApp>[2]>['override'],
  ) =>
    startApp(
      platform,
      { ...metadata, imports: [hankoModule(), ...(metadata.imports ?? [])] },
      { ...(configure && { configure }), ...(override && { override }) },
    );

  class StricterGuard extends HankoAuthGuard {}

  @Injectable({ scope: Scope.REQUEST })
  class ScopedGuard extends HankoAuthGuard {}

  @Controller('scoped')
  @UseGuards(ScopedGuard)
  class ScopedController {
    @Get()
    get(): string {
      return 'scoped';
    }
  }

  describe('says who is let in', () => {
    it('where APP_GUARD closes the app', async () => {
      await using app = await start({
        controllers: [NotesController],
        providers: [BY_EXISTING],
      });

      expect(accessOf(app.app)).toEqual({
        'GET /notes': 'required',
        'GET /notes/health': 'public',
        'GET /notes/feed': 'optional',
        'DELETE /notes/:id': 'required',
        'POST /notes': 'required',
        'POST /notes/new': 'required',
      });
      expect(await refusals(app)).toEqual(promised(app.app));
    });

    it('and what is demanded of users, and which other guards run', async () => {
      await using app = await start({
        controllers: [NotesController],
        providers: [BY_EXISTING, { provide: APP_GUARD, useClass: LetThroughGuard }],
      });
      const found = routesOf(app.app);

      expect(found.get('DELETE /notes/:id')).toEqual({
        kind: 'http',
        route: 'DELETE /notes/:id',
        handler: 'NotesController.remove',
        access: 'required',
        demands: { mfa: true, claims: { tier: 'gold' }, session: 'online' },
        otherGuards: ['LetThroughGuard'],
        problems: [],
        notes: [],
      });
      expect(found.get('POST /notes/new')?.otherGuards).toEqual([
        'LetThroughGuard',
        'LetThroughGuard',
      ]);
      expect(found.get('GET /notes/feed')?.demands).toEqual({});
    });

    it('where there is no guard: @RequireAuth() binds one, @Public() is meant, the rest is open', async () => {
      await using app = await start({ controllers: [NotesController] });

      expect(accessOf(app.app)).toMatchObject({
        'GET /notes/health': 'public',
        'GET /notes/feed': 'unguarded',
        'DELETE /notes/:id': 'required',
        'POST /notes': 'unguarded',
      });
      expect(routesOf(app.app).get('GET /notes')?.access).toBe('unguarded');
      // The value is protected, the route is not: see its problem.
      expect({
        ...(await refusals(app)),
        'GET /notes': 'let in',
        'GET /notes/feed': 'let in',
      }).toEqual(promised(app.app));
    });

    it.each([
      { how: 'useClass', providers: [{ provide: APP_GUARD, useClass: HankoAuthGuard }] },
      { how: 'a subclass', providers: [{ provide: APP_GUARD, useClass: StricterGuard }] },
      {
        how: 'a subclass with a scope',
        providers: [{ provide: APP_GUARD, useClass: ScopedGuard }],
      },
      {
        how: 'an existing subclass with a scope',
        providers: [ScopedGuard, { provide: APP_GUARD, useExisting: ScopedGuard }],
      },
      {
        how: 'a factory',
        providers: [
          {
            provide: APP_GUARD,
            inject: [HankoAuthGuard],
            useFactory: (guard: HankoAuthGuard) => guard,
          },
        ],
      },
      { how: 'another guard', providers: [{ provide: APP_GUARD, useClass: LetThroughGuard }] },
    ])('where APP_GUARD is bound by $how', async ({ providers }) => {
      await using app = await start({ controllers: [PlainNotesController], providers });

      expect(await refusals(app)).toEqual(promised(app.app));
    });

    it('where main.ts binds the guard', async () => {
      await using app = await start({ controllers: [PlainNotesController] }, (nest) =>
        nest.useGlobalGuards(nest.get(HankoAuthGuard)),
      );

      expect(accessOf(app.app)).toEqual({ 'GET /plain-notes': 'required' });
      expect(await refusals(app)).toEqual(promised(app.app));
    });

    it('where classes and handlers bind it, inherit it, and override what is inherited', async () => {
      @UseGuards(HankoAuthGuard)
      abstract class Base {
        @Get('inherited')
        inherited(): string {
          return 'inherited';
        }

        @RequireAuth()
        @Get('overridden')
        overridden(): string {
          return 'overridden';
        }
      }

      @Controller('a')
      class AController extends Base {}

      @Controller('b')
      @Public()
      class BController extends Base {
        @Get('overridden')
        override overridden(): string {
          return 'again';
        }
      }

      @Controller('c')
      class CController {
        @UseGuards(StricterGuard)
        @Get('closed')
        closed(): string {
          return 'closed';
        }

        @UseGuards(LetThroughGuard, StricterGuard)
        @OptionalAuth()
        @Get('both')
        both(): string {
          return 'both';
        }

        @UseGuards(LetThroughGuard)
        @Get('open')
        open(): string {
          return 'open';
        }
      }
      await using app = await start({
        controllers: [AController, BController, CController, ScopedController],
      });

      expect(accessOf(app.app)).toEqual({
        'GET /a/inherited': 'required',
        'GET /a/overridden': 'required',
        'GET /b/inherited': 'public',
        'GET /b/overridden': 'required',
        'GET /c/closed': 'required',
        'GET /c/both': 'optional',
        'GET /c/open': 'unguarded',
        'GET /scoped': 'required',
      });
      expect(routesOf(app.app).get('GET /a/inherited')?.handler).toBe('AController.inherited');
      expect(routesOf(app.app).get('GET /b/inherited')?.handler).toBe('BController.inherited');
      expect(await refusals(app)).toEqual(promised(app.app));
    });
  });
});

@Controller('plain-notes')
class PlainNotesController {
  @Get()
  list(): string {
    return 'notes';
  }
}
