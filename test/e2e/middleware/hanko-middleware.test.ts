import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  HankoUser,
  hankoMiddleware,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  cookie,
  type HeaderFields,
  type Platform,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';

let hanko: FakeHanko;
let userId: string;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});
afterEach(() => hanko.recover());
afterAll(() => hanko.stop());

const DEMANDS: RequireAuthOptions = { mfa: true, maxAgeSeconds: 300, session: 'online' };

@Controller('guarded')
class GuardedController {
  @RequireAuth()
  @Get()
  get(): string {
    return 'in';
  }

  @RequireAuth(DEMANDS)
  @Get('strict')
  strict(): string {
    return 'in';
  }
}

/** Behind the middleware as well. */
@Controller('mounted/nest')
class MountedController {
  @RequireAuth()
  @Get()
  who(@CurrentUser() user: HankoUser): string {
    return user.id;
  }
}

/** Who came to what is mounted on the adapter. */
const arrived: (string | undefined)[] = [];

/** As a dashboard does it: it knows nothing of Nest. */
function dashboard(
  request: IncomingMessage & { readonly user?: unknown },
  response: ServerResponse,
): void {
  const { user } = request;
  arrived.push(user instanceof HankoUser ? user.id : undefined);
  response.end('dashboard');
}

const start = (
  platform: Platform,
  configure: (app: INestApplication) => unknown,
  options: HankoModuleOptions = {},
): Promise<RunningApp> => {
  arrived.length = 0;
  return startApp(
    platform,
    {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', ...options })],
      controllers: [GuardedController, MountedController],
    },
    { configure },
  );
};

function mount(app: INestApplication): void {
  app.use('/mounted', hankoMiddleware(app));
  app.use('/mounted/dashboard', dashboard);
  app.use('/strict', hankoMiddleware(app, DEMANDS));
  app.use('/strict', dashboard);
}

/** What a caller sees of a response, beside what differs from one to the next. */
const seen = ({ status, headers, text }: Answer): unknown => {
  const { date: _date, ...others } = headers;
  return { status, headers: others, text: text.replaceAll(/"actual":\d+/g, '"actual":0') };
};

describe.each(PLATFORMS)('hankoMiddleware on %s', (platform) => {
  it('lets users in, and says who they are', async () => {
    await using app = await start(platform, mount);

    expect((await app.get('/mounted/dashboard/queues?page=2', bearer(token))).text).toBe(
      'dashboard',
    );
    expect((await app.get('/mounted/dashboard', cookie(token))).text).toBe('dashboard');
    expect(arrived).toEqual([userId, userId]);
  });

  it.each<{ what: string; headers: () => HeaderFields | Promise<HeaderFields> }>([
    { what: 'no credential', headers: () => ({}) },
    { what: 'garbage', headers: () => bearer('garbage') },
    { what: 'an expired token', headers: async () => bearer(await hanko.expiredToken()) },
    { what: 'a forged token', headers: async () => bearer(await hanko.forgedToken('alg-none')) },
    { what: 'a dead cookie', headers: async () => cookie(await hanko.expiredToken()) },
    {
      what: 'two bearer tokens',
      headers: () => [
        ['Authorization', `Bearer ${token}`],
        ['Authorization', 'Bearer other'],
      ],
    },
  ])('answers $what as the guard does, and nothing behind it runs', async ({ headers }) => {
    await using app = await start(platform, mount);
    const [byGuard, byMiddleware] = [
      await app.get('/guarded', await headers()),
      await app.get('/mounted/dashboard', await headers()),
    ];

    expect(byGuard.status).toBeGreaterThanOrEqual(400);
    expect(seen(byMiddleware)).toEqual(seen(byGuard));
    expect(arrived).toEqual([]);
  });

  it('answers unmet demands as the guard does', async () => {
    await using app = await start(platform, mount);
    const old = bearer(await hanko.token({ user: userId, amr: ['pwd'] }));

    const answer = await app.get('/strict', old);
    expect(answer.body).toMatchObject({ code: 'step_up_required' });
    expect(seen(answer)).toEqual(seen(await app.get('/guarded/strict', old)));
    expect(arrived).toEqual([]);
    const fresh = bearer(await hanko.token({ user: userId, amr: ['passkey'] }));
    expect((await app.get('/strict', fresh)).text).toBe('dashboard');
  });

  it('asks Hanko where the demands say so, and answers 503 while it cannot', async () => {
    await using app = await start(platform, mount);
    const headers = bearer(await hanko.token({ user: userId, amr: ['passkey'] }));
    expect((await app.get('/strict', headers)).text).toBe('dashboard');
    await hanko.fault('down');

    const answer = await app.get('/strict', headers);
    expect(answer).toBeRefused('hanko_unavailable');
    expect(seen(answer)).toEqual(seen(await app.get('/guarded/strict', headers)));
    // Nothing that asks nobody is out of order.
    expect((await app.get('/mounted/dashboard', headers)).text).toBe('dashboard');
  });

  it('is closed to every method, and refuses a cookie from another site', async () => {
    await using app = await start(platform, mount);

    for (const method of ['POST', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      expect(await app.request(method, '/mounted/dashboard')).toBeRefused('credentials_missing');
      expect((await app.request(method, '/mounted/dashboard', bearer(token))).text).toBe(
        'dashboard',
      );
    }
    const head = await app.request('HEAD', '/mounted/dashboard');
    expect([head.status, head.headers['www-authenticate'], head.text]).toEqual([401, 'Bearer', '']);
    expect((await app.request('HEAD', '/mounted/dashboard', bearer(token))).status).toBe(200);
    expect(
      await app.request('POST', '/mounted/dashboard', {
        ...cookie(token),
        Origin: 'https://evil.test',
      }),
    ).toBeRefused('cross_site_request');
  });

  it.each([
    '/mounted/dashboard/',
    '/mounted/dashboard?x=/y',
    '/mounted/dashboard/a/b%2Fc',
    '//mounted/dashboard',
    '/mounted//dashboard',
    '/MOUNTED/dashboard',
    '/mounted/./dashboard',
    '/%6dounted/dashboard',
    '/x/../mounted/dashboard',
    '/mounted;a=b/dashboard',
  ])('lets nobody through by writing the path as %s', async (path) => {
    await using app = await start(platform, mount);
    const { status } = await app.get(path);

    expect([401, 404, 400]).toContain(status);
    expect(arrived).toEqual([]);
  });

  it('verifies once, also for a guard behind it', async () => {
    using authentications = recordChannel(HANKO_CHANNELS.authentication);
    await using app = await start(platform, mount);

    expect((await app.get('/mounted/nest', bearer(token))).text).toBe(userId);
    expect(await app.get('/mounted/nest')).toBeRefused('credentials_missing');
    expect(authentications.messages).toMatchObject([
      { outcome: 'authenticated', userId, handler: 'hankoMiddleware()' },
      { outcome: 'refused', code: 'credentials_missing', handler: 'hankoMiddleware()' },
    ]);
  });

  it('answers 500 for what nobody expected, and tells the log', async () => {
    const extractors = [
      {
        name: 'broken',
        extract: () => {
          throw new Error('a secret of the app');
        },
      },
    ];
    await using app = await start(platform, mount, { extractors });

    const answer = await app.get('/mounted/dashboard', bearer(token));
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({ statusCode: 500, message: 'Internal server error' });
    expect(app.log.lines.some(({ level }) => level === 'error')).toBe(true);
    expect(arrived).toEqual([]);
  });

  it('takes its demands at once: what is changed later has no effect', async () => {
    const demands = { mfa: true };
    await using app = await start(platform, (nest) => {
      nest.use('/strict', hankoMiddleware(nest, demands));
      nest.use('/strict', dashboard);
    });
    demands.mfa = false;

    expect((await app.get('/strict', bearer(token))).body).toMatchObject({
      code: 'step_up_required',
    });
  });

  it('is a start-up error for wrong demands', async () => {
    const starting = start(platform, (app) =>
      hankoMiddleware(app, { mfa: 'yes', sesion: 'online' } as never),
    );

    await expect(starting).rejects.toThrow(HankoConfigurationError);
    await expect(starting).rejects.toThrow(
      /hankoMiddleware\(\)\.sesion.*hankoMiddleware\(\)\.mfa/s,
    );
  });

  it('is a start-up error for a session policy without an address to ask', async () => {
    const starting = startApp(
      platform,
      { imports: [HankoModule.forRoot({ jwks: hanko.jwks(), audience: 'localhost' })] },
      { configure: (app) => hankoMiddleware(app, { session: 'online' }) },
    );

    await expect(starting).rejects.toThrow(/hankoMiddleware\(\)\.session: needs apiUrl/);
  });

  it('is a start-up error without HankoModule', async () => {
    const starting = startApp(platform, {}, { configure: (app) => hankoMiddleware(app) });

    await expect(starting).rejects.toThrow(HankoConfigurationError);
    await expect(starting).rejects.toThrow(/hankoMiddleware\(\): .*without HankoModule/);
  });

  it('finds a module that is not global', async () => {
    @Module({
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', isGlobal: false })],
    })
    class FeatureModule {}
    await using app = await startApp(platform, { imports: [FeatureModule] }, { configure: mount });

    expect(await app.get('/mounted/dashboard')).toBeRefused('credentials_missing');
    expect((await app.get('/mounted/dashboard', bearer(token))).text).toBe('dashboard');
  });
});

describe('hankoMiddleware without an application', () => {
  it('says what it takes', async () => {
    expect(() => hankoMiddleware({ mfa: true } as never)).toThrow(/takes the application/);
    expect(() => hankoMiddleware(undefined as never)).toThrow(/takes the application/);
    const context = await NestFactory.createApplicationContext(class EmptyModule {}, {
      logger: false,
    });
    expect(() => hankoMiddleware(context as never)).toThrow(/takes the application/);
    await context.close();
  });
});
