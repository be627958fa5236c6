import { FakeHanko } from 'fake-hanko';
import { HankoModule, HankoProfile } from 'nestjs-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  FakeClock,
  PlainController,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { APP_GUARD_PROVIDER } from '../../support/guarded-app.js';

const clock = new FakeClock();
const store = new FaultyStore();
let hanko: FakeHanko;
let token: string;
/** Two instances that share a store; users log out at the first. */
let first: RunningApp;
let second: RunningApp;

const start = (): Promise<RunningApp> =>
  startApp('Express', {
    imports: [
      HankoModule.forRoot({
        apiUrl: hanko.url,
        audience: 'localhost',
        now: clock.now,
        revocation: { store: store.store },
      }),
    ],
    controllers: [PlainController],
    providers: [APP_GUARD_PROVIDER],
  });

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: clock.now });
  [first, second] = [await start(), await start()];
});
beforeEach(async () => {
  token = await hanko.token();
  for (const app of [first, second]) await ask(app);
});
afterEach(async () => {
  store.recover();
  await hanko.recover();
  // What is left alone now is tried again.
  clock.advanceSeconds(10);
});
afterAll(async () => {
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  await hanko.stop();
});

const ask = (app: RunningApp) => app.get('/plain', bearer(token));
const logout = () => first.app.get(HankoProfile).logout(token);
const isAlive = async (): Promise<boolean> => {
  const response = await fetch(`${hanko.url}/sessions/validate`, { headers: bearer(token) });
  return ((await response.json()) as { is_valid: boolean }).is_valid;
};
const OUTAGE = { code: 'hanko_unavailable' };

describe('a logout', () => {
  it.each(['throws', 'emits'] as const)(
    'while the store %s: the instance refuses the token, Hanko ends the session, and the caller is told',
    async (fault) => {
      store.break(fault);
      await expect(logout()).rejects.toMatchObject(OUTAGE);

      expect(await ask(first)).toBeRefused('session_revoked');
      expect(await isAlive()).toBe(false);
    },
  );

  it('while the store is down, and again when it is there, is known to all instances', async () => {
    store.break('throws');
    await expect(logout()).rejects.toMatchObject(OUTAGE);
    store.recover();
    clock.advanceSeconds(10);
    await logout();

    expect(await ask(second)).toBeRefused('session_revoked');
  });

  it('while Hanko is down is known to all instances, and the next one reaches Hanko', async () => {
    await hanko.fault('error', { path: '/logout' });
    await expect(logout()).rejects.toMatchObject(OUTAGE);
    // The other one has just asked the store.
    clock.advanceSeconds(10);
    for (const app of [first, second]) expect(await ask(app)).toBeRefused('session_revoked');
    expect(await isAlive()).toBe(true);

    await hanko.recover();
    await logout();
    expect(await isAlive()).toBe(false);
  });
});
