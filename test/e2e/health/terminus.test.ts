import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { FakeHanko } from 'fake-hanko';
import { HankoAuthGuard, HankoModule, type HankoModuleOptions } from 'nestjs-hanko';
import { HankoStub } from 'nestjs-hanko/testing';
import { HankoHealthIndicator } from 'nestjs-hanko/terminus';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { HealthModule } from '../../support/recipes/terminus.js';

const DAY = 86_400;

const clock = new FakeClock();
let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: clock.now });
});
afterEach(() => hanko.recover());
afterAll(() => hanko.stop());

/** Terminus 12 knows what is between up and down. */
const hasDegraded = 'degraded' in new HealthIndicatorService().check('any');
const DEGRADED = hasDegraded ? 'degraded' : 'up';

const options = (): HankoModuleOptions => ({
  apiUrl: hanko.url,
  audience: 'localhost',
  now: clock.now,
});

describe.each(PLATFORMS)('Terminus on %s', (platform) => {
  const start = (): Promise<RunningApp> =>
    startApp(platform, {
      imports: [HankoModule.forRoot(options()), HealthModule],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  /** Requests with tokens are what finds out how Hanko is. */
  const details = async (app: RunningApp) =>
    app.get('/health/details', bearer(await hanko.token()));

  /** What the readiness probe gets: its status, and the part of Hanko. */
  const readiness = async (app: RunningApp): Promise<readonly [number, unknown]> => {
    const { status, body } = await app.get('/health/ready');
    return [status, (body as { details: { hanko: unknown } }).details.hanko];
  };

  const expectAlive = async (app: RunningApp): Promise<void> => {
    expect((await app.get('/health/live')).status).toBe(200);
  };

  it('says up, degraded and down as Hanko goes, and up again; the process is alive throughout', async () => {
    await using app = await start();
    expect((await details(app)).status).toBe(200);
    const rest = { sessions: 'unused', store: 'none' };
    const up = [200, { status: 'up', state: 'up', keys: 'fresh', ...rest }];
    expect(await readiness(app)).toEqual(up);
    await expectAlive(app);

    await hanko.fault('refuse');
    clock.advanceSeconds(700);
    const degraded = await details(app);
    expect(degraded.status).toBe(200);
    expect(degraded.body).toMatchObject({
      details: {
        hanko: {
          status: DEGRADED,
          report: {
            keys: {
              state: 'stale',
              lastFailure: { reason: expect.stringContaining('ECONNREFUSED') },
            },
          },
        },
      },
    });
    expect(await readiness(app)).toEqual([
      200,
      { status: DEGRADED, state: 'degraded', keys: 'stale', ...rest },
    ]);
    await expectAlive(app);

    clock.advanceSeconds(2 * DAY);
    expect(await details(app)).toBeRefused('hanko_unavailable');
    expect(await readiness(app)).toEqual([
      503,
      { status: 'down', state: 'down', keys: 'missing', ...rest },
    ]);
    await expectAlive(app);

    await hanko.recover();
    clock.advanceSeconds(60);
    expect((await details(app)).status).toBe(200);
    expect(await readiness(app)).toEqual(up);
    expect((await app.get('/health/details')).status).toBe(401);
  });
});

describe('HankoHealthIndicator', () => {
  const start = (metadata: Parameters<typeof startApp>[1]): Promise<RunningApp> =>
    startApp('Express', metadata);

  it('that cannot see HankoModule stops the app, and says what to import', async () => {
    await expect(start({ imports: [HealthModule] })).rejects.toThrow(
      /HankoHealthIndicator: needs HankoModule, .* import HankoModule\.forRoot\(\) in the root module/,
    );
  });

  it('is up in tests that use the stub', async () => {
    await using app = await start({ imports: [new HankoStub().forRoot(), HealthModule] });
    const { status, body } = await app.get('/health/ready');
    expect([status, body]).toMatchObject([200, { details: { hanko: { status: 'up' } } }]);
  });

  it('sees a HankoModule that is not global where that is imported', async () => {
    const own = HankoModule.forRoot({ ...options(), isGlobal: false });
    @Module({ imports: [own, TerminusModule], providers: [HankoHealthIndicator] })
    class OwnHealthModule {}
    await using app = await start({ imports: [own, OwnHealthModule] });

    const indicator = app.app.get(HankoHealthIndicator, { strict: false });
    expect(indicator.isReady('login')).toMatchObject({ login: { keys: expect.any(String) } });
    expect(indicator.isLive().hanko.status).not.toBe('down');
  });
});

it('docs/terminus.md shows the very module that is tested', () => {
  const read = (file: string): string =>
    readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');
  const code = read('test/support/recipes/terminus.ts');

  expect(code.length).toBeGreaterThan(500);
  expect(read('docs/terminus.md')).toContain(code);
});
