import { randomUUID, webcrypto } from 'node:crypto';
import { FakeHanko } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
import { CryptoKey, turn } from '../../support/jwks.js';
import { createService, tokenRefusal } from '../../support/verifier.js';
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

describe('the address of the JWKS', () => {
  it.each(['', '/', '///'])('keeps the path of a tenant, ending in "%s"', async (slashes) => {
    const tenantId = randomUUID();
    await using tenant = await FakeHanko.start({ tenantId });
    const { service } = await createService({ apiUrl: tenant.url + slashes });

    await expect(service.verifyToken(await tenant.token())).resolves.toBeDefined();

    expect(tenant.requests).toEqual([
      { method: 'GET', path: `/${tenantId}/.well-known/jwks.json`, status: 200 },
    ]);
  });
});

describe('a cold cache', () => {
  it('fetches nothing before it is asked', async () => {
    createJwks();
    await turn();

    expect(network.calls).toBe(0);
  });

  it('makes one fetch for 50 callers at once', async () => {
    const jwks = createJwks();

    const keys = await Promise.all(Array.from({ length: 50 }, async () => jwks.getKey('a')));

    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toBeInstanceOf(CryptoKey);
    expect(network.calls).toBe(1);
    expect(hanko.countRequests('/.well-known/jwks.json')).toBe(1);
  });

  it('is filled at start-up without being waited for', async () => {
    const jwks = createJwks();

    jwks.onModuleInit();
    const { outcome } = await observer.nextFetch();

    expect(outcome).toBe('refreshed');
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    expect(network.calls).toBe(1);
  });

  it('lets callers join the fetch of start-up', async () => {
    const jwks = createJwks();

    jwks.onModuleInit();
    await Promise.all([jwks.getKey('a'), jwks.getKey('a')]);

    expect(network.calls).toBe(1);
  });

  it('does not stop the start-up where Hanko is down', async () => {
    await hanko.fault('error');
    const jwks = createJwks();

    jwks.onModuleInit();

    expect(await observer.nextFetch()).toMatchObject({ outcome: 'failed', servesStale: false });
  });
});

describe('a warm cache', () => {
  it('answers a known kid without a promise and without a fetch', async () => {
    const jwks = await createWarmJwks();

    expect(jwks.getKey('a')).toBeInstanceOf(CryptoKey);
    expect(network.calls).toBe(0);
  });

  it('gives out a public key for RS256 and nothing else', async () => {
    const jwks = await createWarmJwks();

    expect(jwks.getKey('a')).toMatchObject({
      type: 'public',
      usages: ['verify'],
      algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: { name: 'SHA-256' }, modulusLength: 2048 },
    });
  });

  it.each([
    { cacheSeconds: 600, refreshMs: 480_000 },
    { cacheSeconds: 10, refreshMs: 8_000 },
    { cacheSeconds: 86_400, refreshMs: 69_120_000 },
  ])('is refreshed from 80 % of $cacheSeconds s, in the background', async (row) => {
    const { cacheSeconds, refreshMs } = row;
    const jwks = await createWarmJwks({ cacheSeconds });

    clock.advanceMs(refreshMs - 1);
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    expect(network.calls).toBe(0);

    clock.advanceMs(1);
    for (let i = 0; i < 50; i += 1) expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    expect(network.calls).toBe(1);

    await observer.nextFetch();
    clock.advanceMs(refreshMs - 1);
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    expect(network.calls).toBe(1);
  });

  it('is good up to its last millisecond', async () => {
    const jwks = await createWarmJwks();

    clock.advanceMs(599_999);

    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
  });

  it('is refreshed before it is used once it has expired', async () => {
    const jwks = await createWarmJwks();
    clock.advance(600);

    const pending = Array.from({ length: 50 }, () => jwks.getKey('a'));

    expect(pending.every((key) => key instanceof Promise)).toBe(true);
    expect(await pending[0]).toBeInstanceOf(CryptoKey);
    expect(network.calls).toBe(1);
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
  });

  it('keeps the object of a key that has not changed', async () => {
    const jwks = await createWarmJwks();
    const before = jwks.getKey('a');
    publish(b, a);
    clock.advance(600);

    expect(await jwks.getKey('a')).toBe(before);
  });

  it('takes new key material under an old kid', async () => {
    const jwks = await createWarmJwks();
    const before = jwks.getKey('a');
    hanko.setJwks({ keys: [{ ...b.publicJwk, kid: 'a' }] });
    clock.advance(600);

    const after = await jwks.getKey('a');

    expect(after).not.toBe(before);
    expect(await webcrypto.subtle.exportKey('jwk', after)).toMatchObject({ n: b.publicJwk.n });
  });

  it('gives up a key that Hanko has removed at the next refresh', async () => {
    const jwks = createJwks();
    publish(a, b);
    await jwks.getKey('b');
    publish(a);

    clock.advance(479);
    expect(isKnownAtOnce(jwks, 'b')).toBe(true);

    clock.advance(1);
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    await observer.nextFetch();

    expect(await refused(jwks, 'b')).toEqual(tokenRefusal('token_key_unknown'));
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
  });

  it('says which keys it has', async () => {
    publish(a, b);
    const jwks = createJwks();
    await jwks.getKey('a');

    expect(observer.messages).toEqual([{ outcome: 'refreshed', kids: ['a', 'b'] }]);
    expect(observer.log).toEqual([]);
  });
});

describe('a rotation in calm', () => {
  it('is accepted at once, directly after the fetch of start-up', async () => {
    const jwks = createJwks();
    jwks.onModuleInit();
    await observer.nextFetch();
    publish(a, b);

    expect(await jwks.getKey('b')).toBeInstanceOf(CryptoKey);
    expect(network.calls).toBe(2);
  });

  it('is accepted at once, directly after a first fetch for a token', async () => {
    const jwks = await createWarmJwks();
    publish(a, b);

    expect(await jwks.getKey('b')).toBeInstanceOf(CryptoKey);
    expect(network.calls).toBe(1);
  });

  it('is accepted at once, directly after a refresh in the background', async () => {
    const jwks = await createWarmJwks();
    clock.advance(480);
    await jwks.getKey('a');
    await observer.nextFetch();
    publish(a, b);

    expect(await jwks.getKey('b')).toBeInstanceOf(CryptoKey);
    expect(network.calls).toBe(2);
  });

  it('is accepted at once, directly after a refresh that was waited for', async () => {
    const jwks = await createWarmJwks();
    clock.advance(600);
    await jwks.getKey('a');
    publish(a, b);

    expect(await jwks.getKey('b')).toBeInstanceOf(CryptoKey);
  });

  it('costs one fetch for 50 callers at once', async () => {
    const jwks = await createWarmJwks();
    publish(a, b);

    await Promise.all(Array.from({ length: 50 }, async () => jwks.getKey('b')));

    expect(network.calls).toBe(1);
  });

  it('leaves tokens of the old key alone while it is fetched', async () => {
    const jwks = await createWarmJwks();
    publish(a, b);

    const pending = jwks.getKey('b');

    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    expect(await pending).toBeInstanceOf(CryptoKey);
  });
});
