import { HankoModule } from 'nestjs-hanko';
import { afterEach, describe, expect, it, vi } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer } from '../../support/app.js';
import { faultsOf, ModuleApp, start } from '../../support/module-app.js';

const fixture = new ModuleApp();
const { expectWorking } = fixture;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const DAY = 86_400_000;

describe('the clock of an app that runs already', () => {
  it("follows a test's fake timers, as FakeHanko does", async () => {
    await using app = await start([HankoModule.forRoot(fixture.options())]);
    await expectWorking(app);
    vi.useFakeTimers({ now: Date.now() + DAY, toFake: ['Date'] });

    expect(await app.get('/who', bearer(fixture.token))).toBeRefused('token_expired');
    const fresh = await fixture.hanko.token({ user: fixture.userId });
    expect((await app.get('/who', bearer(fresh))).text).toBe(fixture.userId);
    vi.useRealTimers();
    expect((await app.get('/who', bearer(fixture.token))).text).toBe(fixture.userId);
    expect(await app.get('/who', bearer(fresh))).toBeRefused('token_not_yet_valid');
  });

  it("follows a test's spy on Date.now", async () => {
    await using app = await start([HankoModule.forRoot(fixture.options())]);
    await expectWorking(app);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + DAY);

    expect(await app.get('/who', bearer(fixture.token))).toBeRefused('token_expired');
  });
});

describe("the app's own clock", () => {
  it.each([Number.NaN, 'now', new Date(0)])(
    'that tells no time lets nobody in: %s',
    async (time) => {
      let broken = false;
      const now = (): number => (broken ? (time as number) : Date.now());
      await using app = await start([HankoModule.forRoot(fixture.options({ now }))]);
      await expectWorking(app);
      broken = true;

      expect((await app.get('/who', bearer(fixture.token))).status).toBe(500);
      expect(
        (await app.get('/who', bearer(await fixture.hanko.forgedToken('alg-none')))).status,
      ).not.toBe(200);
    },
  );

  it('that tells no time at the start is a start-up error', async () => {
    const module = HankoModule.forRoot(fixture.options({ now: () => Number.NaN }));

    expect(await faultsOf(start([module]))).toMatchObject([{ path: 'now' }]);
  });
});
