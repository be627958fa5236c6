import { HankoModule } from 'nestjs-hanko';
import { describe, expect, it, vi } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  PlainController,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { JWKS, ModuleApp, WhoController } from '../../support/module-app.js';

const fixture = new ModuleApp();

describe.each(PLATFORMS)('while Hanko hangs, on %s', (platform) => {
  const startHanging = async (): Promise<RunningApp> => {
    await fixture.hanko.fault('hang');
    return startApp(platform, {
      imports: [HankoModule.forRoot(fixture.options({ jwksTimeoutMs: 60_000 }))],
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
    await vi.waitFor(() => expect(fixture.hanko.countRequests(JWKS)).toBe(1));
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
    const waiting = app.get('/who', bearer(fixture.token));
    await vi.waitFor(() => expect(fixture.hanko.countRequests(JWKS)).toBe(1));
    // Known to be under way once a later one has been answered.
    await app.get('/plain');
    await app.app.close();

    expect(await waiting).toBeRefused('hanko_unavailable');
  });
});
