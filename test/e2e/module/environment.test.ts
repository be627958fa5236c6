import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { HankoModule } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer } from '../../support/app.js';
import { faultsOf, ModuleApp, pathsOf, start } from '../../support/module-app.js';

const fixture = new ModuleApp();
const { expectWorking } = fixture;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'nestjs-hanko-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('forRoot() reads HANKO_API_URL', () => {
  const envFile = (): string => {
    const path = join(directory, 'app.env');
    writeFileSync(path, `HANKO_API_URL=${fixture.hanko.url}\nHANKO_AUDIENCE=localhost\n`);
    return path;
  };
  const fromFile = (): Promise<DynamicModule> => ConfigModule.forRoot({ envFilePath: envFile() });
  const fromLoad = (): Promise<DynamicModule> =>
    ConfigModule.forRoot({
      ignoreEnvFile: true,
      load: [
        async () => {
          await Promise.resolve();
          return { HANKO_API_URL: fixture.hanko.url, HANKO_AUDIENCE: 'localhost' };
        },
      ],
    });

  it.each([
    {
      what: 'a .env file, with ConfigModule before',
      imports: () => [fromFile(), HankoModule.forRoot()],
    },
    {
      what: 'a .env file, with ConfigModule after',
      imports: () => [HankoModule.forRoot(), fromFile()],
    },
    {
      what: 'a .env file, with a global ConfigModule',
      imports: () => [
        HankoModule.forRoot(),
        ConfigModule.forRoot({ envFilePath: envFile(), isGlobal: true }),
      ],
    },
    {
      what: 'a .env file, with a cache',
      imports: () => [
        ConfigModule.forRoot({ envFilePath: envFile(), cache: true }),
        HankoModule.forRoot(),
      ],
    },
    {
      what: 'an async load, with ConfigModule before',
      imports: () => [fromLoad(), HankoModule.forRoot()],
    },
    {
      what: 'an async load, with ConfigModule after',
      imports: () => [HankoModule.forRoot(), fromLoad()],
    },
    {
      what: 'validated configuration',
      imports: () => [
        ConfigModule.forRoot({
          envFilePath: envFile(),
          validate: (config) => ({ ...config, HANKO_AUDIENCE: ['localhost'] }),
        }),
        HankoModule.forRoot(),
      ],
    },
    {
      what: 'a ConfigModule of another module',
      imports: () => {
        @Module({ imports: [fromFile()] })
        class FeatureModule {}
        return [HankoModule.forRoot(), FeatureModule];
      },
    },
  ])('from $what', async ({ imports }) => {
    await using app = await start(imports());

    await expectWorking(app);
    expect(app.log.messages('warn')).toEqual([]);
  });

  it('from process.env without any ConfigModule.forRoot()', async () => {
    vi.stubEnv('HANKO_API_URL', fixture.hanko.url);
    vi.stubEnv('HANKO_AUDIENCE', ' other , localhost');
    await using app = await start([HankoModule.forRoot()]);

    await expectWorking(app);
    expect(app.log.messages('warn')).toEqual([]);
  });

  it('and its sisters, which options go before', async () => {
    vi.stubEnv('HANKO_API_URL', 'http://127.0.0.1:9');
    vi.stubEnv('HANKO_AUDIENCE', 'other');
    vi.stubEnv('HANKO_ISSUER', 'issuer');
    await using app = await start([HankoModule.forRoot(fixture.options())]);

    expect(await app.get('/who', bearer(fixture.token))).toBeRefused('token_issuer_mismatch');
    expect(
      (
        await app.get(
          '/who',
          bearer(await fixture.hanko.token({ user: fixture.userId, issuer: 'issuer' })),
        )
      ).text,
    ).toBe(fixture.userId);
  });

  it.each(['', undefined])('and takes %j for unset', async (value) => {
    vi.stubEnv('HANKO_API_URL', value);
    vi.stubEnv('HANKO_AUDIENCE', value);

    expect(await faultsOf(start([HankoModule.forRoot()]))).toEqual([
      {
        path: 'apiUrl',
        hint: expect.stringMatching(/HankoModule\.forRoot\(\{ apiUrl \}\).*HANKO_API_URL/s),
      },
    ]);
  });

  it('and names the variable that is wrong', async () => {
    vi.stubEnv('HANKO_API_URL', 'hanko.example.test');
    vi.stubEnv('HANKO_AUDIENCE', 'a,,b');
    vi.stubEnv('HANKO_ISSUER', ' ');
    vi.stubEnv('HANKO_COOKIE_NAME', 'a b');

    expect(pathsOf(await faultsOf(start([HankoModule.forRoot()])))).toEqual([
      'HANKO_API_URL',
      'HANKO_AUDIENCE',
      'HANKO_COOKIE_NAME',
      'HANKO_ISSUER',
    ]);
  });

  it('and loses the white space around each text', async () => {
    vi.stubEnv('HANKO_API_URL', ` ${fixture.hanko.url}/\r\n`);
    vi.stubEnv('HANKO_AUDIENCE', '\tlocalhost\n');
    vi.stubEnv('HANKO_COOKIE_NAME', 'own\r');
    await using app = await start([HankoModule.forRoot()]);

    await expectWorking(app);
    expect((await app.get('/who', { cookie: `own=${fixture.token}` })).text).toBe(fixture.userId);
    expect(app.log.messages('warn')).toEqual([]);
  });

  it.each([
    ['HANKO_AUDIENCE', '"localhost"', 'quotes'],
    ['HANKO_AUDIENCE', '["localhost"]', 'JSON'],
    ['HANKO_AUDIENCE', 'localhost app.example.com', 'white space'],
    ['HANKO_AUDIENCE', 'localhost\napp.example.com', 'white space'],
    ['HANKO_ISSUER', "'https://login.example.com'", 'quotes'],
    ['HANKO_API_URL', 'https://<id>.hanko.io', 'placeholder'],
    ['HANKO_COOKIE_NAME', '"hanko"', 'quotes'],
  ])('and does not start with what cannot be right: %s=%j', async (name, value, problem) => {
    vi.stubEnv('HANKO_API_URL', fixture.hanko.url);
    vi.stubEnv(name, value);

    expect(await faultsOf(start([HankoModule.forRoot()]))).toEqual([
      { path: name, hint: expect.stringContaining(problem) },
    ]);
  });

  it.each([5, true, { url: 'x' }])(
    'and names the variable where a load factory gives %j',
    async (value) => {
      const config = ConfigModule.forRoot({
        ignoreEnvFile: true,
        load: [() => ({ HANKO_API_URL: value, HANKO_AUDIENCE: value })],
      });

      expect(await faultsOf(start([config, HankoModule.forRoot()]))).toMatchObject([
        { path: 'HANKO_API_URL' },
        { path: 'HANKO_AUDIENCE' },
      ]);
    },
  );

  it('and says that a .env file needs ConfigModule.forRoot(), where the variable is missing', async () => {
    expect(await faultsOf(start([HankoModule.forRoot({ audience: null })]))).toEqual([
      {
        path: 'apiUrl',
        hint: expect.stringMatching(/is missing\..*\.env file.*ConfigModule\.forRoot\(\)/),
      },
    ]);
  });
});
