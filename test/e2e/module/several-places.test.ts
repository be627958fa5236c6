import { Module } from '@nestjs/common';
import { HankoModule } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { faultsOf, JWKS, ModuleApp, start } from '../../support/module-app.js';

const fixture = new ModuleApp();
const { expectWorking } = fixture;

describe('HankoModule in several places', () => {
  it('set up twice is a start-up error', async () => {
    @Module({ imports: [HankoModule.forRoot(fixture.options())] })
    class FeatureModule {}
    const starting = start([
      HankoModule.forRoot(fixture.options({ clockToleranceSeconds: 7 })),
      FeatureModule,
    ]);

    expect(await faultsOf(starting)).toMatchObject([
      { path: 'HankoModule', hint: expect.stringContaining('is set up 2 times') },
    ]);
  });

  it('set up twice with the same options is a start-up error as well', async () => {
    @Module({ imports: [HankoModule.forRootAsync({ useFactory: () => fixture.options() })] })
    class FeatureModule {}

    expect(
      await faultsOf(start([HankoModule.forRoot(fixture.options()), FeatureModule])),
    ).toMatchObject([{ path: 'HankoModule' }]);
  });

  it('as one constant is fine, prefetches once and warns once', async () => {
    const constant = HankoModule.forRoot({ apiUrl: fixture.hanko.url });
    @Module({ imports: [constant] })
    class FeatureModule {}
    @Module({ imports: [constant, FeatureModule] })
    class OtherModule {}
    await using app = await start([constant, FeatureModule, OtherModule]);

    await expectWorking(app);
    expect(fixture.hanko.countRequests(JWKS)).toBe(1);
    expect(app.log.messages('warn')).toHaveLength(1);
  });

  it.each([
    { what: 'alone', imports: () => [HankoModule] },
    {
      what: 'beside one with it',
      imports: () => {
        @Module({ imports: [HankoModule] })
        class FeatureModule {}
        return [HankoModule.forRoot(fixture.options()), FeatureModule];
      },
    },
    {
      what: 'before one with it',
      imports: () => [HankoModule, HankoModule.forRoot(fixture.options())],
    },
  ])(
    'without forRoot(), $what, is a start-up error that says what to call',
    async ({ imports }) => {
      await expect(start(imports())).rejects.toThrow(/forRoot/);
    },
  );

  it('in two apps of one process is fine', async () => {
    await using first = await start([HankoModule.forRoot(fixture.options())]);
    await using second = await start([HankoModule.forRoot(fixture.options())]);

    await expectWorking(first);
    await expectWorking(second);
  });
});
