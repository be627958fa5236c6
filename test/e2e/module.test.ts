import { createHmac, generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CanActivate,
  Controller,
  type DynamicModule,
  Get,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  UseGuards,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  CurrentUser,
  HANKO_JWKS,
  HankoAuthGuard,
  HankoAuthService,
  type ConfigurationFault,
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  type HankoOptionsFactory,
  HankoTokenError,
  HankoUnavailableError,
  type JwksProvider,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import '../support/e2e-answers.js';
import {
  bearer,
  PlainController,
  PLATFORMS,
  type RunningApp,
  startApp,
  type StartOptions,
} from '../support/e2e-app.js';
import { CapturedLog } from '../support/e2e-log.js';

@Controller()
class WhoController {
  @UseGuards(HankoAuthGuard)
  @Get('who')
  who(@CurrentUser('id') id: string): string {
    return id;
  }
}

let hanko: FakeHanko;
let userId: string;
let token: string;
let directory: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
  directory = mkdtempSync(join(tmpdir(), 'nestjs-hanko-'));
});
beforeEach(() => {
  hanko.clearRequests();
});
afterEach(async () => {
  await hanko.recover();
  vi.unstubAllEnvs();
  // ConfigModule copies .env files there.
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('HANKO_')) delete process.env[name];
  }
});
afterAll(async () => {
  await hanko.stop();
  rmSync(directory, { recursive: true });
});

const JWKS = '/.well-known/jwks.json';

/** Starts on Express: where a module gets its options from has nothing to do with the adapter. */
const start = (imports: ModuleMetadata['imports'], options: StartOptions = {}) =>
  startApp('Express', { imports: imports ?? [], controllers: [WhoController] }, options);

const options = (others: HankoModuleOptions = {}): HankoModuleOptions => ({
  apiUrl: hanko.url,
  audience: 'localhost',
  ...others,
});

const faultsOf = async (starting: Promise<RunningApp>): Promise<readonly ConfigurationFault[]> => {
  const error: unknown = await starting.then(
    async (app) => app[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HankoConfigurationError);
  return (error as HankoConfigurationError).faults;
};

const pathsOf = (faults: readonly ConfigurationFault[]): string[] =>
  faults.map(({ path }) => path).toSorted();

const expectWorking = async (app: RunningApp): Promise<void> => {
  expect(await app.get('/who')).toBeRefused('credentials_missing');
  expect((await app.get('/who', bearer(token))).text).toBe(userId);
};

describe('forRoot() reads HANKO_API_URL', () => {
  const envFile = (): string => {
    const path = join(directory, 'app.env');
    writeFileSync(path, `HANKO_API_URL=${hanko.url}\nHANKO_AUDIENCE=localhost\n`);
    return path;
  };
  const fromFile = (): Promise<DynamicModule> => ConfigModule.forRoot({ envFilePath: envFile() });
  const fromLoad = (): Promise<DynamicModule> =>
    ConfigModule.forRoot({
      ignoreEnvFile: true,
      load: [
        async () => {
          await Promise.resolve();
          return { HANKO_API_URL: hanko.url, HANKO_AUDIENCE: 'localhost' };
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
    vi.stubEnv('HANKO_API_URL', hanko.url);
    vi.stubEnv('HANKO_AUDIENCE', ' other , localhost');
    await using app = await start([HankoModule.forRoot()]);

    await expectWorking(app);
    expect(app.log.messages('warn')).toEqual([]);
  });

  it('and its sisters, which options go before', async () => {
    vi.stubEnv('HANKO_API_URL', 'http://127.0.0.1:9');
    vi.stubEnv('HANKO_AUDIENCE', 'other');
    vi.stubEnv('HANKO_ISSUER', 'issuer');
    await using app = await start([HankoModule.forRoot(options())]);

    expect(await app.get('/who', bearer(token))).toBeRefused('token_issuer_mismatch');
    expect(
      (await app.get('/who', bearer(await hanko.token({ user: userId, issuer: 'issuer' })))).text,
    ).toBe(userId);
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
});

describe('forRootAsync', () => {
  @Module({
    providers: [{ provide: 'SETTINGS', useFactory: () => ({ url: hanko.url }) }],
    exports: ['SETTINGS'],
  })
  class SettingsModule {}

  @Injectable()
  class OptionsFactory implements HankoOptionsFactory {
    constructor(@Inject('SETTINGS') private readonly settings: { url: string }) {}

    createHankoOptions(): HankoModuleOptions {
      return options({ apiUrl: this.settings.url });
    }
  }

  @Injectable()
  class AsyncOptionsFactory implements HankoOptionsFactory {
    async createHankoOptions(): Promise<HankoModuleOptions> {
      await Promise.resolve();
      return options();
    }
  }

  @Module({
    imports: [SettingsModule],
    providers: [OptionsFactory],
    exports: [OptionsFactory],
  })
  class OptionsModule {}

  it.each([
    {
      what: 'useFactory',
      module: () => HankoModule.forRootAsync({ useFactory: () => options() }),
    },
    {
      what: 'an async useFactory with inject and imports',
      module: () =>
        HankoModule.forRootAsync({
          imports: [SettingsModule],
          inject: ['SETTINGS'],
          useFactory: async (settings: { url: string }) => {
            await Promise.resolve();
            return options({ apiUrl: settings.url });
          },
        }),
    },
    {
      what: 'useFactory with ConfigService',
      module: () =>
        HankoModule.forRootAsync({
          imports: [
            ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ at: hanko.url })] }),
          ],
          inject: [ConfigService],
          useFactory: (config: ConfigService) => options({ apiUrl: config.getOrThrow('at') }),
        }),
    },
    {
      what: 'useClass',
      module: () =>
        HankoModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsFactory }),
    },
    {
      what: 'useClass with an async factory',
      module: () => HankoModule.forRootAsync({ useClass: AsyncOptionsFactory }),
    },
    {
      what: 'useExisting',
      module: () =>
        HankoModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    },
  ])('takes $what', async ({ module }) => {
    await using app = await start([module()]);

    await expectWorking(app);
  });

  it('takes what the factory leaves out from the environment', async () => {
    vi.stubEnv('HANKO_API_URL', hanko.url);
    await using app = await start([
      HankoModule.forRootAsync({ useFactory: () => ({ audience: 'localhost' }) }),
    ]);

    await expectWorking(app);
  });

  it('takes isGlobal beside the factory', async () => {
    const starting = start([
      HankoModule.forRootAsync({ isGlobal: false, useFactory: () => options() }),
      // WhoController is in the root module, this one in a module that does not import it.
      (() => {
        @Module({ controllers: [WhoController] })
        class FeatureModule {}
        return FeatureModule;
      })(),
    ]);

    expect(await faultsOf(starting)).toMatchObject([
      { hint: expect.stringContaining('with isGlobal: false, also import the module') },
    ]);
  });

  it.each([
    { what: 'none', wrong: {} },
    {
      what: 'useFactory and useClass',
      wrong: { useFactory: () => options(), useClass: AsyncOptionsFactory },
    },
    {
      what: 'useClass and useExisting',
      wrong: { useClass: AsyncOptionsFactory, useExisting: AsyncOptionsFactory },
    },
    {
      what: 'all three',
      wrong: {
        useFactory: () => options(),
        useClass: AsyncOptionsFactory,
        useExisting: AsyncOptionsFactory,
      },
    },
  ])('refuses $what of useFactory, useClass and useExisting', ({ wrong }) => {
    const call = () => HankoModule.forRootAsync(wrong);

    expect(call).toThrow(HankoConfigurationError);
    expect(call).toThrow(/takes exactly one of useFactory, useClass and useExisting/);
  });

  it.each([
    { returned: undefined },
    { returned: null },
    { returned: 'https://hanko.test' },
    { returned: [] },
  ])('refuses a factory that returns $returned', async ({ returned }) => {
    const module = HankoModule.forRootAsync({ useFactory: () => returned as never });

    expect(await faultsOf(start([module]))).toMatchObject([{ path: 'options' }]);
  });

  it("hands on the factory's own error", async () => {
    const module = HankoModule.forRootAsync({
      useFactory: () => Promise.reject(new Error('the vault is sealed')),
    });

    await expect(start([module])).rejects.toThrow('the vault is sealed');
  });

  it('checks its options as forRoot does', async () => {
    const module = HankoModule.forRootAsync({
      useFactory: () => ({ apiUrl: 'ftp://x', isGlobal: true }) as never,
    });

    expect(await faultsOf(start([module]))).toMatchObject([
      { path: 'isGlobal' },
      { path: 'apiUrl' },
    ]);
  });
});

describe('wrong options', () => {
  const WRONG = {
    apiUrl: 'https://user:secret-word@hanko.test/.well-known/jwks.json?a#b',
    audience: [],
    issuer: '',
    cookieName: 'a;b',
    clockToleranceSeconds: 301,
    maxTokenBytes: 1_023,
    jwksCacheSeconds: 0,
    jwksCooldownSeconds: 1.5,
    jwksTimeoutMs: '5000',
    jwksMaxBytes: Number.NaN,
    jwksStaleIfErrorSeconds: -1,
    trustedOrigins: ['https://app.example.org/', '*', 'https://ok.example.org'],
    extractors: [{}],
    fetch: 'fetch',
    now: 0,
    session: 'sometimes',
    nonsense: 'secret-word',
  };

  it('are listed all at once, each with its path and its cure, and without the value', async () => {
    const starting = start([HankoModule.forRoot(WRONG as never)]);
    const faults = await faultsOf(starting);

    expect(new Set(faults.map(({ path }) => path))).toEqual(
      new Set([
        ...Object.keys(WRONG).filter((name) => name !== 'trustedOrigins' && name !== 'extractors'),
        'trustedOrigins[0]',
        'trustedOrigins[1]',
        'extractors[0]',
      ]),
    );
    for (const { hint } of faults) expect(hint.length).toBeGreaterThan(10);
    const { message } = (await starting.catch((error: unknown) => error)) as Error;
    expect(message).not.toContain('secret-word');
    for (const { path } of faults) expect(message).toContain(`- ${path}: `);
  });

  it('are a start-up error of NestFactory as well', async () => {
    @Module({ imports: [HankoModule.forRoot({ jwksTimeoutMs: 0 })] })
    class AppModule {}
    const starting = NestFactory.create(AppModule, new ExpressAdapter(), {
      logger: new CapturedLog(),
      abortOnError: false,
    });

    await expect(starting).rejects.toThrow(/apiUrl: is missing.*/s);
    await expect(starting).rejects.toThrow(/jwksTimeoutMs: must be a whole number from 1/);
  });

  it('name an option that has no effect beside jwks', async () => {
    const jwks = hanko.jwks();
    const module = HankoModule.forRoot({
      jwks,
      jwksCacheSeconds: 60,
      fetch: globalThis.fetch,
    });

    expect(await faultsOf(start([module]))).toMatchObject([
      { path: 'jwksCacheSeconds' },
      { path: 'fetch' },
    ]);
  });

  it.each([
    { what: 'no set', jwks: 'https://hanko.test', path: 'jwks' },
    { what: 'an empty set', jwks: { keys: [] }, path: 'jwks.keys' },
    { what: 'a symmetric key', jwks: { keys: [{ kty: 'oct', k: 'AA' }] }, path: 'jwks.keys[0]' },
  ])('name $what in jwks', async ({ jwks, path }) => {
    expect(await faultsOf(start([HankoModule.forRoot({ jwks: jwks as never })]))).toMatchObject([
      { path },
    ]);
  });
});

describe('HankoModule in several places', () => {
  it('set up twice is a start-up error', async () => {
    @Module({ imports: [HankoModule.forRoot(options())] })
    class FeatureModule {}
    const starting = start([
      HankoModule.forRoot(options({ clockToleranceSeconds: 7 })),
      FeatureModule,
    ]);

    expect(await faultsOf(starting)).toMatchObject([
      { path: 'HankoModule', hint: expect.stringContaining('is set up 2 times') },
    ]);
  });

  it('set up twice with the same options is a start-up error as well', async () => {
    @Module({ imports: [HankoModule.forRootAsync({ useFactory: () => options() })] })
    class FeatureModule {}

    expect(await faultsOf(start([HankoModule.forRoot(options()), FeatureModule]))).toMatchObject([
      { path: 'HankoModule' },
    ]);
  });

  it('as one constant is fine, prefetches once and warns once', async () => {
    const constant = HankoModule.forRoot({ apiUrl: hanko.url });
    @Module({ imports: [constant] })
    class FeatureModule {}
    @Module({ imports: [constant, FeatureModule] })
    class OtherModule {}
    await using app = await start([constant, FeatureModule, OtherModule]);

    await expectWorking(app);
    expect(hanko.countRequests(JWKS)).toBe(1);
    expect(app.log.messages('warn')).toHaveLength(1);
  });

  it.each([
    { what: 'alone', imports: () => [HankoModule] },
    {
      what: 'beside one with it',
      imports: () => {
        @Module({ imports: [HankoModule] })
        class FeatureModule {}
        return [HankoModule.forRoot(options()), FeatureModule];
      },
    },
    {
      what: 'before one with it',
      imports: () => [HankoModule, HankoModule.forRoot(options())],
    },
  ])(
    'without forRoot(), $what, is a start-up error that says what to call',
    async ({ imports }) => {
      await expect(start(imports())).rejects.toThrow(/forRoot/);
    },
  );

  it('in two apps of one process is fine', async () => {
    await using first = await start([HankoModule.forRoot(options())]);
    await using second = await start([HankoModule.forRoot(options())]);

    await expectWorking(first);
    await expectWorking(second);
  });
});

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
    expect(await warnings({ apiUrl: hanko.url })).toEqual([
      expect.stringMatching(/^No audience is configured.*audience.*HANKO_AUDIENCE.*null/),
    ]);
  });

  it.each([
    { what: 'an audience', audience: 'localhost' },
    { what: 'several', audience: ['a', 'b'] },
    { what: 'null, on purpose', audience: null },
  ])('do not, with $what', async ({ audience }) => {
    expect(await warnings({ apiUrl: hanko.url, audience })).toEqual([]);
  });

  it('acceptance 15: name plain http in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');

    expect(await warnings(remote)).toEqual([expect.stringMatching(/http:\/\/.*Use https/)]);
  });

  it('acceptance 15: do not in development', async () => {
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
  ])('acceptance 15: do not in production for %s', async (apiUrl) => {
    vi.stubEnv('NODE_ENV', 'production');

    expect(await warnings({ apiUrl, audience: null })).toEqual([]);
  });

  it.each(['http://127.0.0.1.evil.test', 'http://localhost.evil.test', 'http://10.0.0.1'])(
    'acceptance 15: do in production for %s',
    async (apiUrl) => {
      vi.stubEnv('NODE_ENV', 'production');

      expect(await warnings({ apiUrl, audience: null })).toHaveLength(1);
    },
  );
});

describe('acceptance 15: a local Hanko on plain http', () => {
  it('works in development without a warning', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    await using app = await start([HankoModule.forRoot(options())]);

    await expectWorking(app);
    expect(app.log.messages('warn')).toEqual([]);
  });
});

describe('pinned keys', () => {
  it('need neither network nor apiUrl', async () => {
    const jwks = hanko.jwks();
    await using app = await start([HankoModule.forRoot({ jwks, audience: 'localhost' })]);

    await expectWorking(app);
    expect(hanko.requests).toEqual([]);
    expect(await app.get('/who', bearer(await hanko.forgedToken('unknown-kid')))).toBeRefused(
      'token_key_unknown',
    );
  });

  it('cause no request where apiUrl is given as well', async () => {
    await using app = await start([HankoModule.forRoot(options({ jwks: hanko.jwks() }))]);

    await expectWorking(app);
    expect(hanko.requests).toEqual([]);
  });
});

describe('a JwksProvider of the app', () => {
  const provider = (getKey: (kid: string) => unknown): JwksProvider => ({
    getKey: (kid) => getKey(kid) as webcrypto.CryptoKey,
  });
  const startWith = (getKey: (kid: string) => unknown) =>
    start([HankoModule.forRoot({ jwks: provider(getKey), audience: 'localhost' })]);
  const importPublic = async (hash = 'SHA-256'): Promise<webcrypto.CryptoKey> => {
    const [jwk] = hanko.jwks().keys;
    return webcrypto.subtle.importKey(
      'jwk',
      { ...jwk, alg: `RS${hash.slice(4)}` } as webcrypto.JsonWebKey,
      { name: 'RSASSA-PKCS1-v1_5', hash },
      false,
      ['verify'],
    );
  };

  it('is asked for the kid, and answers with or without a promise', async () => {
    const key = await importPublic();
    const asked: string[] = [];
    for (const answer of [key, Promise.resolve(key)]) {
      await using app = await startWith((kid) => {
        asked.push(kid);
        return answer;
      });

      await expectWorking(app);
    }
    expect(asked).toEqual([hanko.signingKid, hanko.signingKid]);
    expect(hanko.requests).toEqual([]);
  });

  it.each([
    { what: 'undefined', getKey: () => undefined },
    { what: 'null', getKey: () => null },
    { what: 'a promise of undefined', getKey: () => Promise.resolve(undefined) },
    {
      what: 'our error',
      getKey: () => {
        throw new HankoTokenError('token_key_unknown', 'not ours');
      },
    },
  ])('that knows no such key, by $what, makes it 401', async ({ getKey }) => {
    await using app = await startWith(getKey);

    expect(await app.get('/who', bearer(token))).toBeRefused('token_key_unknown');
  });

  it.each([
    {
      what: 'throws',
      getKey: () => {
        throw new Error('http://vault.internal:8200 is sealed');
      },
    },
    {
      what: 'rejects',
      getKey: () => Promise.reject(new Error('http://vault.internal:8200 is sealed')),
    },
    {
      what: 'throws our error',
      getKey: () => {
        throw new HankoUnavailableError('the vault is sealed', 7);
      },
    },
    { what: 'gives text', getKey: () => 'key' },
    { what: 'gives an object', getKey: () => ({}) },
    { what: 'gives a number', getKey: () => 1 },
    { what: 'gives bytes', getKey: () => new TextEncoder().encode('0'.repeat(256)) },
    { what: 'gives a key for another hash', getKey: () => importPublic('SHA-512') },
    {
      what: 'gives a symmetric key',
      getKey: () =>
        webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']),
    },
    {
      what: 'gives an elliptic curve key',
      getKey: async () => {
        const usages: webcrypto.KeyUsage[] = ['sign', 'verify'];
        const pair = await webcrypto.subtle.generateKey(
          { name: 'ECDSA', namedCurve: 'P-256' },
          true,
          usages,
        );
        return pair.publicKey;
      },
    },
    {
      what: 'gives a private key',
      getKey: async () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        return webcrypto.subtle.importKey(
          'jwk',
          privateKey.export({ format: 'jwk' }) as webcrypto.JsonWebKey,
          { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
          false,
          ['sign'],
        );
      },
    },
  ])('that $what makes it 503, and lets nobody in', async ({ getKey }) => {
    await using app = await startWith(getKey);
    const answer = await app.get('/who', bearer(token));

    expect(answer).toBeRefused('hanko_unavailable');
    expect(app.log.lines.map(({ text }) => text).join('\n')).not.toContain('vault.internal');
  });

  it('that hands out an HMAC secret does not make forged tokens good', async () => {
    const secret = Buffer.alloc(32, 7);
    await using app = await startWith(() => new Uint8Array(secret));
    const [header, payload] = token.split('.') as [string, string];
    const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest();
    const forged = `${header}.${payload}.${signature.toString('base64url')}`;

    expect(await app.get('/who', bearer(forged))).toBeRefused('hanko_unavailable');
  });

  it('that gives the wrong key makes it 401', async () => {
    await using other = await FakeHanko.start();
    const [jwk] = other.jwks().keys;
    await using app = await startWith(() =>
      webcrypto.subtle.importKey(
        'jwk',
        jwk as webcrypto.JsonWebKey,
        { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
        false,
        ['verify'],
      ),
    );

    expect(await app.get('/who', bearer(token))).toBeRefused('token_signature_invalid');
  });
});

describe('HANKO_JWKS', () => {
  it('is the provider in use', async () => {
    await using app = await start([HankoModule.forRoot(options())]);
    const jwks = app.app.get<JwksProvider>(HANKO_JWKS, { strict: false });

    expect(await jwks.getKey(hanko.signingKid)).toMatchObject({ type: 'public' });
  });

  it('can be replaced in a test', async () => {
    await using other = await FakeHanko.start();
    const [jwk] = other.jwks().keys;
    const key = await webcrypto.subtle.importKey(
      'jwk',
      jwk as webcrypto.JsonWebKey,
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    await using app = await start([HankoModule.forRoot(options())], {
      override: (builder) =>
        builder
          .overrideProvider(HANKO_JWKS)
          .useValue({ getKey: (kid: string) => (kid === jwk?.kid ? key : undefined) }),
    });

    expect((await app.get('/who', bearer(await other.token()))).status).toBe(200);
    expect(await app.get('/who', bearer(token))).toBeRefused('token_key_unknown');
    expect([...hanko.requests, ...other.requests]).toEqual([]);
  });
});

describe.each(PLATFORMS)('acceptance 6: the guard overridden in a test, on %s', (platform) => {
  @Controller()
  class NotesController {
    @UseGuards(HankoAuthGuard)
    @Get('guarded')
    guarded(): string {
      return 'in';
    }

    @RequireAuth()
    @Get('required')
    required(): string {
      return 'in';
    }

    @UseGuards(HankoAuthGuard)
    @Get('user')
    user(@CurrentUser('id') id: string): string {
      return id;
    }
  }
  const letThrough: CanActivate = { canActivate: () => true };
  const metadata = (isAppGuard: boolean): ModuleMetadata => ({
    imports: [HankoModule.forRoot(options())],
    controllers: isAppGuard ? [PlainController] : [NotesController],
    providers: isAppGuard ? [{ provide: APP_GUARD, useExisting: HankoAuthGuard }] : [],
  });

  it('by overrideGuard where @UseGuards() or @RequireAuth() bound it', async () => {
    await using app = await startApp(platform, metadata(false), {
      override: (builder) => builder.overrideGuard(HankoAuthGuard).useValue(letThrough),
    });

    expect((await app.get('/guarded')).text).toBe('in');
    expect((await app.get('/required')).text).toBe('in');
  });

  it('by overrideProvider where APP_GUARD with useExisting bound it', async () => {
    await using app = await startApp(platform, metadata(true), {
      override: (builder) => builder.overrideProvider(HankoAuthGuard).useValue(letThrough),
    });

    expect((await app.get('/plain')).text).toBe('plain');
  });

  it('leaves @CurrentUser() verifying: to act as somebody send a token', async () => {
    await using app = await startApp(platform, metadata(false), {
      override: (builder) => builder.overrideGuard(HankoAuthGuard).useValue(letThrough),
    });

    expect(await app.get('/user')).toBeRefused('credentials_missing');
    expect(await app.get('/user', bearer('garbage'))).toBeRefused('token_malformed');
    expect((await app.get('/user', bearer(token))).text).toBe(userId);
  });
});

describe.each(PLATFORMS)('while Hanko hangs, on %s', (platform) => {
  const startHanging = async (): Promise<RunningApp> => {
    await hanko.fault('hang');
    return startApp(platform, {
      imports: [HankoModule.forRoot(options({ jwksTimeoutMs: 60_000 }))],
      controllers: [WhoController, PlainController],
    });
  };

  it('the app starts and serves: the prefetch holds up nothing', async () => {
    await using app = await startHanging();

    expect((await app.get('/plain')).text).toBe('plain');
    expect(await app.get('/who')).toBeRefused('credentials_missing');
  });

  it('the app closes at once, and says nothing about it', async () => {
    const app = await startHanging();
    await vi.waitFor(() => expect(hanko.countRequests(JWKS)).toBe(1));
    const before = performance.now();
    await app.app.close();

    expect(performance.now() - before).toBeLessThan(10_000);
    expect(app.log.messages('warn')).toEqual([
      expect.stringMatching(
        /^No HankoAuthGuard runs for 1 of 2 handlers: PlainController\.plain\./,
      ),
    ]);
  });

  it('a request that waits for keys is answered when the app closes', async () => {
    const app = await startHanging();
    const waiting = app.get('/who', bearer(token));
    await vi.waitFor(() => expect(hanko.countRequests(JWKS)).toBe(1));
    // Known to be under way once a later one has been answered.
    await app.get('/plain');
    await app.app.close();

    expect(await waiting).toBeRefused('hanko_unavailable');
  });
});

it('uses the fetch of the app', async () => {
  const asked: string[] = [];
  await using app = await start([
    HankoModule.forRoot(
      options({
        apiUrl: 'https://hanko.internal/base',
        fetch: (input, init) => {
          asked.push(new Request(input).url);
          return fetch(hanko.url + JWKS, init);
        },
      }),
    ),
  ]);

  await expectWorking(app);
  expect(asked).toEqual([`https://hanko.internal/base${JWKS}`]);
});

it('works in an application context, without HTTP', async () => {
  @Module({ imports: [HankoModule.forRoot(options())] })
  class WorkerModule {}
  const context = await NestFactory.createApplicationContext(WorkerModule, {
    logger: new CapturedLog(),
    abortOnError: false,
  });

  const user = await context.get(HankoAuthService).verifyToken(token);
  await context.close();

  expect(user.id).toBe(userId);
});

it('exports the service to every module', async () => {
  await using app = await start([HankoModule.forRoot(options())]);

  expect(app.app.get(HankoAuthService, { strict: false })).toBeInstanceOf(HankoAuthService);
});
