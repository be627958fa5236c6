import '../../support/to-be-refused.js';
import type { IncomingMessage } from 'node:http';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  type HankoAuthenticateOptions,
  HankoAuthGuard,
  HankoAuthService,
  type HankoModuleOptions,
  type HankoUser,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  cookie,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { expectRevoked } from '../../support/session-spy.js';
import {
  hanko,
  userId,
  token,
  sessionId,
  found,
  asked,
  hankoModule,
  CONTROLLERS,
  useFakeHanko,
} from '../../support/session-policy-app.js';
import { sessionIdIn } from '../../support/claims-in.js';

useFakeHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (options: HankoModuleOptions = {}): Promise<RunningApp> =>
    startApp(platform, {
      imports: [hankoModule(options)],
      controllers: CONTROLLERS,
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  /** Whether this token is let in, and as whom. */
  const isIn = async (app: RunningApp, path: string, good = token): Promise<boolean> =>
    (await app.get(path, bearer(good))).text === sessionIdIn(good);

  describe('one request', () => {
    @RequireAuth({ session: 'online' })
    @UseGuards(HankoAuthGuard)
    @Controller('often')
    class OftenController {
      @RequireAuth()
      @UseGuards(HankoAuthGuard)
      @Get()
      get(
        @CurrentUser() user: HankoUser,
        @CurrentUser('id') id: string,
        @SessionToken() sessionToken: string,
      ): boolean {
        return user.id === id && sessionToken === token;
      }
    }

    @Controller('unguarded')
    class UnguardedController {
      @Get()
      get(@CurrentUser() user: HankoUser, @CurrentUser('id') id: string): boolean {
        return user.id === id;
      }
    }

    it("is one question under 'online', however many guards and parameters want to know", async () => {
      await using app = await startApp(platform, {
        imports: [hankoModule()],
        controllers: [OftenController],
        providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
      });
      for (const count of [1, 2]) {
        expect((await app.get('/often', bearer(token))).text).toBe('true');
        expect(asked()).toBe(count);
      }
      hanko.revoke(token);
      expectRevoked(await app.get('/often', bearer(token)));
      expect(asked()).toBe(3);
    });

    it('is one question by @CurrentUser() where no guard ran', async () => {
      await using app = await startApp(platform, {
        imports: [hankoModule({ session: 'online' })],
        controllers: [UnguardedController],
      });
      expect((await app.get('/unguarded', bearer(token))).text).toBe('true');
      expect(asked()).toBe(1);
      hanko.revoke(token);

      expectRevoked(await app.get('/unguarded', bearer(token)));
    });
  });

  describe('in middleware', () => {
    /** An app whose middleware authenticates each request like this, whatever comes of it. */
    const startWith = (
      options: HankoModuleOptions,
      how?: HankoAuthenticateOptions,
    ): Promise<RunningApp> => {
      @Injectable()
      class NotingMiddleware implements NestMiddleware {
        constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

        async use(request: IncomingMessage, _response: unknown, next: () => void): Promise<void> {
          const user = await this.auth
            .authenticate(request, how ?? {})
            .catch(({ code }: { code: string }) => code);
          found.push(typeof user === 'string' || user === null ? user : user.sessionId);
          next();
        }
      }
      @Module({ controllers: CONTROLLERS })
      class MiddlewareModule {
        configure(consumer: MiddlewareConsumer): void {
          consumer.apply(NotingMiddleware).forRoutes('*path');
        }
      }
      return startApp(platform, {
        imports: [hankoModule(options), MiddlewareModule],
        providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
      });
    };

    it("authenticate(request) follows the module, and a guard with 'online' asks all the same", async () => {
      await using app = await startWith({});
      expect(await isIn(app, '/online')).toBe(true);
      expect(asked()).toBe(1);
      hanko.revoke(token);

      expect((await app.get('/unmarked', bearer(token))).text).toBe(sessionId);
      expectRevoked(await app.get('/online', bearer(token)));
      expect(found).toEqual([sessionId, sessionId, sessionId]);
      expectRevoked(await app.get('/unmarked', bearer(token)));
      expect(found.at(-1)).toBe('session_revoked');
    });

    it('what the middleware of an optional kind found opens no route', async () => {
      await using app = await startWith({}, { optional: true });
      hanko.revoke(token);

      expectRevoked(await app.get('/online', cookie(token)));
      expect((await app.get('/strict/optional', cookie(token))).text).toBe('nobody');
      expect(found).toEqual([sessionId, null]);
    });

    it('under the same policy middleware and guard ask once', async () => {
      await using app = await startWith({ session: 'online' });

      expect(await isIn(app, '/unmarked')).toBe(true);
      expect(asked()).toBe(1);
    });

    it('the same policy, written in two places, asks once', async () => {
      await using app = await startWith({}, { session: 'online' });

      expect(await isIn(app, '/online')).toBe(true);
      expect(asked()).toBe(1);
    });

    it('publishes one message for a request that is looked at by two policies', async () => {
      await using app = await startWith({});
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await app.get('/online', bearer(token));

      expect(authentications.messages).toEqual([
        expect.objectContaining({ outcome: 'authenticated', userId }),
      ]);
    });

    it("authenticate(request, { session: 'online' }) asks where the module does not", async () => {
      await using app = await startWith({}, { session: 'online' });
      expect(await isIn(app, '/unmarked')).toBe(true);
      hanko.revoke(token);

      // The guard asks nobody, and knows what the middleware has learned.
      expectRevoked(await app.get('/unmarked', bearer(token)));
      expect(found).toEqual([sessionId, 'session_revoked']);
      expect(asked()).toBe(2);
    });

    it("authenticate(request, { session: 'offline' }) asks nobody where the module does", async () => {
      await using app = await startWith({ session: 'online' }, { session: 'offline' });
      hanko.revoke(token);

      expect((await app.get('/offline', bearer(token))).text).toBe(sessionId);
      expect(asked()).toBe(0);
      expectRevoked(await app.get('/unmarked', bearer(token)));
      expect(found).toEqual([sessionId, sessionId]);
    });

    it('optional: true is null for a dead cookie and refuses a dead bearer', async () => {
      await using app = await startWith({ session: 'online' }, { optional: true });
      hanko.revoke(token);
      await app.get('/public', cookie(token));
      await app.get('/public', bearer(token));

      expect(found).toEqual([null, 'session_revoked']);
    });
  });

  describe('in a guard of the app', () => {
    @Injectable()
    class OwnGuard implements CanActivate {
      constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

      async canActivate(context: ExecutionContext): Promise<boolean> {
        found.push((await this.auth.authenticate(context)).sessionId);
        return true;
      }
    }

    @Injectable()
    class LaxGuard implements CanActivate {
      constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

      async canActivate(context: ExecutionContext): Promise<boolean> {
        found.push((await this.auth.authenticate(context, { session: 'offline' })).sessionId);
        return true;
      }
    }

    const startWith = (guard: Type<CanActivate>): Promise<RunningApp> =>
      startApp(platform, {
        imports: [hankoModule()],
        controllers: CONTROLLERS,
        providers: [
          { provide: APP_GUARD, useClass: guard },
          { provide: APP_GUARD, useExisting: HankoAuthGuard },
        ],
      });

    it('authenticate(context) follows the route', async () => {
      await using app = await startWith(OwnGuard);
      expect(await isIn(app, '/strict/unmarked')).toBe(true);
      expect(asked()).toBe(1);
      hanko.revoke(token);

      expect(await isIn(app, '/unmarked')).toBe(true);
      const { status, body, headers } = await app.get('/strict/unmarked', bearer(token));
      expect({ status, body }).toMatchObject({ status: 401, body: { code: 'session_revoked' } });
      // authenticate() sets no header fields: that is the guard's.
      expect(headers).not.toHaveProperty('www-authenticate');
      expect(found).toEqual([sessionId, sessionId]);
    });

    it('authenticate(context, { session }) does not, and our guard still does', async () => {
      await using app = await startWith(LaxGuard);
      hanko.revoke(token);

      expectRevoked(await app.get('/strict/unmarked', bearer(token)));
      expect(found).toEqual([sessionId]);
    });
  });

  describe('several cookies', () => {
    it('the one whose session is alive is the user', async () => {
      await using app = await start();
      const alive = await hanko.token({ user: userId });
      hanko.revoke(token);

      for (const headers of [cookie(token, alive), cookie(alive, token)]) {
        expect((await app.get('/online', headers)).text).toBe(sessionIdIn(alive));
      }
    });

    it('a dead session of somebody else does not make them ambiguous', async () => {
      await using app = await start();
      const stranger = await hanko.token();

      expect(await app.get('/online', cookie(stranger, token))).toBeRefused(
        'credentials_ambiguous',
      );
      hanko.revoke(stranger);
      expect((await app.get('/online', cookie(stranger, token))).text).toBe(sessionId);
      // Who does not ask knows it from the one who did.
      expect((await app.get('/offline', cookie(stranger, token))).text).toBe(sessionId);
    });

    it('all of them dead is 401, and anonymous where that is allowed', async () => {
      await using app = await start();
      const other = await hanko.token({ user: userId });
      hanko.revoke(token);
      hanko.revoke(other);

      expectRevoked(await app.get('/online', cookie(token, other)));
      expect((await app.get('/strict/optional', cookie(token, other))).text).toBe('nobody');
    });
  });
});
