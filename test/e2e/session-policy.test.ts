import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  applyDecorators,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
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
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  type HankoSessionPolicy,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../support/e2e-answers.js';
import {
  bearer,
  cookie,
  FakeClock,
  PlainController,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  send,
  startApp,
} from '../support/e2e-app.js';
import {
  ArrivalGuard,
  expectRevoked,
  HeldFetch,
  SessionSpy,
  VALIDATE,
} from '../support/e2e-session.js';

const MINUTE = { refreshSeconds: 60 };

/** A mark of the app's own, as it would write it once and use it everywhere. */
const Sensitive = (): MethodDecorator =>
  applyDecorators(
    Header('Cache-Control', 'no-store'),
    RequireAuth({ session: 'online' }),
    RequireAuth(),
  );

@Controller()
class NotesController {
  @Get('unmarked')
  unmarked(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth()
  @Get('required')
  required(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'offline' })
  @Get('offline')
  offline(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: MINUTE })
  @Get('minute')
  minute(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: { ...MINUTE, keepAlive: false } })
  @Get('passive')
  passive(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('sessionId') sessionId: string | null): string {
    return sessionId ?? 'nobody';
  }

  @Public()
  @Get('public')
  open(@CurrentUser() user: HankoUser | null): string {
    return user === null ? 'open' : 'known';
  }

  @Sensitive()
  @Get('composed')
  composed(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }
}

@RequireAuth({ session: 'online' })
@Controller('strict')
class StrictController {
  @Get('unmarked')
  unmarked(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth()
  @Get('required')
  required(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'offline' })
  @Get('offline')
  offline(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: MINUTE })
  @Get('minute')
  minute(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('sessionId') sessionId: string | null): string {
    return sessionId ?? 'nobody';
  }

  @Public()
  @Get('public')
  open(): string {
    return 'open';
  }
}

@RequireAuth({ session: 'offline' })
@Controller('lax')
class LaxController {
  @Get('unmarked')
  unmarked(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }
}

let clock: FakeClock;
let hanko: FakeHanko;
let userId: string;
let token: string;
let sessionId: string;

/** What middleware and guards of the app found. */
let found: unknown[];

const sessionOf = (text: string): string => {
  const payload = Buffer.from(text.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(payload) as { session_id: string }).session_id;
};

/** How often Hanko was asked about sessions. */
const asked = (): number => hanko.countRequests(VALIDATE);

const methodsAsked = (): string[] =>
  hanko.requests.filter(({ path }) => path.endsWith(VALIDATE)).map(({ method }) => method);

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => clock.now() });
});
beforeEach(async () => {
  found = [];
  clock = new FakeClock();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
  sessionId = sessionOf(token);
  hanko.clearRequests();
});
afterEach(() => hanko.recover());
afterAll(() => hanko.stop());

const hankoModule = (options: HankoModuleOptions = {}) =>
  HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: clock.now, ...options });

const CONTROLLERS = [NotesController, StrictController, LaxController];

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (options: HankoModuleOptions = {}): Promise<RunningApp> =>
    startApp(platform, {
      imports: [hankoModule(options)],
      controllers: CONTROLLERS,
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  /** Whether this token is let in, and as whom. */
  const isIn = async (app: RunningApp, path: string, good = token): Promise<boolean> =>
    (await app.get(path, bearer(good))).text === sessionOf(good);

  describe("'offline', the default", () => {
    it('accepts a token whose session has ended until it expires, and asks nobody', async () => {
      await using app = await start();
      hanko.revoke(token);

      expect(await isIn(app, '/unmarked')).toBe(true);
      expect((await app.get('/optional', cookie(token))).text).toBe(sessionId);
      expect(asked()).toBe(0);
      clock.advanceSeconds(43_200 + 5);
      expect(await app.get('/unmarked', bearer(token))).toBeRefused('token_expired');
    });
  });

  describe("'online'", () => {
    it('lets an alive session in and asks on each request', async () => {
      await using app = await start();
      for (const count of [1, 2, 3]) {
        expect(await isIn(app, '/online')).toBe(true);
        expect(asked()).toBe(count);
      }
    });

    it('refuses from the moment on when the session has ended', async () => {
      await using app = await start();
      expect(await isIn(app, '/online')).toBe(true);
      hanko.revoke(token);

      expectRevoked(await app.get('/online', bearer(token)));
      expectRevoked(await app.get('/online', cookie(token)));
    });

    it('refuses after a real logout', async () => {
      await using app = await start();
      const { status } = await send(`${hanko.url}/logout`, bearer(token), { method: 'POST' });

      expect(status).toBe(204);
      expectRevoked(await app.get('/online', bearer(token)));
    });

    it('refuses a user who was deleted', async () => {
      await using app = await start();
      expect(await isIn(app, '/online')).toBe(true);
      hanko.deleteUser(userId);

      expectRevoked(await app.get('/online', bearer(token)));
    });

    it('ends one session of a user and no other', async () => {
      await using app = await start();
      const other = await hanko.token({ user: userId });
      hanko.revoke(token);

      expectRevoked(await app.get('/online', bearer(token)));
      expect(await isIn(app, '/online', other)).toBe(true);
    });

    it('asks about no token that is bad in itself', async () => {
      await using app = await start();
      const forged = await hanko.forgedToken('other-key-same-kid', { user: userId });
      const expired = await hanko.expiredToken({ user: userId });

      expect(await app.get('/online')).toBeRefused('credentials_missing');
      expect(await app.get('/online', bearer('garbage'))).toBeRefused('token_malformed');
      expect(await app.get('/online', bearer(forged))).toBeRefused('token_signature_invalid');
      expect(await app.get('/online', bearer(expired))).toBeRefused('token_expired');
      expect(asked()).toBe(0);
    });

    it('asks nobody for a cookie that a foreign site made the browser send', async () => {
      @Controller()
      class NoController {}
      await using app = await startApp(platform, {
        imports: [hankoModule({ session: 'online' })],
        controllers: [NoController],
      });
      const service = app.app.get(HankoAuthService, { strict: false });
      const request = {
        method: 'POST',
        headers: { cookie: `hanko=${token}`, 'sec-fetch-site': 'cross-site' },
      };

      await expect(service.authenticate(request)).rejects.toMatchObject({
        code: 'cross_site_request',
      });
      expect(asked()).toBe(0);
    });

    it('says why in the log and on the channels', async () => {
      using sessions = recordChannel(HANKO_CHANNELS.session);
      await using app = await start();
      await app.get('/online', bearer(token));
      hanko.revoke(token);
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await app.get('/online', bearer(token));

      const reason = 'Hanko says that the session has ended';
      expect(sessions.messages).toEqual([{ outcome: 'alive' }, { outcome: 'ended' }]);
      expect(authentications.messages).toEqual([
        {
          outcome: 'refused',
          code: 'session_revoked',
          reason,
          handler: 'NotesController.online',
        },
      ]);
      expect(app.log.messages('debug', 'HankoAuth')).toEqual([
        `session_revoked at NotesController.online: ${reason}`,
      ]);
    });

    it('works with the path of a tenant', async () => {
      await using tenant = await FakeHanko.start({ now: clock.now, tenantId: randomUUID() });
      const own = await tenant.token();
      await using app = await start({ apiUrl: tenant.url, session: 'online' });

      expect(await isIn(app, '/unmarked', own)).toBe(true);
      tenant.revoke(own);
      expectRevoked(await app.get('/unmarked', bearer(own)));
    });
  });

  describe('{ refreshSeconds: 60 }', () => {
    it('asks once a minute, and refuses when the minute is over', async () => {
      await using app = await start();
      expect(await isIn(app, '/minute')).toBe(true);
      hanko.revoke(token);

      clock.advanceSeconds(59);
      expect(await isIn(app, '/minute')).toBe(true);
      expect(asked()).toBe(1);
      clock.advanceSeconds(1);
      expectRevoked(await app.get('/minute', bearer(token)));
      expect(asked()).toBe(2);
    });

    it('counts from the last answer, not from the last request', async () => {
      await using app = await start();
      for (const [seconds, count] of [
        [0, 1],
        [40, 1],
        [20, 2],
        [59, 2],
        [1, 3],
      ] as const) {
        clock.advanceSeconds(seconds);
        expect(await isIn(app, '/minute')).toBe(true);
        expect([seconds, asked()]).toEqual([seconds, count]);
      }
    });

    it('remembers that a session has ended', async () => {
      await using app = await start();
      hanko.revoke(token);
      for (let i = 0; i < 3; i++) expectRevoked(await app.get('/minute', bearer(token)));

      expect(asked()).toBe(1);
    });

    it('asks for each session by itself', async () => {
      await using app = await start();
      const other = await hanko.token({ user: userId });
      expect(await isIn(app, '/minute')).toBe(true);
      hanko.revoke(other);

      expectRevoked(await app.get('/minute', bearer(other)));
      expect(await isIn(app, '/minute')).toBe(true);
      expect(asked()).toBe(2);
    });

    it('asks again after the clock was set back', async () => {
      await using app = await start();
      expect(await isIn(app, '/minute')).toBe(true);
      clock.advanceSeconds(-1);
      hanko.revoke(token);

      expectRevoked(await app.get('/minute', bearer(token)));
    });

    it('still checks the token itself on each request', async () => {
      await using app = await start({ session: { refreshSeconds: 86_400 } });
      expect(await isIn(app, '/unmarked')).toBe(true);
      clock.advanceSeconds(43_200 + 5);

      expect(await app.get('/unmarked', bearer(token))).toBeRefused('token_expired');
    });
  });

  describe('whose policy holds', () => {
    const OUT = 'out';
    const IN = 'in';
    const rows: readonly (readonly [HankoSessionPolicy, string, string])[] = [
      ['offline', '/unmarked', IN],
      ['offline', '/required', IN],
      ['offline', '/offline', IN],
      ['offline', '/online', OUT],
      ['offline', '/minute', OUT],
      ['offline', '/strict/unmarked', OUT],
      ['offline', '/strict/required', OUT],
      ['offline', '/strict/minute', OUT],
      ['offline', '/strict/offline', IN],
      ['offline', '/lax/unmarked', IN],
      ['offline', '/lax/online', OUT],
      ['online', '/unmarked', OUT],
      ['online', '/required', OUT],
      ['online', '/online', OUT],
      ['online', '/offline', IN],
      ['online', '/strict/unmarked', OUT],
      ['online', '/strict/offline', IN],
      ['online', '/lax/unmarked', IN],
      ['online', '/lax/online', OUT],
      [MINUTE, '/unmarked', OUT],
      [MINUTE, '/offline', IN],
      [MINUTE, '/lax/unmarked', IN],
    ];

    it.each(rows)('module %j: a revoked token at %s is %s', async (session, path, expected) => {
      await using app = await start({ session });
      hanko.revoke(token);
      const answer = await app.get(path, bearer(token));

      const { code } = (answer.body ?? { code: undefined }) as { code: unknown };

      expect([answer.status, code ?? answer.text, asked()]).toEqual(
        expected === OUT ? [401, 'session_revoked', 1] : [200, sessionId, 0],
      );
    });

    it("a handler's refreshSeconds replaces its class's 'online'", async () => {
      await using app = await start();
      expect(await isIn(app, '/strict/minute')).toBe(true);
      hanko.revoke(token);

      expect(await isIn(app, '/strict/minute')).toBe(true);
      expectRevoked(await app.get('/strict/unmarked', bearer(token)));
    });

    it('a handler that replaces the policy of the module takes nothing over from it', async () => {
      await using app = await start({ session: { refreshSeconds: 60, keepAlive: false } });
      await isIn(app, '/unmarked');
      await isIn(app, '/minute');

      expect(methodsAsked()).toEqual(['GET', 'POST']);
    });

    it('a handler shared by two classes follows the class it runs in', async () => {
      abstract class Base {
        @UseGuards(HankoAuthGuard)
        @Get()
        get(): string {
          return 'in';
        }
      }
      @RequireAuth({ session: 'online' })
      @Controller('a')
      class StrictChild extends Base {}
      @Controller('b')
      class PlainChild extends Base {}
      await using app = await startApp(platform, {
        imports: [hankoModule()],
        controllers: [PlainChild, StrictChild],
      });
      hanko.revoke(token);

      expect((await app.get('/b', bearer(token))).text).toBe('in');
      expectRevoked(await app.get('/a', bearer(token)));
      // What one has learned, the other knows.
      expectRevoked(await app.get('/b', bearer(token)));
    });

    it("a child class without a mark of its own inherits its parent's", async () => {
      @RequireAuth({ session: 'online' })
      abstract class Base {}
      @Controller('child')
      class Child extends Base {
        @Get()
        get(): string {
          return 'in';
        }
      }
      await using app = await startApp(platform, {
        imports: [hankoModule()],
        controllers: [Child],
        providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
      });
      hanko.revoke(token);

      expectRevoked(await app.get('/child', bearer(token)));
    });

    it("a decorator that the app composed of @RequireAuth({ session: 'online' }) asks", async () => {
      await using app = await start();
      const answer = await app.get('/composed', bearer(token));

      expect([answer.text, answer.headers['cache-control']]).toEqual([sessionId, 'no-store']);
      hanko.revoke(token);
      expectRevoked(await app.get('/composed', bearer(token)));
    });
  });

  describe('@OptionalAuth()', () => {
    it.each([
      ['under a policy of the module', '/optional', 'online'],
      ["in an 'online' class", '/strict/optional', 'offline'],
    ] as const)('%s asks, and forgives a dead cookie only', async (_, path, session) => {
      await using app = await start({ session });
      expect((await app.get(path)).text).toBe('nobody');
      expect(asked()).toBe(0);
      expect((await app.get(path, bearer(token))).text).toBe(sessionId);
      expect((await app.get(path, cookie(token))).text).toBe(sessionId);
      expect(asked()).toBe(2);
      hanko.revoke(token);

      const anonymous = await app.get(path, cookie(token));
      expect([anonymous.status, anonymous.text]).toEqual([200, 'nobody']);
      expect(anonymous.headers).not.toHaveProperty('www-authenticate');
      expectRevoked(await app.get(path, bearer(token)));
    });

    it('publishes that such a caller stays anonymous', async () => {
      await using app = await start({ session: 'online' });
      hanko.revoke(token);
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await app.get('/optional', cookie(token));

      expect(authentications.messages).toEqual([
        { outcome: 'anonymous', handler: 'NotesController.optional' },
      ]);
    });
  });

  describe('@Public()', () => {
    it('asks nobody, whatever class and module say', async () => {
      await using app = await start({ session: 'online' });
      for (const headers of [{}, bearer(token), cookie(token), bearer('garbage')]) {
        expect((await app.get('/public', headers)).text).toBe('open');
        expect((await app.get('/strict/public', headers)).text).toBe('open');
      }

      expect(asked()).toBe(0);
    });
  });

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
      expectRevoked(await app.get('/strict/unmarked', bearer(token)));
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
        expect((await app.get('/online', headers)).text).toBe(sessionOf(alive));
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

  describe('requests at the same time', () => {
    interface HeldApp extends AsyncDisposable {
      readonly app: RunningApp;
      readonly arrivals: ArrivalGuard;
      release(): void;
    }

    /** An app whose questions to Hanko wait until they are let go. */
    const startHeld = async (): Promise<HeldApp> => {
      const held = new HeldFetch();
      const arrivals = new ArrivalGuard();
      const app = await startApp(platform, {
        imports: [hankoModule({ fetch: held.fetch, validateTimeoutMs: 60_000 })],
        controllers: CONTROLLERS,
        providers: [
          { provide: APP_GUARD, useValue: arrivals },
          { provide: APP_GUARD, useExisting: HankoAuthGuard },
        ],
      });
      // The keys are there, and the signature is known: nothing else is waited for.
      expect(await isIn(app, '/unmarked')).toBe(true);
      hanko.clearRequests();
      return {
        app,
        arrivals,
        release: () => held.release(),
        [Symbol.asyncDispose]: () => {
          held.release();
          return app[Symbol.asyncDispose]();
        },
      };
    };

    it('1,000 of one session are the question under way, and one or two for those who wait', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      await hanko.fault('slow', { path: VALIDATE, delayMs: 20 });
      const answers: Promise<boolean>[] = [];
      // In waves, or the connections would not fit into the line of the listening socket.
      for (let wave = 1; wave <= 4; wave++) {
        for (let i = 0; i < 250; i++) answers.push(isIn(app, '/online'));
        await arrivals.until(1 + wave * 250);
      }
      held.release();

      expect(new Set(await Promise.all(answers))).toEqual(new Set([true]));
      expect(answers).toHaveLength(1_000);
      expect(asked()).toBeLessThanOrEqual(3);
    });

    it('all of them are refused if that session has ended', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      hanko.revoke(token);
      const answers = Array.from({ length: 50 }, () => app.get('/online', bearer(token)));
      await arrivals.until(51);
      held.release();

      for (const answer of await Promise.all(answers)) expectRevoked(answer);
      expect(asked()).toBe(1);
    });

    it('of different sessions are a question each', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      const others = await Promise.all(Array.from({ length: 9 }, () => hanko.token()));
      const dead = others[3] ?? '';
      hanko.revoke(dead);
      const answers = [token, ...others].map((each) => isIn(app, '/online', each));
      await arrivals.until(11);
      held.release();

      expect(await Promise.all(answers)).toEqual([token, ...others].map((each) => each !== dead));
      expect(asked()).toBe(10);
    });

    it('a question that is no activity does not stand for one that is', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      const passive = isIn(app, '/passive');
      await arrivals.until(2);
      const active = [isIn(app, '/minute'), isIn(app, '/minute'), isIn(app, '/passive')];
      await arrivals.until(5);
      held.release();

      expect(await Promise.all([passive, ...active])).toEqual([true, true, true, true]);
      expect(methodsAsked()).toEqual(['GET', 'POST']);
    });

    it('a question that is activity stands for one that is not', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      const active = isIn(app, '/minute');
      await arrivals.until(2);
      const passive = isIn(app, '/passive');
      await arrivals.until(3);
      held.release();

      expect(await Promise.all([active, passive])).toEqual([true, true]);
      expect(methodsAsked()).toEqual(['POST']);
    });
  });

  describe('two policies for one session', () => {
    it('an answer holds for every route whose time is not over', async () => {
      await using app = await start();
      expect(await isIn(app, '/online')).toBe(true);
      expect(await isIn(app, '/minute')).toBe(true);
      expect(asked()).toBe(1);
      expect(await isIn(app, '/online')).toBe(true);
      expect(asked()).toBe(2);
    });

    it("what 'online' has learned, the others know at once", async () => {
      await using app = await start();
      expect(await isIn(app, '/minute')).toBe(true);
      hanko.revoke(token);
      expect(await isIn(app, '/minute')).toBe(true);
      expectRevoked(await app.get('/online', bearer(token)));

      expectRevoked(await app.get('/minute', bearer(token)));
      expectRevoked(await app.get('/passive', bearer(token)));
      expect(asked()).toBe(2);
      // Also who does not ask.
      expectRevoked(await app.get('/offline', bearer(token)));
      expectRevoked(await app.get('/online', bearer(token)));
      expect(asked()).toBe(2);
    });

    it('an answer by GET does not do for a route that has to keep the session alive', async () => {
      await using app = await start();
      expect(await isIn(app, '/passive')).toBe(true);
      expect(await isIn(app, '/minute')).toBe(true);
      expect(await isIn(app, '/passive')).toBe(true);
      expect(methodsAsked()).toEqual(['GET', 'POST']);
      clock.advanceSeconds(30);
      expect(await isIn(app, '/minute')).toBe(true);
      clock.advanceSeconds(30);
      expect(await isIn(app, '/passive')).toBe(true);
      expect(await isIn(app, '/minute')).toBe(true);
      expect(methodsAsked()).toEqual(['GET', 'POST', 'GET', 'POST']);
    });
  });

  describe('what is asked', () => {
    it('by default a POST with the token in its body alone', async () => {
      await using spy = await SessionSpy.start(hanko.url);
      await using app = await start({ apiUrl: spy.url });

      expect((await app.get('/minute', cookie(token))).text).toBe(sessionId);
      expect(spy.questions).toEqual([
        { method: 'POST', url: VALIDATE, headers: expect.any(Object), body: expect.any(String) },
      ]);
      const [{ headers, body } = { headers: {}, body: '' }] = spy.questions;
      expect(JSON.parse(body)).toEqual({ session_token: token });
      expect(headers['content-type']).toBe('application/json');
      expect(JSON.stringify(headers)).not.toContain(token);
      expect(headers).not.toHaveProperty('cookie');
    });

    it('with keepAlive: false a GET with the token in Authorization alone', async () => {
      await using spy = await SessionSpy.start(hanko.url);
      await using app = await start({ apiUrl: spy.url });

      expect((await app.get('/passive', cookie(token))).text).toBe(sessionId);
      expect(spy.questions).toEqual([
        {
          method: 'GET',
          url: VALIDATE,
          headers: expect.objectContaining({ authorization: `Bearer ${token}` }),
          body: '',
        },
      ]);
      expect(spy.questions[0]?.headers).not.toHaveProperty('cookie');
    });

    it('by GET a session that has ended is refused as well', async () => {
      await using app = await start();
      hanko.revoke(token);

      expectRevoked(await app.get('/passive', bearer(token)));
      expect(methodsAsked()).toEqual(['GET']);
    });
  });

  describe('with an idle timeout of 20 seconds on the server', () => {
    let idle: FakeHanko;
    beforeEach(async () => {
      idle = await FakeHanko.start({ now: clock.now, idleTimeoutSeconds: 20 });
      token = await idle.token();
    });
    afterEach(() => idle.stop());

    const startIdle = (session: HankoSessionPolicy): Promise<RunningApp> =>
      start({ apiUrl: idle.url, session });

    it('who calls every 5 seconds stays signed in under { refreshSeconds: 10 }', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      for (let seconds = 0; seconds <= 120; seconds += 5) {
        expect([seconds, await isIn(app, '/unmarked')]).toEqual([seconds, true]);
        clock.advanceSeconds(5);
      }

      expect(idle.countRequests(VALIDATE)).toBe(13);
      expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
    });

    it('who calls every 5 seconds is signed out with keepAlive: false', async () => {
      await using app = await startIdle({ refreshSeconds: 10, keepAlive: false });
      const lasts: boolean[] = [];
      for (let seconds = 0; seconds <= 30; seconds += 5) {
        lasts.push(await isIn(app, '/unmarked'));
        clock.advanceSeconds(5);
      }

      expect(lasts.slice(0, 4)).toEqual([true, true, true, true]);
      expect(lasts.at(-1)).toBe(false);
      expectRevoked(await app.get('/unmarked', bearer(token)));
    });

    it('keepAlive: false is no reason for a warning: it is meant not to keep anybody signed in', async () => {
      await using app = await startIdle({ refreshSeconds: 10, keepAlive: false });
      expect(await isIn(app, '/unmarked')).toBe(true);
      clock.advanceSeconds(15);
      expect(await isIn(app, '/unmarked')).toBe(true);

      expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
    });

    it('who does nothing is signed out', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      expect(await isIn(app, '/unmarked')).toBe(true);
      clock.advanceSeconds(21);

      expectRevoked(await app.get('/unmarked', bearer(token)));
    });

    it('a route that asks nobody is no activity', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      for (let i = 0; i < 5; i++) {
        expect(await isIn(app, '/offline')).toBe(true);
        clock.advanceSeconds(5);
      }

      expectRevoked(await app.get('/unmarked', bearer(token)));
    });

    it('polling by GET in between does not stop the POST that keeps the session alive', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      for (let seconds = 0; seconds <= 120; seconds += 5) {
        expect([seconds, await isIn(app, '/passive')]).toEqual([seconds, true]);
        expect([seconds, await isIn(app, '/unmarked')]).toEqual([seconds, true]);
        clock.advanceSeconds(5);
      }
    });

    it('a longer refreshSeconds signs active users out, and the log says so once', async () => {
      await using app = await startIdle({ refreshSeconds: 30 });
      expect(await isIn(app, '/unmarked')).toBe(true);
      expect(await isIn(app, '/unmarked', await idle.token())).toBe(true);
      clock.advanceSeconds(29);
      expect(await isIn(app, '/unmarked')).toBe(true);
      clock.advanceSeconds(1);

      expectRevoked(await app.get('/unmarked', bearer(token)));
      expect(app.log.messages('warn', 'HankoSessions')).toEqual([
        expect.stringMatching(/idle timeout is shorter than the refreshSeconds/),
      ]);
    });
  });

  describe('who is calling', () => {
    interface Body {
      readonly claims?: object;
    }

    it.each([
      ['another session', (body: Body) => ({ ...body, claims: { session_id: randomUUID() } })],
      ['no session', (body: Body) => ({ ...body, claims: { ...body.claims, session_id: null } })],
      ['nobody', (body: Body) => ({ ...body, claims: undefined })],
      ['a list', (body: Body) => ({ ...body, claims: [body.claims] })],
      ['is_valid as text', (body: Body) => ({ ...body, is_valid: 'true' })],
      ['nothing', () => null],
    ])('is not told by an answer about %s, which is 503', async (_, changed) => {
      await using spy = await SessionSpy.start(hanko.url);
      await using app = await start({ apiUrl: spy.url });
      spy.change = ({ status, body }) => ({ status, body: changed(body as Body) });

      expect(await app.get('/online', bearer(token))).toBeRefused('hanko_unavailable');
      expect(await app.get('/passive', bearer(token))).toBeRefused('hanko_unavailable');
      expect(await app.get('/strict/optional', cookie(token))).toBeRefused('hanko_unavailable');
    });

    it('is what the token says, also if the answer names another user', async () => {
      @RequireAuth({ session: 'online' })
      @Controller()
      class WhoController {
        @Get('who')
        who(@CurrentUser() user: HankoUser): unknown {
          return { id: user.id, email: user.email?.address ?? null, claims: user.claims.sub };
        }
      }
      await using spy = await SessionSpy.start(hanko.url);
      await using app = await startApp(platform, {
        imports: [hankoModule({ apiUrl: spy.url })],
        controllers: [WhoController],
      });
      const mallory = randomUUID();
      spy.change = ({ status, body }) => ({
        status,
        body: {
          ...(body as Body),
          user_id: mallory,
          claims: {
            ...(body as Body).claims,
            subject: mallory,
            sub: mallory,
            email: { address: 'mallory@evil.test', is_primary: true, is_verified: true },
          },
        },
      });

      expect((await app.get('/who', bearer(token))).body).toEqual({
        id: userId,
        email: null,
        claims: userId,
      });
    });

    it("a gateway's own 400 says nothing about the session", async () => {
      await using spy = await SessionSpy.start(hanko.url);
      await using app = await start({ apiUrl: spy.url });
      spy.change = () => ({ status: 400, body: { error: 'bad request' } });

      expect(await app.get('/online', bearer(token))).toBeRefused('hanko_unavailable');
    });
  });

  describe('an "email" claim that a template made text', () => {
    const textToken = (): Promise<string> =>
      hanko.token({ user: hanko.createUser(), claims: { email: 'template@example.test' } });

    it('is 401, since Hanko refuses it for ever, and the log says so once', async () => {
      const texts = [await textToken(), await textToken()];
      await using app = await start();
      for (const each of [...texts, ...texts]) {
        expectRevoked(await app.get('/online', bearer(each)));
        expectRevoked(await app.get('/passive', bearer(each)));
        expect(await isIn(app, '/offline', each)).toBe(true);
      }
      expect(await isIn(app, '/online')).toBe(true);

      expect(app.log.messages('warn', 'HankoSessions')).toEqual([
        expect.stringMatching(/"email" claim is text.*401.*template/),
      ]);
      expect(app.log.lines.map(({ text }) => text).join('\n')).not.toContain('template@');
    });
  });

  describe('without an address', () => {
    const startPinned = (
      controllers: Type[],
      options: HankoModuleOptions = {},
    ): Promise<RunningApp> =>
      startApp(platform, {
        imports: [
          HankoModule.forRoot({
            jwks: hanko.jwks(),
            audience: 'localhost',
            now: clock.now,
            ...options,
          }),
        ],
        controllers,
      });

    const errorOf = async (start_: Promise<RunningApp>): Promise<unknown> =>
      start_.then(
        (app) => app[Symbol.asyncDispose]().then(() => 'it started'),
        (error: unknown) => error,
      );

    it.each(['online', MINUTE] as const)('session: %j is a start-up error', async (session) => {
      const error = await errorOf(startPinned([PlainController], { session }));

      expect(error).toBeInstanceOf(HankoConfigurationError);
      expect(error).toMatchObject({
        faults: [{ path: 'session', hint: expect.stringContaining('without apiUrl') }],
      });
    });

    it('@RequireAuth({ session }) is a start-up error that names every controller', async () => {
      const error = await errorOf(startPinned([PlainController, ...CONTROLLERS]));
      const hint = expect.stringMatching(/@RequireAuth\(\{ session \}\).*apiUrl or HANKO_API_URL/);

      expect(error).toBeInstanceOf(HankoConfigurationError);
      expect(error).toMatchObject({
        code: 'configuration_invalid',
        faults: [
          { path: 'NotesController', hint },
          { path: 'StrictController', hint },
          { path: 'LaxController', hint },
        ],
      });
    });

    it("'offline' is none, on the module, a class or a handler", async () => {
      @RequireAuth({ session: 'offline' })
      @Controller()
      class OfflineController {
        @RequireAuth({ session: 'offline' })
        @Get('pinned')
        pinned(@CurrentUser('sessionId') id: string): string {
          return id;
        }
      }
      await using app = await startPinned([OfflineController], { session: 'offline' });

      expect((await app.get('/pinned', bearer(token))).text).toBe(sessionId);
      expect(hanko.requests).toEqual([]);
    });

    it('a policy that is asked for by hand is configuration_invalid', async () => {
      await using app = await startPinned([PlainController]);
      const service = app.app.get(HankoAuthService, { strict: false });

      expect((await service.verifyToken(token)).id).toBe(userId);
      await expect(service.verifyToken(token, { session: 'online' })).rejects.toMatchObject({
        code: 'configuration_invalid',
      });
    });

    it('pinned keys and an address go together', async () => {
      await using app = await startPinned(CONTROLLERS, { apiUrl: hanko.url });
      expect(await isIn(app, '/online')).toBe(true);
      hanko.revoke(token);

      expectRevoked(await app.get('/online', bearer(token)));
      expect(hanko.requests.map(({ path }) => path)).toEqual([VALIDATE, VALIDATE]);
    });
  });
});

describe('verifyToken and authenticate of a request', () => {
  const start = async (session: HankoSessionPolicy) => {
    const app = await startApp('Express', { imports: [hankoModule({ session })] });
    const service = app.app.get(HankoAuthService, { strict: false });
    return { app, service, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
  };
  const request = () => ({ method: 'GET', headers: { authorization: `Bearer ${token}` } });
  const REVOKED = { code: 'session_revoked', status: 401 };

  it('follow the module', async () => {
    await using offline = await start('offline');
    await using online = await start('online');
    expect((await online.service.verifyToken(token)).id).toBe(userId);
    expect((await online.service.authenticate(request())).id).toBe(userId);
    hanko.revoke(token);

    expect((await offline.service.verifyToken(token)).id).toBe(userId);
    expect((await offline.service.authenticate(request())).id).toBe(userId);
    await expect(online.service.verifyToken(token)).rejects.toMatchObject(REVOKED);
    await expect(online.service.authenticate(request())).rejects.toMatchObject(REVOKED);
    await expect(online.service.authenticate(request(), { optional: true })).rejects.toMatchObject(
      REVOKED,
    );
  });

  it('follow { session } rather', async () => {
    await using offline = await start('offline');
    await using online = await start('online');
    hanko.revoke(token);

    expect((await online.service.verifyToken(token, { session: 'offline' })).id).toBe(userId);
    expect((await online.service.authenticate(request(), { session: 'offline' })).id).toBe(userId);
    for (const session of ['online', MINUTE, { refreshSeconds: 0, keepAlive: false }] as const) {
      await expect(offline.service.verifyToken(token, { session })).rejects.toMatchObject(REVOKED);
      await expect(offline.service.authenticate(request(), { session })).rejects.toMatchObject(
        REVOKED,
      );
    }
  });

  it('a request that is looked at twice is asked about as often as the second look wants', async () => {
    await using offline = await start('offline');
    const same = request();
    expect((await offline.service.authenticate(same)).id).toBe(userId);
    hanko.revoke(token);

    await expect(offline.service.authenticate(same, { session: 'online' })).rejects.toMatchObject(
      REVOKED,
    );
    // Who does not ask knows it from the one who did.
    await expect(offline.service.authenticate(same)).rejects.toMatchObject(REVOKED);
  });

  it('looks at the same time with different policies do not mix', async () => {
    await using offline = await start('offline');
    hanko.revoke(token);
    const same = request();
    const looks = await Promise.allSettled([
      offline.service.authenticate(same),
      offline.service.authenticate(same, { session: 'online' }),
      offline.service.authenticate(same),
    ]);

    expect(looks.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it.each([
    ['a name that is none', 'onlin', 'session'],
    ['null', null, 'session'],
    ['a number', 60, 'session'],
    ['a list', ['online'], 'session'],
    ['no refreshSeconds', {}, 'session.refreshSeconds'],
    ['a negative time', { refreshSeconds: -1 }, 'session.refreshSeconds'],
    ['half a second', { refreshSeconds: 0.5 }, 'session.refreshSeconds'],
    ['more than a day', { refreshSeconds: 86_401 }, 'session.refreshSeconds'],
    ['text', { refreshSeconds: '60' }, 'session.refreshSeconds'],
    ['keepAlive as text', { ...MINUTE, keepAlive: 'no' }, 'session.keepAlive'],
    ['onUnavailable misspelled', { ...MINUTE, onUnavailable: 'acept' }, 'session.onUnavailable'],
    ['a member there is none of', { ...MINUTE, keepalive: false }, 'session.keepalive'],
  ])('a wrong session is configuration_invalid: %s', async (_, session, path) => {
    await using offline = await start('offline');
    const how = { session } as never;
    const expected = {
      code: 'configuration_invalid',
      faults: expect.arrayContaining([{ path, hint: expect.any(String) }]),
    };

    await expect(offline.service.verifyToken(token, how)).rejects.toMatchObject(expected);
    await expect(offline.service.authenticate(request(), how)).rejects.toMatchObject(expected);
    expect(hanko.requests).toEqual([]);
  });
});

describe('@RequireAuth() more than once', () => {
  it('on a class keeps what the class that it extends demands', async () => {
    @RequireAuth({ session: 'online' })
    class Strict {}
    @RequireAuth()
    @Controller()
    class Inherits extends Strict {
      @Get('inherits')
      get(): string {
        return 'in';
      }
    }
    await using app = await startApp('Express', {
      imports: [hankoModule()],
      controllers: [Inherits],
    });
    expect((await app.get('/inherits', bearer(token))).text).toBe('in');
    hanko.revoke(token);

    expectRevoked(await app.get('/inherits', bearer(token)));
  });

  it('on one handler must not contradict itself', () => {
    const load = (first: HankoSessionPolicy, second: HankoSessionPolicy) => () => {
      class Twice {
        @RequireAuth({ session: first })
        @RequireAuth({ session: second })
        get(): void {}
      }
      return Twice;
    };

    expect(load('online', 'offline')).toThrow(/@RequireAuth\(\)\.session: is said twice/);
    expect(load({ refreshSeconds: 1 }, { refreshSeconds: 2 })).toThrow(HankoConfigurationError);
    expect(load({ refreshSeconds: 1 }, { refreshSeconds: 1 })).not.toThrow();
  });

  it('is not changed by who changes the options later', async () => {
    const policy = { refreshSeconds: 0 };
    @Controller()
    class Changed {
      @RequireAuth({ session: policy })
      @Get('changed')
      get(): string {
        return 'in';
      }
    }
    policy.refreshSeconds = 86_400;
    await using app = await startApp('Express', {
      imports: [hankoModule()],
      controllers: [Changed],
    });
    expect((await app.get('/changed', bearer(token))).text).toBe('in');
    hanko.revoke(token);

    expectRevoked(await app.get('/changed', bearer(token)));
  });
});

describe('@RequireAuth() with a wrong option', () => {
  it.each([
    ['session misspelled', { session: 'onlin' }, '@RequireAuth().session'],
    ['no time', { session: {} }, '@RequireAuth().session.refreshSeconds'],
    [
      'a wrong time',
      { session: { refreshSeconds: '60' } },
      '@RequireAuth().session.refreshSeconds',
    ],
    [
      'a member there is none of',
      { session: { ...MINUTE, retry: 1 } },
      '@RequireAuth().session.retry',
    ],
    ['an option there is none of', { sesion: 'online' }, '@RequireAuth().sesion'],
  ])('throws when the class is loaded: %s', (_, options, path) => {
    const fault = { path, hint: expect.any(String) };
    const load = (decorate: () => unknown): unknown => {
      try {
        return decorate();
      } catch (error) {
        return error;
      }
    };
    const onClass = load(() => {
      @RequireAuth(options as never)
      class Wrong {}
      return Wrong;
    });
    const onHandler = load(() => {
      class Wrong {
        @RequireAuth(options as never)
        get(): void {}
      }
      return Wrong;
    });

    for (const error of [onClass, onHandler]) {
      expect(error).toBeInstanceOf(HankoConfigurationError);
      expect(error).toMatchObject({ code: 'configuration_invalid', faults: [fault] });
    }
  });

  it('names every fault at once', () => {
    expect(() => RequireAuth({ session: { keepAlive: 1 }, mfa: 1 } as never)).toThrow(
      /\.mfa.*\n.*\.refreshSeconds.*\n.*\.keepAlive/,
    );
  });
});
