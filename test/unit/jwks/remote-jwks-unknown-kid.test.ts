import { describe, expect, it } from 'vitest';
import { CryptoKey, Gate, turn } from '../../support/jwks.js';
import { tokenRefusal, unavailableRefusal } from '../../support/verifier.js';
import {
  hanko,
  a,
  b,
  clock,
  network,
  createJwks,
  createWarmJwks,
  publish,
  refused,
  codeOf,
  isKnownAtOnce,
  useFakeHankoKeys,
} from '../../support/remote-jwks.js';

useFakeHankoKeys();

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
