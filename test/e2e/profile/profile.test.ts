import { randomUUID } from 'node:crypto';
import { Controller, Get, HttpCode, Inject, type MessageEvent, Post, Sse } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoConfigurationError,
  type HankoForRootOptions,
  HankoLiveSessions,
  HankoModule,
  HankoProfile,
  HankoTokenError,
  type HankoUser,
  type HankoUserProfile,
  Public,
  SessionToken,
} from 'nestjs-hanko';
import { NEVER, type Observable, startWith } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  cookie,
  FakeClock,
  PLATFORMS,
  type RunningApp,
  send,
  startApp,
} from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { APP_GUARD_PROVIDER } from '../../support/guarded-app.js';

@Controller()
class ProfileController {
  constructor(@Inject(HankoProfile) private readonly profiles: HankoProfile) {}

  @Get('profile')
  profile(@SessionToken() token: string): Promise<HankoUserProfile> {
    return this.profiles.get(token);
  }

  @HttpCode(204)
  @Post('logout')
  logout(@SessionToken() token: string): Promise<void> {
    return this.profiles.logout(token);
  }

  @Get('notes')
  notes(@CurrentUser('id') id: string): string {
    return id;
  }

  @Sse('events')
  events(@CurrentUser() user: HankoUser): Observable<MessageEvent> {
    return NEVER.pipe(startWith({ data: user.id }));
  }

  @Public()
  @Get('public')
  public(): string {
    return 'public';
  }
}

const store = new FaultyStore();
const clock = new FakeClock();
let hanko: FakeHanko;
let userId: string;
let token: string;

/** In place of Hanko, where it says one. */
let replace: (path: string) => Response | undefined = () => undefined;

const fetchOrReplace: typeof globalThis.fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : input.toString();
  return replace(new URL(url).pathname) ?? fetch(input, init);
};

const start = (
  platform: (typeof PLATFORMS)[number],
  options: HankoForRootOptions = {},
): Promise<RunningApp> =>
  startApp(platform, {
    imports: [
      HankoModule.forRoot({
        apiUrl: hanko.url,
        audience: 'localhost',
        validateTimeoutMs: 200,
        now: clock.now,
        revocation: { store: store.store },
        ...options,
      }),
    ],
    controllers: [ProfileController],
    providers: [APP_GUARD_PROVIDER],
  });

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: clock.now });
});
beforeEach(async () => {
  const email = `${randomUUID()}@example.test`;
  const metadata = {
    public_metadata: { role: 'admin' },
    unsafe_metadata: { theme: 'dark' },
    private_metadata: { secret: 'x' },
  };
  userId = hanko.createUser({ email, username: `ada${Date.now()}${Math.random()}`, metadata }).id;
  token = await hanko.token({ user: userId });
});
afterEach(async () => {
  replace = () => undefined;
  store.recover();
  await hanko.recover();
});
afterAll(() => hanko.stop());

const statusAndCode = ({ status, body }: Answer): unknown => ({
  status,
  code: (body as { code?: unknown }).code,
});

describe.each(PLATFORMS)('HankoProfile on %s', (platform) => {
  let app: RunningApp;
  let other: RunningApp;
  beforeAll(async () => {
    app = await start(platform);
    other = await start(platform, { fetch: fetchOrReplace, validateTimeoutMs: 10_000 });
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  const expectOut = async (): Promise<void> => {
    expect(await app.get('/notes', bearer(token))).toBeRefused('session_revoked');
  };
  const expectIn = async (at = app): Promise<void> => {
    expect((await at.get('/notes', bearer(token))).text).toBe(userId);
  };

  it.each(['header', 'cookie'])('reads the profile of a token from the %s', async (place) => {
    const headers = place === 'header' ? bearer(token) : cookie(token);
    const { status, body } = await app.get('/profile', headers);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: userId,
      emails: [{ isPrimary: true, isVerified: true }],
      passkeys: [],
      securityKeys: [],
      identities: [],
      hasAuthenticatorApp: false,
      publicMetadata: { role: 'admin' },
      unsafeMetadata: { theme: 'dark' },
    });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('shows what has changed since the login', async () => {
    const response = await fetch(`${hanko.adminUrl}/users/${userId}/metadata`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ public_metadata: { role: 'member' } }),
    });
    expect(response.status).toBe(200);

    expect((await app.get('/profile', bearer(token))).body).toMatchObject({
      publicMetadata: { role: 'member' },
    });
  });

  it('makes no call for a token that is not valid', async () => {
    hanko.clearRequests();
    expect(await app.get('/profile')).toBeRefused('credentials_missing');
    const profiles = app.app.get(HankoProfile);
    for (const wrong of [
      await hanko.forgedToken('other-key-same-kid'),
      await hanko.expiredToken(),
      'x',
      '',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(profiles.get(wrong)).rejects.toBeInstanceOf(HankoTokenError);
      // oxlint-disable-next-line no-await-in-loop
      await expect(profiles.logout(wrong)).rejects.toBeInstanceOf(HankoTokenError);
    }

    expect(hanko.countRequests('/me') + hanko.countRequests('/logout')).toBe(0);
  });

  it.each<[string, () => void]>([
    ['the session', () => hanko.revoke(token)],
    ['the user', () => hanko.deleteUser(userId)],
  ])('learns that %s has ended, and every route of this instance with it', async (_, end) => {
    await expectIn();
    end();
    await expectIn();
    expect(statusAndCode(await app.get('/profile', bearer(token)))).toEqual({
      status: 401,
      code: 'session_revoked',
    });

    await expectOut();
  });

  it.each([
    'down',
    'error',
    'unavailable',
    'hang',
    'garbage',
    'wrong-json',
    'redirect',
    'oversized',
  ] as const)('a Hanko that is in trouble is an outage, and signs nobody out: %s', async (kind) => {
    await hanko.fault(kind, { path: '/me' });
    expect(statusAndCode(await app.get('/profile', bearer(token)))).toEqual({
      status: 503,
      code: 'hanko_unavailable',
    });
    await hanko.recover();

    await expectIn();
    expect((await app.get('/profile', bearer(token))).status).toBe(200);
  });

  it.each<[string, () => Response]>([
    ['401 as a page', () => new Response('<html>', { status: 401 })],
    ['404 as a page', () => new Response('<html>', { status: 404 })],
    ['401 of another code', () => Response.json({ code: 403 }, { status: 401 })],
    ['401 without a body', () => new Response(null, { status: 401 })],
    ['403', () => Response.json({ code: 403 }, { status: 403 })],
    ['somebody else', () => Response.json({ user_id: randomUUID() })],
  ])('what is not Hanko’s own word signs nobody out: %s', async (_, reply) => {
    replace = (path) => (path === '/me' || path === '/logout' ? reply() : undefined);
    expect((await other.get('/profile', bearer(token))).status).toBe(503);

    await expectIn(other);
  });

  it('logs out: here, at Hanko, in other instances, and what the session opened', async () => {
    const again = await hanko.token({ user: userId });
    const stream = send(`${app.url}/events`, bearer(token));
    await expect.poll(() => app.app.get(HankoLiveSessions).size).toBe(1);
    expect((await app.request('POST', '/logout', bearer(token))).status).toBe(204);

    expect((await stream).text).toContain(userId);
    await expectOut();
    expect(await other.get('/notes', bearer(token))).toBeRefused('session_revoked');
    expect((await app.get('/notes', bearer(again))).text).toBe(userId);
    expect(hanko.sessions(userId).map(({ id }) => id)).toEqual([sessionIdIn(again)]);
    // Once more, as two tabs do.
    await app.app.get(HankoProfile).logout(token);
  });

  it('logs out while Hanko is down: here at once, there when it is called again', async () => {
    await hanko.fault('down', { path: '/logout' });
    expect(statusAndCode(await app.request('POST', '/logout', bearer(token)))).toEqual({
      status: 503,
      code: 'hanko_unavailable',
    });
    await expectOut();
    await hanko.recover();
    expect(hanko.sessions(userId)).toHaveLength(1);
    await app.app.get(HankoProfile).logout(token);

    expect(hanko.sessions(userId)).toHaveLength(0);
  });

  it('says that it is not done while the store is down', async () => {
    store.break('throws');
    const profiles = app.app.get(HankoProfile);
    await expect(profiles.logout(token)).rejects.toMatchObject({ code: 'hanko_unavailable' });
    store.recover();
    clock.advanceSeconds(10);
  });

  it('answers many at once without a warning of Node’s', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const profiles = other.app.get(HankoProfile);
    await Promise.all(Array.from({ length: 12 }, () => profiles.get(token)));
    await new Promise(setImmediate);
    process.off('warning', onWarning);

    expect(warnings).toEqual([]);
  });
});

it('without an address HankoProfile says what it needs, and logs nobody out', async () => {
  const jwks = (await (await fetch(`${hanko.url}/.well-known/jwks.json`)).json()) as never;
  await using app = await startApp('Express', {
    imports: [HankoModule.forRoot({ jwks, audience: 'localhost', now: clock.now })],
    controllers: [ProfileController],
    providers: [APP_GUARD_PROVIDER],
  });
  const profiles = app.app.get(HankoProfile);

  await expect(profiles.get(token)).rejects.toBeInstanceOf(HankoConfigurationError);
  await expect(profiles.logout(token)).rejects.toThrow(/HankoProfile.*needs apiUrl/s);
  expect((await app.get('/notes', bearer(token))).text).toBe(userId);
});
