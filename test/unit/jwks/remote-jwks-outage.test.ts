import type { FaultKind, FaultOptions } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
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
      {
        outcome: 'failed',
        reason: 'status 500',
        errorType: '500',
        retryInMs: 1_000,
        servesStale: false,
      },
      {
        outcome: 'failed',
        reason: 'status 500',
        errorType: '500',
        retryInMs: 2_000,
        servesStale: false,
      },
      {
        outcome: 'failed',
        reason: 'status 500',
        errorType: '500',
        retryInMs: 4_000,
        servesStale: false,
      },
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
      {
        outcome: 'failed',
        reason: 'status 500',
        errorType: '500',
        retryInMs: 1_000,
        servesStale: true,
      },
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
    expect(await observer.nextFetch()).toMatchObject({ outcome: 'refreshed', kids: ['a', 'b'] });

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
  const faults: readonly {
    kind: FaultKind;
    reason: RegExp;
    type: string | RegExp;
    options?: FaultOptions;
  }[] = [
    { kind: 'down', reason: /^[A-Z_]+$/, type: /^[A-Z_]+$/ },
    { kind: 'refuse', reason: /^[A-Z_]+$/, type: 'ECONNREFUSED' },
    { kind: 'hang', reason: /^no reply within 60 ms$/, type: 'timeout' },
    {
      kind: 'slow',
      reason: /^no reply within 60 ms$/,
      type: 'timeout',
      options: { delayMs: 10_000 },
    },
    { kind: 'drip', reason: /^no reply within 60 ms$/, type: 'timeout' },
    { kind: 'error', reason: /^status 500$/, type: '500' },
    { kind: 'unavailable', reason: /^status 503$/, type: '503' },
    { kind: 'garbage', reason: /^the reply is a web page, not JSON$/, type: '_OTHER' },
    { kind: 'wrong-json', reason: /^the reply is not a JWK Set$/, type: '_OTHER' },
    { kind: 'redirect', reason: /^status 302$/, type: '302' },
    { kind: 'oversized', reason: /^the reply has more than 262144 bytes$/, type: '_OTHER' },
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
        errorType: expect.stringMatching(row.type) as string,
        retryInMs: 1_000,
        servesStale: false,
      },
    ]);
    expect(observer.durations).toEqual([expect.any(Number)]);
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

      expect(observer.durations).toEqual([expect.any(Number)]);
      const seen = JSON.stringify(observer.messages);
      for (const word of ['secret', 'user', '127.0.0.1', 'well-known']) {
        expect(seen).not.toContain(word);
      }
      expect(JSON.stringify(observer.log)).not.toMatch(/user|:secret|but secret/);
    },
  );
});
