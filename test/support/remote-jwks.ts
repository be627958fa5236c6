import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { RemoteJwks } from '../../lib/jwks/remote-jwks.js';
import type { RemoteJwksSettings } from '../../lib/jwks/remote-jwks-settings.js';
import { SigningKey } from '../../fake-hanko/src/tokens/keys.js';
import { CountingFetch, createRemoteJwks, CryptoKey, JwksObserver } from './jwks.js';
import { refusalOf, TestClock } from './verifier.js';

export const START = Date.parse('2026-03-01T12:00:00Z');

export const observer = new JwksObserver();
export let hanko: FakeHanko;
export let a: SigningKey;
export let b: SigningKey;
export let clock: TestClock;
export let network: CountingFetch;
export const opened: RemoteJwks[] = [];

export function createJwks(settings: Partial<RemoteJwksSettings> = {}): RemoteJwks {
  const jwks = createRemoteJwks({
    url: `${hanko.url}/.well-known/jwks.json`,
    now: clock.now,
    fetch: network.fetch,
    ...settings,
  });
  opened.push(jwks);
  return jwks;
}

/** With key `a` fetched just now. */
export async function createWarmJwks(
  settings: Partial<RemoteJwksSettings> = {},
): Promise<RemoteJwks> {
  const jwks = createJwks(settings);
  await jwks.getKey('a');
  observer.clear();
  network.calls = 0;
  return jwks;
}

export const publish = (...keys: readonly SigningKey[]): void => {
  hanko.setJwks({ keys: keys.map((key) => key.publicJwk) });
};

export const refused = (jwks: RemoteJwks, kid: string): ReturnType<typeof refusalOf> =>
  refusalOf(Promise.resolve(jwks.getKey(kid)));

/** Only its code, for floods. */
export const codeOf = async (jwks: RemoteJwks, kid: string): Promise<string> => {
  try {
    await jwks.getKey(kid);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

export const isKnownAtOnce = (jwks: RemoteJwks, kid: string): boolean =>
  jwks.getKey(kid) instanceof CryptoKey;

/** Registers what makes and ends all of this, in each file of tests. */
export function useFakeHankoKeys(): void {
  beforeAll(async () => {
    [hanko, a, b] = await Promise.all([
      FakeHanko.start(),
      SigningKey.generate(2048, 'a'),
      SigningKey.generate(2048, 'b'),
    ]);
  });
  afterAll(() => hanko.stop());

  observer.watch();
  beforeEach(async () => {
    await hanko.recover();
    publish(a);
    hanko.clearRequests();
    clock = new TestClock(START);
    network = new CountingFetch();
  });
  afterEach(() => {
    for (const jwks of opened.splice(0)) jwks.onModuleDestroy();
  });
}
