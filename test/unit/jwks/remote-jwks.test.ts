import { generateKeyPairSync, randomUUID, webcrypto } from 'node:crypto';
import { FakeHanko, type FaultKind, type FaultOptions } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RemoteJwks, RemoteJwksSettings } from '../../../lib/jwks/remote-jwks.js';
import { SigningKey } from '../../../fake-hanko/src/tokens/keys.js';
import {
  CountingFetch,
  createRemoteJwks,
  CryptoKey,
  Gate,
  JwksObserver,
  turn,
} from '../../support/unit-jwks.js';
import {
  createService,
  refusalOf,
  TestClock,
  tokenRefusal,
  unavailableRefusal,
} from '../../support/unit-verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');

const observer = new JwksObserver();
let hanko: FakeHanko;
let a: SigningKey;
let b: SigningKey;
let clock: TestClock;
let network: CountingFetch;
const opened: RemoteJwks[] = [];

beforeAll(async () => {
  [hanko, a, b] = await Promise.all([
    FakeHanko.start(),
    SigningKey.generate(2048, 'a'),
    SigningKey.generate(2048, 'b'),
  ]);
});

afterAll(() => hanko.stop());

beforeEach(async () => {
  await hanko.recover();
  publish(a);
  hanko.clearRequests();
  observer.clear();
  clock = new TestClock(START);
  network = new CountingFetch();
});

afterEach(() => {
  for (const jwks of opened.splice(0)) jwks.onModuleDestroy();
});

function createJwks(settings: Partial<RemoteJwksSettings> = {}): RemoteJwks {
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
async function createWarmJwks(settings: Partial<RemoteJwksSettings> = {}): Promise<RemoteJwks> {
  const jwks = createJwks(settings);
  await jwks.getKey('a');
  observer.clear();
  network.calls = 0;
  return jwks;
}

const publish = (...keys: readonly SigningKey[]): void => {
  hanko.setJwks({ keys: keys.map((key) => key.publicJwk) });
};

const refused = (jwks: RemoteJwks, kid: string): ReturnType<typeof refusalOf> =>
  refusalOf(Promise.resolve(jwks.getKey(kid)));

/** Only its code, for floods. */
const codeOf = async (jwks: RemoteJwks, kid: string): Promise<string> => {
  try {
    await jwks.getKey(kid);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const isKnownAtOnce = (jwks: RemoteJwks, kid: string): boolean =>
  jwks.getKey(kid) instanceof CryptoKey;

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

describe('an unknown kid', () => {
  const unknown = tokenRefusal('token_key_unknown');

  it('is refused after one fetch', async () => {
    const jwks = await createWarmJwks();

    expect(await refused(jwks, 'x')).toEqual(unknown);
    expect(network.calls).toBe(1);
  });

  it('is refused without a fetch within the cooldown', async () => {
    const jwks = await createWarmJwks();
    await refused(jwks, 'x');

    clock.advanceMs(29_999);
    expect(await refused(jwks, 'y')).toEqual(unknown);
    expect(network.calls).toBe(1);

    clock.advanceMs(1);
    expect(await refused(jwks, 'z')).toEqual(unknown);
    expect(network.calls).toBe(2);
  });

  it.each([1, 3_600])('has the cooldown of %i s that the options say', async (cooldownSeconds) => {
    const jwks = await createWarmJwks({ cooldownSeconds, cacheSeconds: 86_400 });
    await refused(jwks, 'x');

    clock.advanceMs(cooldownSeconds * 1000 - 1);
    await refused(jwks, 'x');
    expect(network.calls).toBe(1);

    clock.advanceMs(1);
    await refused(jwks, 'x');
    expect(network.calls).toBe(2);
  });

  it('costs a cold cache two fetches at most, however many come at once', async () => {
    const jwks = createJwks();

    const refusals = await Promise.all(
      Array.from({ length: 500 }, (_, i) => refused(jwks, `forged-${i}`)),
    );

    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['token_key_unknown']));
    expect(network.calls).toBeLessThanOrEqual(2);
  });

  it('costs one fetch per cooldown for 10,000 at once', async () => {
    const jwks = await createWarmJwks();
    const codes = new Set<string>();

    const flood = Array.from({ length: 10_000 }, async (_, i) => {
      codes.add((await refused(jwks, `forged-${i}`)).code);
    });
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    await Promise.all(flood);

    expect([...codes]).toEqual(['token_key_unknown']);
    expect(network.calls).toBe(1);
  });

  it('costs one fetch per cooldown for 10,000 in a row', async () => {
    const jwks = await createWarmJwks({ cacheSeconds: 86_400 });
    let isAlwaysKnown = true;

    for (let i = 0; i < 10_000; i += 1) {
      await Promise.resolve(jwks.getKey(`forged-${i}`)).catch(() => undefined);
      isAlwaysKnown &&= isKnownAtOnce(jwks, 'a');
      clock.advanceMs(10);
    }

    expect(isAlwaysKnown).toBe(true);
    // 100 seconds: at 0, 30, 60 and 90.
    expect(network.calls).toBe(4);
  });

  it('does not hold up known kids while its fetch hangs', async () => {
    const jwks = await createWarmJwks({ timeoutMs: 50 });
    await hanko.fault('hang');

    const pending = refused(jwks, 'x');
    for (let i = 0; i < 100; i += 1) expect(isKnownAtOnce(jwks, 'a')).toBe(true);

    expect(await pending).toEqual(unavailableRefusal(1));
  });

  it('that is a brand-new key is accepted within one cooldown of a flood', async () => {
    const jwks = await createWarmJwks();
    let acceptedAfter = -1;

    for (let second = 0; second <= 60 && acceptedAfter < 0; second += 1) {
      if (second === 1) publish(a, b);
      for (let i = 0; i < 100; i += 1) {
        await Promise.resolve(jwks.getKey(`forged-${second}-${i}`)).catch(() => undefined);
      }
      const found = await Promise.resolve(jwks.getKey('b')).catch(() => undefined);
      if (found !== undefined) acceptedAfter = second - 1;
      clock.advance(1);
    }

    expect(acceptedAfter).toBeGreaterThanOrEqual(0);
    expect(acceptedAfter).toBeLessThanOrEqual(30);
    expect(network.calls).toBe(2);
  });

  it('joins a fetch in flight, and is found though it was made after that began', async () => {
    const gate = new Gate();
    let calls = 0;
    const jwks = createJwks({
      fetch: async (input, init) => {
        calls += 1;
        const response = await network.fetch(input, init);
        if (calls === 1) await gate.opened;
        return response;
      },
    });
    jwks.onModuleInit();
    const answered = hanko.requests.length;
    while (hanko.requests.length === answered) await turn();
    publish(a, b);

    const pending = Array.from({ length: 50 }, async () => jwks.getKey('b'));
    await turn();
    expect(network.calls).toBe(1);
    gate.open();

    for (const key of await Promise.all(pending)) expect(key).toBeInstanceOf(CryptoKey);
    expect(network.calls).toBe(2);
  });

  it('shares the fetch in flight and the one after it with every other caller', async () => {
    const gate = new Gate();
    const jwks = createJwks({
      fetch: async (input, init) => {
        const response = await network.fetch(input, init);
        await gate.opened;
        return response;
      },
    });
    jwks.onModuleInit();

    const pending = Array.from({ length: 100 }, (_, i) => refused(jwks, `x-${i}`));
    const known = Array.from({ length: 100 }, () => jwks.getKey('a'));
    gate.open();
    await Promise.all([...pending, ...known]);

    expect(network.calls).toBe(2);
  });

  it('costs one fetch per cooldown at whatever moment of a fetch it comes', async () => {
    const answer = JSON.stringify({ keys: [a.publicJwk] });
    let fetches = 0;
    const immediate = createJwks({
      fetch: async () => {
        fetches += 1;
        return new Response(answer);
      },
    });
    await immediate.getKey('a');
    fetches = 0;
    const pending: Promise<unknown>[] = [];

    // One call in every microtask, so that some come between the end of the fetch and its consequences.
    for (let i = 0; i < 20; i += 1) {
      for (let j = 0; j < 200; j += 1) {
        pending.push(codeOf(immediate, `forged-${i}-${j}`));
        await Promise.resolve();
      }
      await turn();
    }

    expect(new Set(await Promise.all(pending))).toEqual(new Set(['token_key_unknown']));
    expect(fetches).toBe(1);
  });

  it('is no key of a prototype', async () => {
    const jwks = await createWarmJwks();

    for (const kid of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
      expect(await refused(jwks, kid)).toEqual(unknown);
    }
  });
});

describe('an unknown kid and a failed fetch', () => {
  it('is 503 if the refetch that should have answered failed', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');

    expect(await refused(jwks, 'x')).toEqual(unavailableRefusal(1));
  });

  it('is 503 during the back-off, without a fetch', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');
    await refused(jwks, 'x');

    clock.advanceMs(999);

    expect(await refused(jwks, 'y')).toEqual(unavailableRefusal(1));
    expect(network.calls).toBe(1);
  });

  it('is 401 within the cooldown of a good fetch', async () => {
    const jwks = await createWarmJwks();
    await refused(jwks, 'x');
    await hanko.fault('error');

    clock.advance(29);

    expect(await refused(jwks, 'y')).toEqual(tokenRefusal('token_key_unknown'));
    expect(network.calls).toBe(1);
  });

  it('is 503 if the fetch in flight that it joined failed', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');
    clock.advance(480);

    expect(isKnownAtOnce(jwks, 'a')).toBe(true);

    expect(await refused(jwks, 'x')).toEqual(unavailableRefusal(1));
    expect(network.calls).toBe(1);
  });

  it('is asked for again after the back-off: a failed fetch has settled nothing', async () => {
    const jwks = await createWarmJwks();
    publish(a, b);
    await hanko.fault('error', { times: 1 });
    expect(await refused(jwks, 'b')).toEqual(unavailableRefusal(1));

    clock.advance(1);

    expect(await jwks.getKey('b')).toBeInstanceOf(CryptoKey);
  });

  it('is not called forged on the word of a failed fetch', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');
    await refused(jwks, 'b');

    clock.advance(2);

    expect(await refused(jwks, 'b')).toMatchObject({ code: 'hanko_unavailable' });
  });

  it('costs no more than the back-off allows in an outage', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');

    for (let second = 0; second < 60; second += 1) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => refused(jwks, `${second}-${i}`)));
      clock.advance(1);
    }

    // 1, 2, 4, 8, 16 and 30 s after one another: at 0, 1, 3, 7, 15 and 31.
    expect(network.calls).toBeLessThanOrEqual(6);
  });
});

describe('the back-off', () => {
  it('waits 1, 2, 4, … and at most 30 seconds after failures in a row', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));

    let calls = 1;
    for (const wait of [1, 2, 4, 8, 16, 30, 30, 30]) {
      expect(network.calls).toBe(calls);
      clock.advanceMs(wait * 1000 - 1);
      expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
      expect(network.calls).toBe(calls);

      clock.advanceMs(1);
      await refused(jwks, 'a');
      calls += 1;
      expect(network.calls).toBe(calls);
    }
  });

  it('tells callers the whole seconds that are left of it', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    for (const wait of [1, 2, 4, 8, 16]) {
      await refused(jwks, 'a');
      clock.advance(wait);
    }

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(30));
    clock.advanceMs(1);
    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(30));
    clock.advanceMs(999);
    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(29));
    clock.advanceMs(28_999);
    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
  });

  it('holds for 50 callers at once', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    await refused(jwks, 'a');

    const refusals = await Promise.all(Array.from({ length: 50 }, () => refused(jwks, 'a')));

    expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([503]));
    expect(network.calls).toBe(1);
  });

  it('ends with a good fetch, and begins at 1 second again', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    for (const wait of [1, 2, 4]) {
      await refused(jwks, 'a');
      clock.advance(wait);
    }
    await hanko.recover();

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);

    await hanko.fault('error');
    clock.advance(480);
    await jwks.getKey('a');
    expect(await observer.nextFetch()).toMatchObject({ outcome: 'failed', retryInMs: 1_000 });
  });

  it('is written to the log once per outage, and its end', async () => {
    await hanko.fault('error');
    const jwks = createJwks();
    for (const wait of [1, 2, 4]) {
      await refused(jwks, 'a');
      clock.advance(wait);
    }
    await hanko.recover();
    await jwks.getKey('a');

    expect(observer.log).toEqual([
      `warn Hanko's keys cannot be fetched from ${hanko.url}/.well-known/jwks.json: status 500. ` +
        'Requests with a token get 503. HankoJwks',
      "log Hanko's keys could be fetched again HankoJwks",
    ]);
    expect(observer.messages).toEqual([
      { outcome: 'failed', reason: 'status 500', retryInMs: 1_000, servesStale: false },
      { outcome: 'failed', reason: 'status 500', retryInMs: 2_000, servesStale: false },
      { outcome: 'failed', reason: 'status 500', retryInMs: 4_000, servesStale: false },
      { outcome: 'refreshed', kids: ['a'] },
    ]);
  });
});

describe('an outage with last good keys', () => {
  it('signs nobody out: the call that notices it gets the key', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');
    clock.advance(600);

    const keys = await Promise.all(Array.from({ length: 50 }, async () => jwks.getKey('a')));

    expect(keys.every((key) => key instanceof CryptoKey)).toBe(true);
    expect(network.calls).toBe(1);
    expect(observer.messages).toEqual([
      { outcome: 'failed', reason: 'status 500', retryInMs: 1_000, servesStale: true },
    ]);
    expect(observer.log).toEqual([
      "warn Hanko's keys cannot be fetched: status 500. The last good keys are used meanwhile. HankoJwks",
    ]);
  });

  it.each([600, 601, 3_600, 86_400])('ends after staleIfErrorSeconds: %i', async (bound) => {
    const jwks = await createWarmJwks({ staleIfErrorSeconds: bound });
    await hanko.fault('error');
    clock.advance(480);
    await jwks.getKey('a');
    await observer.nextFetch();

    clock.advanceMs((bound - 480) * 1000 - 1);
    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
    await turn();

    clock.advanceMs(1);
    expect(await refused(jwks, 'a')).toMatchObject({ code: 'hanko_unavailable', status: 503 });
  });

  it('counts its bound from the last good fetch, not from the first failure', async () => {
    const jwks = await createWarmJwks({ staleIfErrorSeconds: 700 });
    clock.advance(650);
    await hanko.fault('error');
    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);

    clock.advance(50);

    expect(await refused(jwks, 'a')).toMatchObject({ status: 503 });
  });

  it.each([0, 60])('never shortens the life of fresh keys: bound %i s', async (bound) => {
    const jwks = await createWarmJwks({ staleIfErrorSeconds: bound });
    await hanko.fault('error');
    clock.advance(480);
    await jwks.getKey('a');
    await observer.nextFetch();

    clock.advanceMs(119_999);
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);

    clock.advanceMs(1);
    expect(await refused(jwks, 'a')).toMatchObject({ status: 503 });
  });

  it('answers known kids at once while every try hangs', async () => {
    const jwks = await createWarmJwks({ timeoutMs: 30 });
    await hanko.fault('hang');
    clock.advance(480);
    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    await observer.nextFetch();

    let isAlwaysKnown = true;
    for (let tries = 0; tries < 5; tries += 1) {
      clock.advance(3_600);
      const ended = observer.nextFetch();
      for (let i = 0; i < 20; i += 1) isAlwaysKnown &&= isKnownAtOnce(jwks, 'a');
      await ended;
      isAlwaysKnown &&= isKnownAtOnce(jwks, 'a');
    }

    expect(isAlwaysKnown).toBe(true);
    expect(network.calls).toBe(6);
  });

  it('makes no fetch during the back-off, however many known kids come', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');
    clock.advance(600);
    await jwks.getKey('a');

    for (let i = 0; i < 1_000; i += 1) await jwks.getKey('a');

    expect(network.calls).toBe(1);
  });

  it('recovers in the background', async () => {
    const jwks = await createWarmJwks();
    await hanko.fault('error');
    clock.advance(600);
    await jwks.getKey('a');
    await hanko.recover();
    publish(a, b);
    clock.advance(1);

    expect(isKnownAtOnce(jwks, 'a')).toBe(true);
    expect(await observer.nextFetch()).toEqual({ outcome: 'refreshed', kids: ['a', 'b'] });

    expect(isKnownAtOnce(jwks, 'b')).toBe(true);
    expect(observer.log.at(-1)).toBe("log Hanko's keys could be fetched again HankoJwks");
  });

  it('is over for good once the bound has passed, until Hanko answers', async () => {
    const jwks = await createWarmJwks({ staleIfErrorSeconds: 3_600 });
    await hanko.fault('error');
    clock.advance(3_600);
    expect(await refused(jwks, 'a')).toMatchObject({ status: 503 });
    await hanko.recover();
    clock.advance(30);

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
  });
});

describe('a fetch that fails', () => {
  const faults: readonly { kind: FaultKind; reason: RegExp; options?: FaultOptions }[] = [
    { kind: 'down', reason: /^[A-Z_]+$/ },
    { kind: 'refuse', reason: /^[A-Z_]+$/ },
    { kind: 'hang', reason: /^no reply within 60 ms$/ },
    { kind: 'slow', reason: /^no reply within 60 ms$/, options: { delayMs: 10_000 } },
    { kind: 'drip', reason: /^no reply within 60 ms$/ },
    { kind: 'error', reason: /^status 500$/ },
    { kind: 'unavailable', reason: /^status 503$/ },
    { kind: 'garbage', reason: /^the reply is a web page, not JSON$/ },
    { kind: 'wrong-json', reason: /^the reply is not a JWK Set$/ },
    { kind: 'redirect', reason: /^status 302$/ },
    { kind: 'oversized', reason: /^the reply has more than 262144 bytes$/ },
  ];

  it.each(faults)('is 503 and says why, but not where: $kind', async (row) => {
    await hanko.fault(row.kind, row.options);
    const jwks = createJwks({ timeoutMs: 60 });
    const { host, port } = new URL(hanko.url);

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));

    expect(observer.messages).toEqual([
      {
        outcome: 'failed',
        reason: expect.stringMatching(row.reason) as string,
        retryInMs: 1_000,
        servesStale: false,
      },
    ]);
    const seen = JSON.stringify(observer.messages);
    for (const secret of ['http', '127.0.0.1', host, port, 'jwks.json']) {
      expect(seen).not.toContain(secret);
    }
  });

  it.each(faults)('says once where from, while no fetch has succeeded: $kind', async (row) => {
    await hanko.fault(row.kind, row.options);
    const jwks = createJwks({ timeoutMs: 60 });
    await refused(jwks, 'a');
    clock.advance(1);
    await refused(jwks, 'a');

    expect(observer.log).toHaveLength(1);
    expect(observer.log[0]).toContain(`from ${hanko.url}/.well-known/jwks.json: `);
  });

  it.each(faults)('leaves the last good keys as they are: $kind', async (row) => {
    const jwks = await createWarmJwks({ timeoutMs: 60 });
    await hanko.fault(row.kind, row.options);
    clock.advance(600);

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
    expect(observer.messages).toMatchObject([{ outcome: 'failed', servesStale: true }]);
    expect(observer.log).toHaveLength(1);
    // The address was right: it need not stand in the log.
    expect(observer.log[0]).not.toContain(new URL(hanko.url).port);
  });

  it('by a redirect does not follow it', async () => {
    await hanko.fault('redirect');

    await refused(createJwks(), 'a');

    expect(hanko.requests.map(({ path }) => path)).toEqual(['/.well-known/jwks.json']);
  });

  it('is no failure if it is merely slow', async () => {
    await hanko.fault('slow', { delayMs: 20 });

    expect(await createJwks().getKey('a')).toBeInstanceOf(CryptoKey);
  });

  it.each([
    // `fetch` itself refuses the first, in words that repeat it.
    'http://user:secret@127.0.0.1:1/secret/.well-known/jwks.json',
    'http://127.0.0.1:1/secret/.well-known/jwks.json',
    'secret://127.0.0.1/secret/.well-known/jwks.json',
    'not an address, but secret',
  ])(
    'tells channels no part of an address that cannot be asked, and nobody its password: %s',
    async (url) => {
      expect(await refused(createJwks({ url }), 'a')).toEqual(unavailableRefusal(1));

      const seen = JSON.stringify(observer.messages);
      for (const word of ['secret', 'user', '127.0.0.1', 'well-known']) {
        expect(seen).not.toContain(word);
      }
      expect(JSON.stringify(observer.log)).not.toMatch(/user|:secret|but secret/);
    },
  );
});

describe('the keys of a set', () => {
  const rsa = (modulusLength: number, publicExponent = 65_537): object => ({
    ...generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({
      format: 'jwk',
    }),
    use: 'sig',
    alg: 'RS256',
    kid: 'b',
  });
  const withZeros = (n: string): string =>
    Buffer.concat([Buffer.alloc(256), Buffer.from(n, 'base64url')]).toString('base64url');

  const unusable: readonly { name: string; jwk: () => unknown; says: string }[] = [
    { name: '512 bits', jwk: () => rsa(512), says: 'less than 2048 bits' },
    { name: '1024 bits', jwk: () => rsa(1024), says: 'less than 2048 bits' },
    { name: '2047 bits', jwk: () => rsa(2047), says: 'less than 2048 bits' },
    {
      name: '512 bits and zeros before them',
      jwk: () => {
        const jwk = rsa(512) as { n: string };
        return { ...jwk, n: withZeros(jwk.n) };
      },
      says: 'less than 2048 bits',
    },
    { name: 'exponent 1', jwk: () => ({ ...b.publicJwk, e: 'AQ' }), says: 'exponent' },
    { name: 'exponent 3', jwk: () => rsa(2048, 3), says: 'exponent' },
    { name: 'exponent 0', jwk: () => ({ ...b.publicJwk, e: 'AA' }), says: 'exponent' },
    { name: 'exponent 65536', jwk: () => ({ ...b.publicJwk, e: 'AQAA' }), says: 'exponent' },
    { name: 'exponent 65538', jwk: () => ({ ...b.publicJwk, e: 'AQAC' }), says: 'exponent' },
    {
      name: 'exponent 2^256 + 1',
      jwk: () => {
        const bytes = Buffer.alloc(33);
        bytes[0] = 1;
        bytes[32] = 1;
        return { ...b.publicJwk, e: bytes.toString('base64url') };
      },
      says: 'exponent',
    },
    { name: 'for encryption', jwk: () => ({ ...b.publicJwk, use: 'enc' }), says: 'use' },
    { name: 'use null', jwk: () => ({ ...b.publicJwk, use: null }), says: 'use' },
    { name: 'use empty', jwk: () => ({ ...b.publicJwk, use: '' }), says: 'use' },
    { name: 'use as list', jwk: () => ({ ...b.publicJwk, use: ['sig'] }), says: 'use' },
    { name: 'for RS512', jwk: () => ({ ...b.publicJwk, alg: 'RS512' }), says: 'alg' },
    { name: 'for PS256', jwk: () => ({ ...b.publicJwk, alg: 'PS256' }), says: 'alg' },
    { name: 'alg null', jwk: () => ({ ...b.publicJwk, alg: null }), says: 'alg' },
    { name: 'to sign', jwk: () => ({ ...b.publicJwk, key_ops: ['sign'] }), says: 'key_ops' },
    { name: 'for nothing', jwk: () => ({ ...b.publicJwk, key_ops: [] }), says: 'key_ops' },
    {
      name: 'key_ops as text',
      jwk: () => ({ ...b.publicJwk, key_ops: 'verify' }),
      says: 'key_ops',
    },
    {
      name: 'an elliptic curve',
      jwk: () => ({
        ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
        use: 'sig',
        kid: 'b',
      }),
      says: 'kty',
    },
    {
      name: 'an Edwards curve',
      jwk: () => ({
        ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
        use: 'sig',
        kid: 'b',
      }),
      says: 'kty',
    },
    { name: 'a secret', jwk: () => ({ kty: 'oct', k: 'AAAA', use: 'sig', kid: 'b' }), says: 'kty' },
    { name: 'kty in lower case', jwk: () => ({ ...b.publicJwk, kty: 'rsa' }), says: 'kty' },
    { name: 'no kid', jwk: () => ({ ...b.publicJwk, kid: undefined }), says: 'kid' },
    { name: 'kid empty', jwk: () => ({ ...b.publicJwk, kid: '' }), says: 'kid' },
    { name: 'kid a number', jwk: () => ({ ...b.publicJwk, kid: 1 }), says: 'kid' },
    { name: 'n padded', jwk: () => ({ ...b.publicJwk, n: `${b.publicJwk.n}==` }), says: '"n"' },
    { name: 'n in base64', jwk: () => ({ ...b.publicJwk, n: `+${b.publicJwk.n}` }), says: '"n"' },
    {
      name: 'n with a space',
      jwk: () => ({ ...b.publicJwk, n: ` ${b.publicJwk.n}` }),
      says: '"n"',
    },
    { name: 'n empty', jwk: () => ({ ...b.publicJwk, n: '' }), says: '"n"' },
    { name: 'n missing', jwk: () => ({ ...b.publicJwk, n: undefined }), says: '"n"' },
    { name: 'n a number', jwk: () => ({ ...b.publicJwk, n: 7 }), says: '"n"' },
    { name: 'e missing', jwk: () => ({ ...b.publicJwk, e: undefined }), says: '"e"' },
    { name: 'e a number', jwk: () => ({ ...b.publicJwk, e: 65_537 }), says: '"e"' },
    { name: 'null', jwk: () => null, says: 'not an object' },
    { name: 'text', jwk: () => 'key', says: 'not an object' },
    { name: 'a list', jwk: () => [b.publicJwk], says: 'not an object' },
  ];

  it.each(unusable)('are left out, named, where they cannot be used: $name', async (row) => {
    hanko.setJwks({ keys: [row.jwk(), a.publicJwk] });
    const jwks = createJwks();

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);

    expect(await refused(jwks, 'b')).toEqual(tokenRefusal('token_key_unknown'));
    expect(observer.messages[0]).toEqual({ outcome: 'refreshed', kids: ['a'] });
    expect(observer.log[0]).toContain('keys[0]: ');
    expect(observer.log[0]).toContain(row.says);
  });

  it.each(unusable)('are a failed fetch where none can be used: $name', async ({ jwk }) => {
    const cold = createJwks();
    hanko.setJwks({ keys: [jwk()] });

    expect(await refused(cold, 'b')).toEqual(unavailableRefusal(1));
  });

  it.each([
    { name: 'no keys', document: { keys: [] } },
    { name: 'only bad keys', document: { keys: [null, { kty: 'oct', k: 'AAAA' }] } },
    { name: 'keys is an object', document: { keys: { 0: {} } } },
    { name: 'keys is null', document: { keys: null } },
    { name: 'a list', document: [] },
    { name: 'text', document: 'keys' },
    { name: 'a number', document: 1 },
    { name: 'an empty object', document: {} },
  ])('stay the last good ones where a set has none: $name', async ({ document }) => {
    const jwks = await createWarmJwks();
    hanko.setJwks(document);
    clock.advance(600);

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
    expect(observer.messages).toMatchObject([{ outcome: 'failed', servesStale: true }]);
  });

  it.each<{ name: string; members: object }>([
    { name: 'no use', members: { use: undefined } },
    { name: 'no alg', members: { alg: undefined } },
    { name: 'no more than it needs', members: { use: undefined, alg: undefined } },
    { name: 'key_ops in the place of use', members: { use: undefined, key_ops: ['verify'] } },
    { name: 'key_ops', members: { key_ops: ['verify'] } },
    { name: 'more key_ops', members: { key_ops: ['sign', 'verify'] } },
    { name: 'what we do not know', members: { x5c: ['AAAA'], foo: 'bar', ext: false } },
    { name: 'an ARN for kid', members: { kid: 'arn:aws:kms:eu-central-1:1:key/2' } },
  ])('may have $name', async ({ members }) => {
    const jwk = { ...a.publicJwk, ...members };
    hanko.setJwks({ keys: [jwk] });

    expect(await createJwks().getKey(jwk.kid)).toBeInstanceOf(CryptoKey);
    expect(observer.log).toEqual([]);
  });

  it('are imported as public keys even if private members stand there', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    hanko.setJwks({
      keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'a' }],
    });

    const key = await createJwks().getKey('a');

    expect(key.type).toBe('public');
    expect(key.usages).toEqual(['verify']);
    expect(await webcrypto.subtle.exportKey('jwk', key)).not.toHaveProperty('d');
  });

  it('may have 4096 bits', async () => {
    hanko.setJwks({ keys: [{ ...rsa(4096), kid: 'a' }] });

    expect(await createJwks().getKey('a')).toBeInstanceOf(CryptoKey);
  });
});

describe('the size of a set', () => {
  it('may be exactly maxBytes, and not one more', async () => {
    const document = { keys: [a.publicJwk], padding: 'x'.repeat(2_000) };
    hanko.setJwks(document);
    const bytes = JSON.stringify(document).length + '\n'.length;

    expect(await createJwks({ maxBytes: bytes }).getKey('a')).toBeInstanceOf(CryptoKey);
    expect(await refused(createJwks({ maxBytes: bytes - 1 }), 'a')).toEqual(unavailableRefusal(1));
    expect(observer.messages.at(-1)).toMatchObject({
      reason: `the reply has more than ${bytes - 1} bytes`,
    });
  });

  it('is counted in bytes, not in characters', async () => {
    const document = { keys: [a.publicJwk], padding: '\u{1F511}'.repeat(500) };
    hanko.setJwks(document);
    const text = `${JSON.stringify(document)}\n`;
    const bytes = Buffer.byteLength(text);
    expect(bytes).toBeGreaterThan(text.length);

    expect(await createJwks({ maxBytes: bytes }).getKey('a')).toBeInstanceOf(CryptoKey);
    expect(await refused(createJwks({ maxBytes: bytes - 1 }), 'a')).toEqual(unavailableRefusal(1));
  });

  it('is enforced while an endless answer arrives, which is then cancelled', async () => {
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(32)),
      cancel: () => {
        isCancelled = true;
      },
    });
    const jwks = createJwks({ maxBytes: 10_000, fetch: async () => new Response(endless) });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(isCancelled).toBe(true);
  });

  it('does not matter for how it is cut into chunks', async () => {
    const bytes = Buffer.from(JSON.stringify({ keys: [{ ...a.publicJwk, kid: '\u{1F511}' }] }));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const jwks = createJwks({ fetch: async () => new Response(body) });

    expect(await jwks.getKey('\u{1F511}')).toBeInstanceOf(CryptoKey);
  });
});

describe("the app's own fetch", () => {
  it('is used, with a signal and without redirects', async () => {
    const calls: [unknown, RequestInit | undefined][] = [];
    const jwks = createJwks({
      fetch: (input, init) => {
        calls.push([input, init]);
        return network.fetch(input, init);
      },
    });

    await jwks.getKey('a');

    expect(calls).toEqual([
      [
        `${hanko.url}/.well-known/jwks.json`,
        {
          method: 'GET',
          headers: { accept: 'application/json' },
          redirect: 'manual',
          signal: expect.any(AbortSignal) as AbortSignal,
        },
      ],
    ]);
  });

  it('comes from the option', async () => {
    const { service } = await createService({ apiUrl: hanko.url, fetch: network.fetch });
    hanko.setJwks(null);

    await service.verifyToken(await hanko.token());

    expect(network.calls).toBe(1);
  });

  it('is timed out though it ignores its signal', async () => {
    const jwks = createJwks({ timeoutMs: 20, fetch: () => new Promise(() => undefined) });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(observer.messages).toMatchObject([{ reason: 'no reply within 20 ms' }]);
  });

  it('is timed out though its body never ends and ignores its signal', async () => {
    const jwks = createJwks({
      timeoutMs: 20,
      fetch: async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
  });

  it('may fail after it was given up: nobody hears of it', async () => {
    const gate = new Gate();
    const jwks = createJwks({
      timeoutMs: 20,
      fetch: async () => {
        await gate.opened;
        throw new Error('too late');
      },
    });
    await refused(jwks, 'a');

    gate.open();
    await turn();

    expect(observer.messages).toHaveLength(1);
  });

  it('that followed a redirect is refused', async () => {
    await hanko.fault('redirect');
    const jwks = createJwks({
      fetch: (input, init) => network.fetch(input, { ...init, redirect: 'follow' }),
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(hanko.requests).toHaveLength(2);
  });

  const secret = 'http://user:secret@hanko.internal:8000/x';

  it.each<{ name: string; thrown: unknown; reason: string }>([
    { name: 'undefined', thrown: undefined, reason: 'the request failed' },
    { name: 'null', thrown: null, reason: 'the request failed' },
    { name: 'text', thrown: secret, reason: 'the request failed' },
    { name: 'an object', thrown: { message: secret }, reason: 'the request failed' },
    { name: 'an error', thrown: new Error(secret), reason: 'the request failed' },
    {
      name: 'a code that holds an address',
      thrown: Object.assign(new Error(secret), { code: secret }),
      reason: 'the request failed',
    },
    {
      name: 'a code that is no text',
      thrown: Object.assign(new Error(secret), { code: 42 }),
      reason: 'the request failed',
    },
    {
      name: 'a code below a cause',
      thrown: new Error(secret, {
        cause: new Error(secret, { cause: Object.assign(new Error(secret), { code: 'EPROTO' }) }),
      }),
      reason: 'EPROTO',
    },
    {
      name: 'a cause that is no error',
      thrown: new Error(secret, { cause: secret }),
      reason: 'the request failed',
    },
  ])('may throw what it likes: $name', async ({ thrown, reason }) => {
    const jwks = createJwks({
      fetch: async () => {
        throw thrown;
      },
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(observer.messages).toMatchObject([{ outcome: 'failed', reason }]);
    expect(JSON.stringify([observer.messages, observer.log])).not.toContain('hanko.internal');
  });

  it('may throw before it returns a promise', async () => {
    const jwks = createJwks({
      fetch: () => {
        throw new Error(secret);
      },
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
  });

  it('may throw an error whose members throw', async () => {
    const error = Object.defineProperty(new Error(secret), 'code', {
      get: () => {
        throw new Error(secret);
      },
    });
    const jwks = createJwks({ fetch: () => Promise.reject(error) });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(JSON.stringify([observer.messages, observer.log])).not.toContain('hanko.internal');
  });

  it('may throw an error that is its own cause: it is not followed for ever', async () => {
    let reads = 0;
    const error = Object.defineProperty(new Error(secret), 'cause', {
      get(): unknown {
        reads += 1;
        // In earnest this would never end; here it does, so that the test can fail.
        return reads < 10_000 ? error : undefined;
      },
    });
    const jwks = createJwks({ fetch: () => Promise.reject(error) });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(reads).toBeLessThan(100);
  });

  it.each<{ name: string; response: unknown }>([
    { name: 'undefined', response: undefined },
    { name: 'null', response: null },
    { name: 'an empty object', response: {} },
    { name: 'no body', response: new Response(null) },
    { name: 'an empty body', response: new Response('') },
    { name: 'status 204', response: new Response(null, { status: 204 }) },
    { name: 'status 304', response: new Response(null, { status: 304 }) },
    { name: 'an error response', response: Response.error() },
    { name: 'a body of texts', response: { status: 200, redirected: false, body: ['{', '}'] } },
    { name: 'a body that is a number', response: { status: 200, redirected: false, body: 1 } },
    {
      name: 'a body that breaks off',
      response: {
        status: 200,
        redirected: false,
        body: (async function* broken() {
          yield Buffer.from('{"keys":');
          throw new Error(secret);
        })(),
      },
    },
  ])('may return what it likes: $name', async ({ response }) => {
    const jwks = createJwks({ fetch: async () => response as Response });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(observer.messages).toMatchObject([{ outcome: 'failed' }]);
    expect(JSON.stringify([observer.messages, observer.log])).not.toContain('hanko.internal');
  });

  it('may be another platform: a body of Buffers', async () => {
    const response = {
      status: 200,
      redirected: false,
      body: (async function* body() {
        yield Buffer.from(JSON.stringify({ keys: [a.publicJwk] }));
      })(),
    };
    const jwks = createJwks({ fetch: async () => response as unknown as Response });

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
  });
});

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
