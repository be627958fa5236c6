import '../../support/to-be-refused.js';
import { randomUUID } from 'node:crypto';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoAuthService,
  type HankoModuleOptions,
  type HankoSessionPolicy,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  cookie,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  send,
  startApp,
} from '../../support/app.js';
import { expectRevoked } from '../../support/session-spy.js';
import {
  MINUTE,
  clock,
  hanko,
  userId,
  token,
  sessionId,
  asked,
  methodsAsked,
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
});
