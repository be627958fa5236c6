import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  Controller,
  Get,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestModule,
  Query,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoHealth,
  HankoModule,
  HankoUser,
  OptionalAuth,
} from 'nestjs-hanko';
import { describeRoutes } from 'nestjs-hanko/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, type Platform, PLATFORMS, startApp } from '../../support/app.js';
import { ApiKeyOrSession } from '../../support/recipes/api-key.js';
import { ApiKeys } from '../../support/recipes/api-keys.js';
import { HealthController } from '../../support/recipes/health.js';
import { ProblemFilter } from '../../support/recipes/problem-filter.js';
import { tenant, TenantMiddleware } from '../../support/recipes/tenant-middleware.js';
import { UserCacheInterceptor } from '../../support/recipes/user-cache.js';

let hanko: FakeHanko;
let ada: string;
let adas: string;
let bob: string;
let bobs: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  ada = hanko.createUser().id;
  bob = hanko.createUser().id;
  adas = await hanko.token({ user: ada });
  bobs = await hanko.token({ user: bob });
});
afterEach(() => hanko.recover());
afterAll(() => hanko.stop());

@Controller('reports')
class ReportsController {
  @ApiKeyOrSession()
  @Get()
  list(@CurrentUser() user: HankoUser | null): unknown {
    return { by: user?.id ?? null };
  }
}

@UseGuards(HankoAuthGuard)
@Controller('cached')
class CachedController {
  @UseInterceptors(UserCacheInterceptor)
  @Get()
  who(@CurrentUser('id') id: string, @Query('page') page?: string): unknown {
    return { id, page };
  }

  @OptionalAuth()
  @UseInterceptors(UserCacheInterceptor)
  @Get('feed')
  feed(@CurrentUser('id') id: string | null): unknown {
    return { id };
  }
}

@Controller('tenant')
class TenantController {
  @Get()
  async get(): Promise<unknown> {
    await new Promise(setImmediate);
    return { tenant: tenant.getStore() };
  }
}

@Module({})
class TenantModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(TenantMiddleware).forRoutes('*path');
  }
}

const HANKO_GUARD = { provide: APP_GUARD, useExisting: HankoAuthGuard };

const start = (platform: Platform, metadata: ModuleMetadata) =>
  startApp(platform, {
    ...metadata,
    imports: [
      HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' }),
      ...(metadata.imports ?? []),
    ],
  });

describe.each(PLATFORMS)('%s', (platform) => {
  describe.each([
    { closed: 'the whole app closed by APP_GUARD', guards: [HANKO_GUARD] },
    { closed: 'no global guard', guards: [] },
  ])('an API key or a session, with $closed', ({ guards }) => {
    const startReports = () =>
      start(platform, { controllers: [ReportsController], providers: [ApiKeys, ...guards] });
    const key = { 'X-Api-Key': 'key-of-a-machine' };

    it('lets either in, and says who is signed in if anybody is', async () => {
      await using app = await startReports();

      expect((await app.get('/reports', key)).body).toEqual({ by: null });
      expect((await app.get('/reports', bearer(adas))).body).toEqual({ by: ada });
      expect((await app.get('/reports', cookie(bobs))).body).toEqual({ by: bob });
      expect((await app.get('/reports', { ...key, ...bearer(adas) })).body).toEqual({ by: ada });
    });

    it('refuses everybody else with the whole response', async () => {
      await using app = await startReports();

      expect(await app.get('/reports')).toBeRefused('credentials_missing');
      expect(await app.get('/reports', { 'X-Api-Key': 'other' })).toBeRefused(
        'credentials_missing',
      );
      expect(await app.get('/reports', bearer('garbage'))).toBeRefused('token_malformed');
      expect(await app.get('/reports', cookie(await hanko.expiredToken()))).toBeRefused(
        'token_expired',
      );
    });

    it('leaves no challenge on a response to a key', async () => {
      await using app = await startReports();

      expect((await app.get('/reports', key)).headers['www-authenticate']).toBeUndefined();
    });

    it('is what the audit says: a guard of the app decides beside ours', async () => {
      await using app = await startReports();

      expect(describeRoutes(app.app)).toMatchObject([
        {
          route: 'GET /reports',
          access: guards.length > 0 ? 'optional' : 'unguarded',
          otherGuards: ['ApiKeyOrSessionGuard'],
        },
      ]);
    });
  });

  it('a cache per user hands nobody the response of somebody else', async () => {
    await using app = await start(platform, { controllers: [CachedController] });

    expect((await app.get('/cached', bearer(adas))).body).toEqual({ id: ada });
    expect((await app.get('/cached', bearer(bobs))).body).toEqual({ id: bob });
    expect((await app.get('/cached', cookie(adas))).body).toEqual({ id: ada });
    expect((await app.get('/cached?page=2', bearer(adas))).body).toEqual({ id: ada, page: '2' });
    expect(await app.get('/cached')).toBeRefused('credentials_missing');
    expect((await app.get('/cached/feed', bearer(adas))).body).toEqual({ id: ada });
    expect((await app.get('/cached/feed')).body).toEqual({ id: null });
  });

  it("a filter of the app's own writes the body, and keeps status and header fields", async () => {
    await using app = await start(platform, {
      controllers: [TenantController],
      providers: [HANKO_GUARD, { provide: APP_FILTER, useClass: ProblemFilter }],
    });
    const { status, headers, body } = await app.get('/tenant');

    expect(body).toEqual({
      type: 'about:blank',
      title: 'Authentication is required',
      code: 'credentials_missing',
    });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });

  it('middleware hands what it knows of the user on to handlers', async () => {
    await using app = await start(platform, {
      imports: [TenantModule],
      controllers: [TenantController],
      providers: [HANKO_GUARD],
    });

    const [first, second] = await Promise.all([
      app.get('/tenant', bearer(adas)),
      app.get('/tenant', bearer(bobs)),
    ]);
    expect([first.body, second.body]).toEqual([{ tenant: ada }, { tenant: bob }]);
    expect((await app.get('/tenant')).status).toBe(401);
  });

  it('a health check answers 503 when down, and says no more than its caller may know', async () => {
    await using app = await start(platform, { controllers: [HealthController] });
    expect((await app.get('/health/details', bearer(adas))).body).toMatchObject({
      status: 'up',
      keys: { state: 'fresh' },
    });
    expect((await app.get('/health/live')).body).toEqual({ status: 'up' });
    expect((await app.get('/health/ready')).body).toEqual({ status: 'up' });
    expect((await app.get('/health/details')).status).toBe(401);
  });

  it('a health check without keys is not ready, and alive', async () => {
    await hanko.fault('down');
    await using app = await start(platform, { controllers: [HealthController] });
    // Who has no keys refuses with 503.
    expect(await app.get('/health/details', bearer(adas))).toBeRefused('hanko_unavailable');
    expect(app.app.get(HankoHealth).report().status).toBe('down');

    const ready = await app.get('/health/ready');
    expect([ready.status, ready.body]).toEqual([503, { status: 'down' }]);
    expect((await app.get('/health/live')).status).toBe(200);
  });
});

describe('the documentation', () => {
  const read = (file: string): string =>
    readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');

  it.each([
    ['docs/recipes.md', 'api-key'],
    ['docs/recipes.md', 'user-cache'],
    ['docs/recipes.md', 'problem-filter'],
    ['docs/recipes.md', 'tenant-middleware'],
    ['docs/health.md', 'health'],
  ])('%s shows the very recipe that is tested: %s', (page, recipe) => {
    const source = read(`test/support/recipes/${recipe}.ts`);
    const [code = ''] = /^(?:@|export )[^]*$/m.exec(source) ?? [];

    expect(code.length).toBeGreaterThan(100);
    expect(read(page)).toContain(code);
  });
});
