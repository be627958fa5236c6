import {
  Controller,
  Delete,
  Get,
  Inject,
  Module,
  type ModuleMetadata,
  Param,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  HankoModule,
  HankoRevocation,
  HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { expectNoOpenRoutes, HankoStub, hankoUser } from 'nestjs-hanko/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  type Platform,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';

@Controller('notes')
class NotesController {
  constructor(
    @Inject(HankoAuthService) private readonly hanko: HankoAuthService,
    @Inject(HankoRevocation) private readonly revocation: HankoRevocation,
  ) {}

  @Get()
  list(@CurrentUser() user: HankoUser): unknown {
    return { isUser: user instanceof HankoUser, owner: user.id, email: user.email };
  }

  @OptionalAuth()
  @Get('feed')
  feed(@CurrentUser('username') name: string | null): unknown {
    return { hello: name };
  }

  @Public()
  @Get('health')
  health(@CurrentUser() user: HankoUser | null): unknown {
    return { user };
  }

  @Get('token')
  async token(@SessionToken() token: string): Promise<string> {
    return (await this.hanko.verifyToken(token)).id;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(): string {
    return 'in';
  }

  @RequireAuth({ mfa: true, maxAgeSeconds: 300 })
  @Delete(':id')
  remove(@Param('id') id: string): string {
    return id;
  }

  @RequireAuth({ claims: { tier: 'gold' } })
  @Get('gold')
  gold(@CurrentUser() user: HankoUser): unknown {
    return { claims: (user.claims as { tier?: unknown }).tier };
  }

  @Get('logout')
  async logout(@CurrentUser('sessionId') sessionId: string): Promise<void> {
    await this.revocation.revoke(sessionId);
  }
}

@UseGuards(HankoAuthGuard)
@Controller('notes')
class GuardedNotesController extends NotesController {}

const APP_GUARD_PROVIDER = { provide: APP_GUARD, useExisting: HankoAuthGuard };

/** No server is there, and no variable: whoever asked would fail. */
@Module({
  imports: [HankoModule.forRoot({ session: { refreshSeconds: 60 } })],
  controllers: [NotesController],
  providers: [APP_GUARD_PROVIDER],
})
class AppModule {}

const KINDS: readonly {
  readonly kind: string;
  readonly start: (platform: Platform, hanko: HankoStub) => Promise<RunningApp>;
}[] = [
  {
    kind: 'the whole app, closed by APP_GUARD',
    start: (platform, hanko) =>
      startApp(
        platform,
        { imports: [AppModule] },
        { override: (builder) => hanko.override(builder) },
      ),
  },
  {
    kind: 'a controller alone, closed by @UseGuards()',
    start: (platform, hanko) =>
      startApp(platform, { imports: [hanko.forRoot()], controllers: [GuardedNotesController] }),
  },
  {
    kind: 'a controller alone, closed by APP_GUARD',
    start: (platform, hanko) =>
      startApp(platform, {
        imports: [hanko.forRoot()],
        controllers: [NotesController],
        providers: [APP_GUARD_PROVIDER],
      }),
  },
];

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.each(PLATFORMS)('HankoStub on %s', (platform) => {
  describe.each(KINDS)('in $kind', ({ start }) => {
    it('makes the caller who is signed in, and nobody before and after', async () => {
      const hanko = new HankoStub();
      await using app = await start(platform, hanko);

      expect(await app.get('/notes')).toBeRefused('credentials_missing');
      const ada = hanko.signIn({ email: 'ada@example.test' });
      expect((await app.get('/notes')).body).toEqual({
        isUser: true,
        owner: ada.id,
        email: { address: 'ada@example.test', isPrimary: true, isVerified: true },
      });
      const bob = hanko.signIn(hankoUser({ id: 'bob' }));
      expect((await app.get('/notes')).body).toEqual({ isUser: true, owner: 'bob' });
      expect(bob.id).toBe('bob');
      hanko.signOut();
      expect(await app.get('/notes')).toBeRefused('credentials_missing');
    });

    it('makes another caller of one request, by bearer or by cookie', async () => {
      const hanko = new HankoStub();
      await using app = await start(platform, hanko);
      hanko.signIn({ id: 'ada' });
      const token = hanko.token({ id: 'bob' });

      expect((await app.get('/notes', bearer(token))).body).toMatchObject({ owner: 'bob' });
      expect((await app.get('/notes', cookie(token))).body).toMatchObject({ owner: 'bob' });
      expect((await app.get('/notes')).body).toMatchObject({ owner: 'ada' });
      expect(await app.get('/notes', bearer('stub-token-99'))).toBeRefused(
        'token_signature_invalid',
      );
    });

    it('leaves marks in force', async () => {
      const hanko = new HankoStub();
      await using app = await start(platform, hanko);

      expect((await app.get('/notes/feed')).body).toEqual({ hello: null });
      expect((await app.get('/notes/health')).body).toEqual({ user: null });
      const { id } = hanko.signIn({ username: 'ada' });
      expect((await app.get('/notes/feed')).body).toEqual({ hello: 'ada' });
      expect((await app.get('/notes/health')).body).toEqual({ user: null });
      expect((await app.get('/notes/token')).text).toBe(id);
      expect((await app.get('/notes/online')).text).toBe('in');
    });

    it('leaves demands in force, with the real response', async () => {
      const hanko = new HankoStub();
      await using app = await start(platform, hanko);
      const remove = () => app.request('DELETE', '/notes/7');

      const { authenticatedAt } = hanko.signIn({ authenticatedAt: new Date(Date.now() - 400_000) });
      const refused = await remove();
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toMatch(
        /^Bearer error="insufficient_user_authentication", .*max_age="300"$/,
      );
      expect(refused.body).toMatchObject({
        statusCode: 401,
        code: 'step_up_required',
        unmet: [{ requirement: 'mfa' }, { requirement: 'maxAgeSeconds', needed: 300 }],
        authenticatedAt: authenticatedAt.toISOString(),
      });
      hanko.signIn({ amr: ['pwd', 'totp'] });
      expect((await remove()).text).toBe('7');

      expect((await app.get('/notes/gold')).body).toMatchObject({ code: 'requirement_not_met' });
      hanko.signIn({ claims: { tier: 'gold' } });
      expect((await app.get('/notes/gold')).body).toEqual({ claims: 'gold' });
    });

    it('leaves the end of a session in force: by time and by logout', async () => {
      const hanko = new HankoStub();
      await using app = await start(platform, hanko);

      hanko.signIn({ expiresAt: new Date(Date.now() - 60_000) });
      expect(await app.get('/notes')).toBeRefused('token_expired');
      hanko.signIn();
      expect((await app.get('/notes/logout')).status).toBe(200);
      expect(await app.get('/notes')).toBeRefused('session_revoked');
    });

    it('hides no open route from the audit', async () => {
      await using app = await start(platform, new HankoStub());

      expect(() => expectNoOpenRoutes(app.app)).toThrow(/notes\/feed/);
      expectNoOpenRoutes(app.app, { except: ['GET /notes/feed', 'GET /notes/health'] });
    });
  });

  it('works beside a guard that the test replaced: the user is still the one signed in', async () => {
    const hanko = new HankoStub();
    await using app = await startApp(
      platform,
      { imports: [hanko.forRoot()], controllers: [GuardedNotesController] },
      { override: (b) => b.overrideGuard(HankoAuthGuard).useValue({ canActivate: () => true }) },
    );

    expect(await app.get('/notes')).toBeRefused('credentials_missing');
    hanko.signIn({ id: 'ada' });
    expect((await app.get('/notes')).body).toMatchObject({ owner: 'ada' });
  });

  it("keeps the app's claimsSchema, cookieName and clock", async () => {
    const hanko = new HankoStub();
    const now = (): number => Date.now() + 100_000_000;
    const metadata: ModuleMetadata = {
      imports: [
        HankoModule.forRootAsync({
          useFactory: () => ({
            apiUrl: 'http://127.0.0.1:9',
            audience: 'notes.example.test',
            cookieName: 'session',
            claimsSchema: z.object({ tier: z.string().transform((tier) => tier.toLowerCase()) }),
            now,
          }),
        }),
      ],
      controllers: [GuardedNotesController],
    };
    await using app = await startApp(platform, metadata, {
      override: (builder) => hanko.override(builder),
    });
    const times = { authenticatedAt: new Date(now()) };

    hanko.signIn({ ...times, claims: { tier: 'GOLD' } });
    expect((await app.get('/notes/gold')).body).toEqual({ claims: 'gold' });
    hanko.signIn(times);
    expect(await app.get('/notes')).toBeRefused('token_claims_invalid');
    const inCookie = hanko.token({ id: 'ada', ...times, claims: { tier: 'x' } });
    expect((await app.get('/notes', { Cookie: `session=${inCookie}` })).body).toMatchObject({
      owner: 'ada',
    });
    hanko.signIn({ claims: { tier: 'gold' } });
    expect(await app.get('/notes')).toBeRefused('token_expired');
  });
});

describe('HankoStub in production', () => {
  it('is not made', () => {
    vi.stubEnv('NODE_ENV', 'production');

    expect(() => new HankoStub()).toThrow(HankoConfigurationError);
    expect(() => new HankoStub()).toThrow(/HankoStub: .*NODE_ENV must not be production/);
  });

  it('does not start when it was made before', async () => {
    const hanko = new HankoStub();
    vi.stubEnv('NODE_ENV', 'production');

    await expect(
      Test.createTestingModule({ imports: [hanko.forRoot()] }).compile(),
    ).rejects.toThrow(/NODE_ENV must not be production/);
    await expect(
      hanko.override(Test.createTestingModule({ imports: [AppModule] })).compile(),
    ).rejects.toThrow(/NODE_ENV must not be production/);
  });
});
