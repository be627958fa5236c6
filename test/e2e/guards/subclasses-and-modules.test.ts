import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  HankoModule,
  HankoUser,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PlainController, PLATFORMS, startApp } from '../../support/app.js';
import {
  useGuardedHanko,
  userId,
  token,
  hankoModule,
  APP_GUARD_PROVIDER,
} from '../../support/guarded-app.js';

useGuardedHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
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
