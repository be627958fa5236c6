import { describe, expect, it, vi } from 'vitest';
import { CryptoKey, turn } from '../../support/jwks.js';
import { unavailableRefusal } from '../../support/verifier.js';
import {
  observer,
  hanko,
  a,
  b,
  clock,
  network,
  createJwks,
  createWarmJwks,
  publish,
  refused,
  isKnownAtOnce,
  useFakeHankoKeys,
} from '../../support/remote-jwks.js';

useFakeHankoKeys();

describe('a clock that is set back an hour', () => {
  /** Makes a call, and waits for the fetch that it causes in the background. */
  const refetchBy = async (call: () => unknown): Promise<void> => {
    const before = observer.messages.length;
    call();
    await vi.waitFor(() => expect(observer.messages.length).toBeGreaterThan(before));
  };

  it('locks nobody out, and has the keys fetched anew, once', async () => {
    const jwks = await createWarmJwks();
    clock.advance(-3_600);
    publish(a, b);

    await refetchBy(() => expect(isKnownAtOnce(jwks, 'a')).toBe(true));

    expect(isKnownAtOnce(jwks, 'b')).toBe(true);
    for (let i = 0; i < 100; i += 1) await jwks.getKey('a');
    expect(network.calls).toBe(1);
  });

  it('locks nobody out in an outage either', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');
    clock.advance(-0.001);

    await refetchBy(() => expect(isKnownAtOnce(jwks, 'a')).toBe(true));

    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
  });

  it('does not freeze the refresh', async () => {
    const jwks = await createWarmJwks();
    clock.advance(-3_600);
    await refetchBy(() => jwks.getKey('a'));
    network.calls = 0;

    clock.advance(480);
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);

    expect(network.calls).toBe(1);
  });

  it('does not freeze the cooldown', async () => {
    const jwks = await createWarmJwks();
    await refused(jwks, 'x');
    clock.advance(-3_600);
    await jwks.getKey('a');
    publish(a, b);

    expect(await jwks.getKey('b')).toBeInstanceOf(CryptoKey);
  });

  it('does not freeze the back-off', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    for (const wait of [1, 2, 4, 8, 16]) {
      await refused(jwks, 'a');
      clock.advance(wait);
    }
    await refused(jwks, 'a');
    await hanko.recover();
    clock.advance(-3_600);

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
  });

  it('does not make callers wait for an hour', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    await refused(jwks, 'a');
    clock.advance(-3_600);

    const { headers } = await refused(jwks, 'a');

    expect(Number(headers['Retry-After'])).toBeLessThanOrEqual(30);
  });

  it('lets a flood cause no more than one fetch', async () => {
    const jwks = await createWarmJwks();
    await refused(jwks, 'x');
    network.calls = 0;
    clock.advance(-3_600);
    await refetchBy(() => jwks.getKey('a'));

    await Promise.all(Array.from({ length: 1_000 }, (_, i) => refused(jwks, `forged-${i}`)));

    expect(network.calls).toBe(2);
  });
});

describe('the end of the app', () => {
  it('ends a fetch that hangs at once', async () => {
    await hanko.fault('hang');
    const jwks = createJwks({ timeoutMs: 60_000 });
    const pending = refused(jwks, 'a');

    jwks.onModuleDestroy();

    expect(await pending).toEqual(unavailableRefusal(1));
  });

  it('ends a fetch whose answer drips at once', async () => {
    await hanko.fault('drip');
    const jwks = createJwks({ timeoutMs: 60_000 });
    const pending = refused(jwks, 'a');
    while (hanko.requests.length === 0) await turn();

    jwks.onModuleDestroy();

    expect(await pending).toEqual(unavailableRefusal(1));
  });

  it('ends a fetch of the app that ignores its signal at once', async () => {
    const jwks = createJwks({ timeoutMs: 60_000, fetch: () => new Promise(() => undefined) });
    const pending = refused(jwks, 'a');

    jwks.onModuleDestroy();

    expect(await pending).toEqual(unavailableRefusal(1));
  });

  it('is no outage: nothing is logged or published', async () => {
    await hanko.fault('hang');
    const jwks = createJwks({ timeoutMs: 60_000 });
    const pending = refused(jwks, 'a');

    jwks.onModuleDestroy();
    await pending;

    expect(observer.log).toEqual([]);
    expect(observer.messages).toEqual([]);
  });

  it('leaves the last requests their fresh keys', async () => {
    const jwks = await createWarmJwks();

    jwks.onModuleDestroy();

    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
  });

  it('leaves the last requests their expired keys: nothing else can be had', async () => {
    const jwks = await createWarmJwks();

    jwks.onModuleDestroy();
    clock.advance(601);

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
  });

  it('is final: a later request is 503 at once', async () => {
    const jwks = createJwks({ timeoutMs: 60_000 });

    jwks.onModuleDestroy();

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
  });

  it(
    'is final also for a fetch of the app that ignores its signal',
    { timeout: 1_000 },
    async () => {
      const jwks = createJwks({ timeoutMs: 60_000, fetch: () => new Promise(() => undefined) });

      jwks.onModuleDestroy();

      expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    },
  );

  it('may come twice', () => {
    const jwks = createJwks();

    jwks.onModuleDestroy();

    expect(() => jwks.onModuleDestroy()).not.toThrow();
  });
});
