import {
  Controller,
  forwardRef,
  Get,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  type ConfigurationFault,
  HankoAuthService,
  HankoConfigurationError,
  HankoHealth,
  HankoModule,
  type HankoModuleOptions,
} from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, startApp } from '../../support/app.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const options = (): HankoModuleOptions => ({ apiUrl: hanko.url, audience: 'localhost' });

/** What is said of the app when it starts. */
async function faultsOf(
  imports: ModuleMetadata['imports'],
): Promise<readonly ConfigurationFault[]> {
  @Module({ imports: imports ?? [] })
  class AppModule {}
  const error: unknown = await Test.createTestingModule({ imports: [AppModule] })
    .compile()
    .then((module) => module.init())
    .then((module) => module.close())
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HankoConfigurationError);
  return (error as HankoConfigurationError).faults;
}

const faultsThrownBy = (call: () => unknown): readonly ConfigurationFault[] => {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(HankoConfigurationError);
    return (error as HankoConfigurationError).faults;
  }
  throw new Error('It did not throw');
};

@Injectable()
class Asking {
  constructor(
    @Inject(HankoAuthService) readonly service: HankoAuthService,
    @Inject(HankoHealth) readonly health: HankoHealth,
  ) {}
}

@Controller('feature')
class FeatureController {
  @Get()
  get(@CurrentUser('id') id: string): string {
    return id;
  }
}

@Module({ imports: [HankoModule] })
class BareModule {}

@Module({ imports: [HankoModule], controllers: [FeatureController], providers: [Asking] })
class UsingModule {}

@Module({ imports: [forwardRef(() => HankoModule)], providers: [Asking] })
class ForwardModule {}

describe('HankoModule without forRoot()', () => {
  const CASES: readonly [string, () => ModuleMetadata['imports'], string][] = [
    ['alone in the root module', () => [HankoModule], 'AppModule'],
    ['alone in a feature module', () => [BareModule], 'BareModule'],
    ['whose service a provider wants', () => [UsingModule], 'UsingModule'],
    ['by a forward reference', () => [ForwardModule], 'ForwardModule'],
    ['before one with it', () => [BareModule, HankoModule.forRoot(options())], 'BareModule'],
    ['after one with it', () => [HankoModule.forRoot(options()), BareModule], 'BareModule'],
    [
      'wanted, after one with it',
      () => [HankoModule.forRoot(options()), UsingModule],
      'UsingModule',
    ],
    [
      'beside one that is not global',
      () => [HankoModule.forRoot({ ...options(), isGlobal: false }), UsingModule],
      'UsingModule',
    ],
    ['in two feature modules', () => [BareModule, UsingModule], 'BareModule and UsingModule'],
  ];

  it.each(CASES)('%s names who imports it, and what to call where', async (_what, imports, by) => {
    expect(await faultsOf(imports())).toEqual([
      {
        path: 'HankoModule',
        hint:
          `is imported without forRoot(), by ${by}. Call HankoModule.forRoot() or forRootAsync() once, in the ` +
          'root module. Feature modules need no import, as it is global. With isGlobal: false, keep what ' +
          'forRoot() returned in a constant and import that, or import a module that exports HankoModule.',
      },
    ]);
  });
});

describe('HankoModule set up twice', () => {
  it('names who imports it', async () => {
    @Module({ imports: [HankoModule.forRootAsync({ useFactory: options })] })
    class FeatureModule {}

    expect(await faultsOf([HankoModule.forRoot(options()), FeatureModule])).toMatchObject([
      {
        path: 'HankoModule',
        hint: expect.stringMatching(
          /^is set up 2 times, by AppModule and FeatureModule\. Call forRoot\(\) .*once, in the root module/,
        ),
      },
    ]);
  });

  it('is not said of one that is exported by a shared module', async () => {
    @Module({
      imports: [HankoModule.forRoot({ ...options(), isGlobal: false })],
      exports: [HankoModule],
    })
    class SharedModule {}
    @Module({ imports: [SharedModule], controllers: [FeatureController], providers: [Asking] })
    class FeatureModule {}
    await using app = await startApp('Express', { imports: [FeatureModule, SharedModule] });
    const { id } = hanko.createUser();

    expect((await app.get('/feature', bearer(await hanko.token({ user: id })))).text).toBe(id);
  });
});

describe('HankoWebhooksModule', () => {
  const webhooks = () => HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' });

  it('without forRoot() says what to call', async () => {
    @Module({ imports: [HankoWebhooksModule] })
    class FeatureModule {}
    const expected = [
      {
        path: 'HankoWebhooksModule',
        hint: expect.stringMatching(
          /^is imported without forRoot\(\), by FeatureModule\. Call HankoWebhooksModule\.forRoot\(\)/,
        ),
      },
    ];

    expect(await faultsOf([HankoModule.forRoot(options()), FeatureModule])).toEqual(expected);
    expect(await faultsOf([HankoModule.forRoot(options()), webhooks(), FeatureModule])).toEqual(
      expected,
    );
  });

  it('set up twice is a start-up error, also at two paths', async () => {
    @Module({ imports: [HankoWebhooksModule.forRoot({ path: 'other' })] })
    class FeatureModule {}

    expect(
      await faultsOf([HankoModule.forRoot(options()), webhooks(), FeatureModule]),
    ).toMatchObject([
      {
        path: 'HankoWebhooksModule',
        hint: expect.stringMatching(/^is set up 2 times, by AppModule and FeatureModule/),
      },
    ]);
  });

  it('without HankoModule says that it needs it', async () => {
    expect(await faultsOf([webhooks()])).toMatchObject([
      { path: 'HankoWebhooksModule', hint: expect.stringContaining('needs HankoModule') },
    ]);
  });

  it('as one constant in two modules is fine', async () => {
    const constant = webhooks();
    @Module({ imports: [constant] })
    class FeatureModule {}
    await using app = await startApp('Express', {
      imports: [HankoModule.forRoot(options()), constant, FeatureModule],
    });

    expect((await app.request('POST', '/webhooks/hanko')).status).toBe(400);
  });
});

describe.each([
  ['HankoModule', HankoModule, 'createHankoOptions'],
  ['HankoWebhooksModule', HankoWebhooksModule, 'createHankoWebhooksOptions'],
] as const)('%s', (name, module, method) => {
  const forRoot = (written: unknown) => () => module.forRoot(written as never);
  const forRootAsync = (written: unknown) => () => module.forRootAsync(written as never);

  it.each([null, 'https://hanko.test', [], () => ({})])('forRoot(%j) is refused', (written) => {
    expect(faultsThrownBy(forRoot(written))).toMatchObject([
      { path: `${name}.forRoot()`, hint: expect.stringContaining('takes an object with options') },
    ]);
  });

  it('forRoot() with a promise points to forRootAsync()', () => {
    expect(faultsThrownBy(forRoot(Promise.resolve({})))).toMatchObject([
      { hint: expect.stringContaining('forRootAsync({ useFactory })') },
    ]);
  });

  it.each([undefined, null, () => ({})])('forRootAsync(%j) is refused', (written) => {
    expect(faultsThrownBy(forRootAsync(written))).toMatchObject([
      { hint: expect.stringContaining('exactly one of useFactory, useClass and useExisting') },
    ]);
  });

  it.each([
    { wrong: { useFactory: { apiUrl: 'x' } }, path: '.useFactory' },
    { wrong: { useClass: {} }, path: '.useClass' },
    { wrong: { useClass: class {}, inject: ['A'] }, path: '.inject' },
    { wrong: { useFactory: () => ({}), audience: 'x' }, path: '.audience' },
    { wrong: { useFactory: () => ({}), providers: [] }, path: '.providers' },
  ])('forRootAsync() refuses what has no effect: $path', ({ wrong, path }) => {
    expect(faultsThrownBy(forRootAsync(wrong))).toMatchObject([
      { path: `${name}.forRootAsync()${path}` },
    ]);
  });

  it('forRootAsync() names the method that a class lacks', async () => {
    @Injectable()
    class Options {
      createOptions(): unknown {
        return {};
      }
    }
    const imports = [
      ...(name === 'HankoModule' ? [] : [HankoModule.forRoot(options())]),
      module.forRootAsync({ useClass: Options as never }),
    ];

    expect(await faultsOf(imports)).toMatchObject([
      { path: `${name}.forRootAsync()`, hint: expect.stringContaining(`${method}()`) },
    ]);
  });
});
