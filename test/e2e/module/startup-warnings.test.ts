import { Controller, Get, type Type } from '@nestjs/common';
import { hankoMiddleware, HankoModule, type HankoModuleOptions, RequireAuth } from 'nestjs-hanko';
import { describe, expect, it, vi } from 'vitest';
import { bearer, type RunningApp, startApp } from '../../support/app.js';
import { expectStoreDown } from '../../support/faulty-store.js';
import { ModuleApp, start, WhoController } from '../../support/module-app.js';

const fixture = new ModuleApp();
const { expectWorking } = fixture;

describe('start-up warnings', () => {
  const warnings = async (written: HankoModuleOptions): Promise<string[]> => {
    await using app = await start([
      HankoModule.forRoot({
        fetch: () => Promise.reject(new Error('no network in this test')),
        ...written,
      }),
    ]);
    return app.log.messages('warn', 'HankoModule');
  };
  const remote = { apiUrl: 'http://hanko.internal', audience: 'localhost' };

  it('name a missing audience once', async () => {
    expect(await warnings({ apiUrl: fixture.hanko.url })).toEqual([
      expect.stringMatching(/^No audience is configured.*audience.*HANKO_AUDIENCE.*null/),
    ]);
  });

  it.each([
    { what: 'an audience', audience: 'localhost' },
    { what: 'several', audience: ['a', 'b'] },
    { what: 'null, on purpose', audience: null },
  ])('do not, with $what', async ({ audience }) => {
    expect(await warnings({ apiUrl: fixture.hanko.url, audience })).toEqual([]);
  });

  it('name plain http in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');

    expect(await warnings(remote)).toEqual([expect.stringMatching(/http:\/\/.*Use https/)]);
  });

  it('do not in development', async () => {
    vi.stubEnv('NODE_ENV', 'development');

    expect(await warnings(remote)).toEqual([]);
  });

  it.each([
    'http://127.0.0.1:8000',
    'http://127.1.2.3',
    'http://localhost:8000',
    'http://hanko.localhost',
    'http://[::1]:8000',
    'https://hanko.internal',
  ])('do not in production for %s', async (apiUrl) => {
    vi.stubEnv('NODE_ENV', 'production');

    expect(await warnings({ apiUrl, audience: null })).toEqual([]);
  });

  it.each(['http://127.0.0.1.evil.test', 'http://localhost.evil.test', 'http://10.0.0.1'])(
    'do in production for %s',
    async (apiUrl) => {
      vi.stubEnv('NODE_ENV', 'production');

      expect(await warnings({ apiUrl, audience: null })).toHaveLength(1);
    },
  );
});

describe("onUnavailable: 'accept'", () => {
  @Controller('lax')
  class LaxController {
    @RequireAuth({ session: { refreshSeconds: 60, onUnavailable: 'accept' } })
    @Get()
    list(): string {
      return 'list';
    }
  }
  const store = {
    getMany: () => Promise.reject(new Error('down')),
    set: () => Promise.reject(new Error('down')),
  };
  const startLax = (options: HankoModuleOptions, controllers: Type[] = []): Promise<RunningApp> =>
    startApp('Express', {
      imports: [HankoModule.forRoot(fixture.options(options))],
      controllers: [WhoController, ...controllers],
    });
  const said = (app: RunningApp): string[] => app.log.messages('warn', 'HankoModule');

  it('is named in one warning, wherever it is written, with what it gives up', async () => {
    await using app = await startLax(
      { onUnavailable: 'accept', revocation: { onUnavailable: 'accept' } },
      [LaxController],
    );

    expect(said(app)).toEqual([
      expect.stringMatching(
        /^'accept' is set by the option onUnavailable, and by .* of LaxController\.list, and by the option revocation\.onUnavailable\. .*logout.*missed/,
      ),
    ]);
  });

  it('on a route alone is named as well, and nothing is said where nothing accepts', async () => {
    await using lax = await startLax({}, [LaxController]);
    await using strict = await startLax({});

    expect(said(lax)).toEqual([expect.stringContaining('of LaxController.list. ')]);
    expect(said(strict)).toEqual([]);
  });

  it('in the policy of the whole app is named as well', async () => {
    await using app = await startLax({ session: { refreshSeconds: 60, onUnavailable: 'accept' } });

    expect(said(app)).toEqual([
      expect.stringContaining("'accept' is set by the option session.onUnavailable. "),
    ]);
  });

  it('of middleware is told when it is mounted', async () => {
    await using app = await startLax({});
    hankoMiddleware(app.app, { session: { refreshSeconds: 60, onUnavailable: 'accept' } });
    hankoMiddleware(app.app, { session: { refreshSeconds: 60 } });

    expect(app.log.messages('warn', 'HankoMiddleware')).toEqual([
      expect.stringContaining("'accept' is set by hankoMiddleware(). "),
    ]);
  });

  it('about Hanko does not open the revocation store: 503 while the store is down', async () => {
    await using app = await startLax({ onUnavailable: 'accept', revocation: { store } });

    expectStoreDown(await app.get('/who', bearer(fixture.token)));
  });

  it('about the store opens it, where it is written', async () => {
    await using app = await startLax({ revocation: { store, onUnavailable: 'accept' } });

    expect((await app.get('/who', bearer(fixture.token))).text).toBe(fixture.userId);
  });
});

describe('a local Hanko on plain http', () => {
  it('works in development without a warning', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    await using app = await start([HankoModule.forRoot(fixture.options())]);

    await expectWorking(app);
    expect(app.log.messages('warn')).toEqual([]);
  });
});
