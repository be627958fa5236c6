import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test, type TestingModule } from '@nestjs/testing';
import { type ConfigurationFault, HankoConfigurationError, HankoModule } from 'nestjs-hanko';
import {
  HankoAdmin,
  HankoAdminModule,
  type HankoAdminOptions,
  type HankoAdminOptionsFactory,
} from 'nestjs-hanko/admin';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AdminServer } from '../../support/admin-server.js';
import { CapturedLog } from '../../support/log.js';

const server = new AdminServer();
const KEY = 'the-api-key';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'nestjs-hanko-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  // ConfigModule copies .env files there.
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('HANKO_')) delete process.env[name];
  }
});

type Imports = NonNullable<ModuleMetadata['imports']>;

async function start(imports: Imports, log = new CapturedLog()): Promise<TestingModule> {
  @Module({ imports })
  class AppModule {}
  const app = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger(log)
    .compile();
  return app.init();
}

/** An app whose HankoAdmin calls our server, with the key. */
async function expectWorking(imports: Imports): Promise<void> {
  const log = new CapturedLog();
  const app = await start(imports, log);
  await app.get(HankoAdmin).health.alive();
  await app.close();

  expect(server.requests).toMatchObject([
    { url: '/health/alive', headers: { authorization: `Bearer ${KEY}` } },
  ]);
  expect(log.messages('warn')).toEqual([]);
  expect(log.lines.map(({ text }) => text).join()).not.toContain(KEY);
}

const caught = async (starting: () => unknown): Promise<unknown> => {
  try {
    const app = (await starting()) as TestingModule;
    await app.close();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
};

async function faultsOf(starting: () => unknown): Promise<readonly ConfigurationFault[]> {
  const error = await caught(starting);
  expect(error).toBeInstanceOf(HankoConfigurationError);
  return (error as HankoConfigurationError).faults;
}

const options = (): HankoAdminOptions => ({ url: `${server.url}/`, apiKey: KEY });

describe('HankoAdminModule.forRoot()', () => {
  const envFile = (): string => {
    const path = join(directory, 'app.env');
    writeFileSync(path, `HANKO_ADMIN_URL=${server.url}/\nHANKO_ADMIN_API_KEY=${KEY}\n`);
    return path;
  };
  const fromFile = (isGlobal = false) => ConfigModule.forRoot({ envFilePath: envFile(), isGlobal });
  const fromLoad = () =>
    ConfigModule.forRoot({
      ignoreEnvFile: true,
      load: [() => Promise.resolve({ HANKO_ADMIN_URL: server.url, HANKO_ADMIN_API_KEY: KEY })],
    });

  it.each([
    { what: 'its options', imports: () => [HankoAdminModule.forRoot(options())] },
    { what: 'a .env file, before', imports: () => [fromFile(), HankoAdminModule.forRoot()] },
    { what: 'a .env file, after', imports: () => [HankoAdminModule.forRoot({}), fromFile()] },
    { what: 'a .env file, global', imports: () => [HankoAdminModule.forRoot(), fromFile(true)] },
    { what: 'an async load', imports: () => [HankoAdminModule.forRoot(), fromLoad()] },
    {
      what: 'both',
      imports: () => [HankoAdminModule.forRoot({ url: server.url, isGlobal: false }), fromLoad()],
    },
  ])('works with $what', async ({ imports }) => {
    await expectWorking(imports());
  });

  it('works with the variables of the process, which options override', async () => {
    vi.stubEnv('HANKO_ADMIN_URL', 'http://127.0.0.1:1');
    vi.stubEnv('HANKO_ADMIN_API_KEY', KEY);

    await expectWorking([HankoAdminModule.forRoot({ url: server.url })]);
  });

  it('is told of all that is wrong, by the names that were written', async () => {
    vi.stubEnv('HANKO_ADMIN_API_KEY', '"quoted"');
    vi.stubEnv('HANKO_MANAGEMENT_URL', 'x');
    const wrong = { url: 'http://a:b@x', timeoutMs: 0, apikey: 'x' } as never;

    expect(
      (await faultsOf(() => start([HankoAdminModule.forRoot(wrong)]))).map(({ path }) => path),
    ).toEqual([
      'HankoAdminModule.apikey',
      'HankoAdminModule.url',
      'HANKO_ADMIN_API_KEY',
      'HANKO_MANAGEMENT_URL',
      'HankoAdminModule.timeoutMs',
    ]);
  });

  it('without an address says what is missing, and that a .env file needs ConfigModule', async () => {
    expect(await faultsOf(() => start([HankoAdminModule.forRoot()]))).toEqual([
      {
        path: 'HankoAdminModule.url',
        hint: expect.stringMatching(
          /HANKO_ADMIN_URL.*HANKO_API_URL.*\.env.*ConfigModule\.forRoot\(\)/s,
        ),
      },
    ]);
  });

  it('finds the Admin API of Hanko Cloud by HANKO_API_URL, and asks for its key', async () => {
    vi.stubEnv('HANKO_API_URL', 'https://abc.hanko.io');
    expect(await faultsOf(() => start([HankoAdminModule.forRoot()]))).toMatchObject([
      { path: 'HankoAdminModule.apiKey' },
    ]);

    vi.stubEnv('HANKO_ADMIN_API_KEY', KEY);
    const urls: string[] = [];
    const fetch: typeof globalThis.fetch = (input) => {
      urls.push(input instanceof Request ? input.url : input.toString());
      return Promise.resolve(new Response('{}'));
    };
    const app = await start([HankoAdminModule.forRoot({ fetch })]);
    await app.get(HankoAdmin).health.alive();
    await app.close();
    expect(urls).toEqual(['https://abc.hanko.io/admin/health/alive']);
  });

  it('warns of an Admin API on the open net without a key', async () => {
    const log = new CapturedLog();
    const app = await start([HankoAdminModule.forRoot({ url: 'https://admin.example.com' })], log);
    await app.close();

    expect(log.messages('warn', 'HankoAdmin')).toEqual([expect.stringContaining('open net')]);
  });

  it.each<[unknown, RegExp]>([
    [Promise.resolve({}), /promise.*forRootAsync/s],
    ['http://hanko:8001', /takes an object/],
    [null, /takes an object/],
  ])('takes no %s', async (written, hint) => {
    expect(await faultsOf(() => HankoAdminModule.forRoot(written as never))).toEqual([
      { path: 'HankoAdminModule.forRoot()', hint: expect.stringMatching(hint) },
    ]);
  });
});

describe('HankoAdminModule.forRootAsync()', () => {
  @Injectable()
  class OptionsFactory implements HankoAdminOptionsFactory {
    createHankoAdminOptions(): Promise<HankoAdminOptions> {
      return Promise.resolve(options());
    }
  }

  @Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
  class OptionsModule {}

  it.each([
    { what: 'useFactory', how: () => ({ useFactory: options }) },
    {
      what: 'useFactory with inject',
      how: () => ({
        imports: [
          ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ at: server.url })] }),
        ],
        inject: [ConfigService],
        useFactory: (config: ConfigService) =>
          Promise.resolve({ url: config.getOrThrow<string>('at'), apiKey: KEY }),
      }),
    },
    { what: 'useClass', how: () => ({ useClass: OptionsFactory, isGlobal: false }) },
    {
      what: 'useExisting',
      how: () => ({ imports: [OptionsModule], useExisting: OptionsFactory }),
    },
  ])('works with $what', async ({ how }) => {
    await expectWorking([HankoAdminModule.forRootAsync(how())]);
  });

  it('takes what the factory omits from the environment', async () => {
    vi.stubEnv('HANKO_ADMIN_API_KEY', KEY);

    await expectWorking([
      HankoAdminModule.forRootAsync({ useFactory: () => ({ url: server.url }) }),
    ]);
  });

  it.each([undefined, null, 'http://hanko:8001', []])('takes no factory of %j', async (made) => {
    vi.stubEnv('HANKO_ADMIN_URL', server.url);
    const module = HankoAdminModule.forRootAsync({ useFactory: () => made as never });

    expect(await faultsOf(() => start([module]))).toEqual([
      { path: 'HankoAdminModule', hint: expect.stringMatching(/^takes an object with options/) },
    ]);
  });

  it.each<[object, RegExp]>([
    [{}, /exactly one/],
    [{ useFactory: options, useClass: OptionsFactory }, /exactly one/],
    [{ useFactory: options, url: 'http://x' }, /no effect beside the factory/],
  ])('refuses %o', async (wrong, hint) => {
    const faults = await faultsOf(() => HankoAdminModule.forRootAsync(wrong));
    expect(faults.map((fault) => fault.hint).join()).toMatch(hint);
  });

  it('says what a class without the method lacks', async () => {
    class Empty {}
    const module = HankoAdminModule.forRootAsync({ useClass: Empty as never });

    expect(await faultsOf(() => start([module]))).toEqual([
      {
        path: 'HankoAdminModule.forRootAsync()',
        hint: expect.stringContaining('createHankoAdminOptions()'),
      },
    ]);
  });
});

describe('HankoAdminModule in several places', () => {
  @Injectable()
  class Reports {
    constructor(@Inject(HankoAdmin) readonly admin: HankoAdmin) {}
  }

  it('is seen by every module', async () => {
    @Module({ providers: [Reports], exports: [Reports] })
    class FeatureModule {}
    const app = await start([FeatureModule, HankoAdminModule.forRoot(options())]);

    expect(app.get(Reports, { strict: false }).admin).toBe(app.get(HankoAdmin));
    await app.close();
  });

  it('with isGlobal: false is seen by who imports it, and by nobody else', async () => {
    const admin = HankoAdminModule.forRoot({ ...options(), isGlobal: false });
    @Module({ imports: [admin], providers: [Reports] })
    class ImportingModule {}
    @Module({ providers: [Reports] })
    class OtherModule {}

    await (await start([admin, ImportingModule])).close();
    expect(String(await caught(() => start([admin, OtherModule])))).toMatch(
      /can't resolve dependencies of the Reports/,
    );
  });

  it('is a start-up error: it is set up once', async () => {
    const twice = [
      HankoAdminModule.forRoot(options()),
      HankoAdminModule.forRoot({ ...options(), timeoutMs: 1 }),
    ];
    expect(await faultsOf(() => start(twice))).toMatchObject([
      { path: 'HankoAdminModule', hint: expect.stringMatching(/^is set up 2 times, by AppModule/) },
    ]);
  });

  it.each([{ isWanted: true }, { isWanted: false }])(
    'without forRoot() is a start-up error that says so: %o',
    async ({ isWanted }) => {
      @Module({ imports: [HankoAdminModule], providers: isWanted ? [Reports] : [] })
      class BareModule {}
      for (const imports of [[BareModule], [HankoAdminModule.forRoot(options()), BareModule]]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await faultsOf(() => start(imports))).toMatchObject([
          { hint: expect.stringMatching(/^is imported without forRoot\(\), by BareModule/) },
        ]);
      }
    },
  );

  it.each(['before', 'after'])('does not hide that HankoModule %s it is wrong', async (place) => {
    const admin = HankoAdminModule.forRoot(options());
    const hanko = HankoModule.forRoot({ apiUrl: 'x', audience: null });
    const imports = place === 'before' ? [hanko, admin] : [admin, hanko];

    expect(await faultsOf(() => start(imports))).toMatchObject([{ path: 'apiUrl' }]);
  });
});
