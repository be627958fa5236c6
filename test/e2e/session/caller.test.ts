import '../../support/to-be-refused.js';
import { randomUUID } from 'node:crypto';
import { Controller, Get, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  type HankoSessionPolicy,
  type HankoUser,
  RequireAuth,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  cookie,
  PlainController,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { expectRevoked, SessionSpy, VALIDATE } from '../../support/session-spy.js';
import {
  MINUTE,
  clock,
  hanko,
  userId,
  token,
  sessionId,
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
