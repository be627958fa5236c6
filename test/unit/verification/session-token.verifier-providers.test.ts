import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { HankoTokenError, HankoUser } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionTokenVerifier } from '../../../lib/verification/session-token.verifier.js';
import {
  atOnce,
  createVerifier,
  cryptoDuring,
  provider,
  refused,
  verified,
} from '../../support/session-token-verifier.js';
import { TestClock, tokenRefusal, unavailableRefusal } from '../../support/verifier.js';

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** A `Promise` that is no instance of ours. */
const Foreign = runInNewContext('Promise') as PromiseConstructor;

const START = Date.parse('2026-03-01T12:00:00Z');

let clock: TestClock;
let hanko: FakeHanko;
let jwk: webcrypto.JsonWebKey;
let key: webcrypto.CryptoKey;
let token: string;
let verifier: SessionTokenVerifier;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => START });
  const [{ n, e, kty } = expect.unreachable()] = hanko.jwks().keys;
  jwk = { n, e, kty };
  key = await importKey();
  token = await hanko.token();
});
afterAll(() => hanko.stop());
beforeEach(() => {
  clock = new TestClock(START);
  verifier = createVerifier({ now: clock.now });
});

const importKey = (
  from = jwk,
  algorithm: Parameters<typeof webcrypto.subtle.importKey>[2] = RS256,
  usages: webcrypto.KeyUsage[] = ['verify'],
): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('jwk', from, algorithm, false, usages);

/** What can be waited for, and is no promise. */
const thenable = (then: PropertyDescriptor, name = 'then'): object =>
  Object.defineProperty({}, name, then);

const verifyBy = (getKey: () => unknown): Promise<HankoUser> =>
  verified(verifier, token, provider(getKey));

describe('a provider of keys', () => {
  it('that answers at once gets hits without a promise', async () => {
    const trusted = provider(() => key);
    await verified(verifier, token, trusted);

    expect(verifier.verify(token, trusted)).toBeInstanceOf(HankoUser);
  });

  it.each([
    { name: 'a promise', wrap: () => Promise.resolve(key) },
    { name: 'a promise of another realm', wrap: () => Foreign.resolve(key) },
    {
      name: 'a thenable',
      wrap: () => thenable({ value: (resolve: (found: unknown) => void) => resolve(key) }),
    },
    {
      name: 'a thenable that answers twice',
      wrap: () =>
        thenable({
          value: (resolve: (found: unknown) => void) => {
            resolve(key);
            resolve(undefined);
          },
        }),
    },
  ])('that answers by $name saves crypto all the same', async ({ wrap }) => {
    const user = await verifyBy(wrap);

    expect(user.claims.session_id).toBe(user.sessionId);
    expect(await cryptoDuring(() => verifyBy(wrap))).toBe(0);
    expect(await cryptoDuring(() => verifyBy(() => key))).toBe(0);
    expect(await cryptoDuring(() => atOnce(8, () => verifyBy(wrap)))).toBe(0);
  });

  it('that makes another object of the same key each time never gets a hit, and works', async () => {
    const keys = await atOnce(6, () => importKey());
    const next = (): webcrypto.CryptoKey | undefined => keys.pop();

    for (let n = 0; n < 3; n += 1) {
      expect(
        await cryptoDuring(async () => expect(await verifyBy(next)).toBeInstanceOf(HankoUser)),
      ).toBe(1);
    }
    expect(await cryptoDuring(() => atOnce(3, () => verifyBy(next)))).toBe(3);
    expect(await cryptoDuring(() => atOnce(4, () => verifyBy(() => importKey())))).toBe(4);
  });

  it('is asked on each request, for the kid and nothing else', async () => {
    const asked: unknown[][] = [];
    const getKey = (...question: unknown[]): webcrypto.CryptoKey => {
      asked.push(question);
      return key;
    };
    for (let n = 0; n < 3; n += 1) {
      await verifyBy(getKey);
      clock.advance(1);
    }

    expect(asked).toEqual([0, 1, 2].map(() => [hanko.signingKid]));
  });

  it('of another realm that fails is unavailable, and says nothing of why', async () => {
    for (const reason of [new Error(token), undefined, Object(token)]) {
      expect(
        await refused(
          verifier,
          token,
          provider(() => Foreign.reject(reason)),
        ),
      ).toEqual(unavailableRefusal(30));
    }
  });

  it('may refuse in our words by a promise of another realm', async () => {
    const error = new HankoTokenError('token_key_unknown', 'no such key');

    await expect(verifyBy(() => Foreign.reject(error))).rejects.toBe(error);
  });
});

describe('a known token is not served', () => {
  const isHit = (): boolean =>
    verifier.verify(
      token,
      provider(() => key),
    ) instanceof HankoUser;

  beforeEach(() => verifyBy(() => key));

  it.each<{ name: string; make: () => unknown }>([
    {
      name: 'a secret for HMAC',
      make: () =>
        webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']),
    },
    {
      name: 'a private key',
      make: () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        return importKey(privateKey.export({ format: 'jwk' }), RS256, ['sign']);
      },
    },
    { name: 'a key for RS512', make: () => importKey(jwk, { ...RS256, hash: 'SHA-512' }) },
    { name: 'a key for PSS', make: () => importKey(jwk, { ...RS256, name: 'RSA-PSS' }) },
    { name: 'a key that may not verify', make: () => importKey(jwk, RS256, []) },
    {
      name: 'a key of 1024 bits',
      make: () => {
        const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
        return importKey(publicKey.export({ format: 'jwk' }));
      },
    },
    {
      name: 'a key of a curve',
      make: () => {
        const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
        return importKey(publicKey.export({ format: 'jwk' }), algorithm);
      },
    },
    {
      name: 'a KeyObject',
      make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
    },
    {
      name: 'what looks like a key',
      make: () => ({ type: 'public', algorithm: key.algorithm, usages: ['verify'] }),
    },
    { name: 'a JWK', make: () => jwk },
    { name: 'text', make: () => 'key' },
    { name: 'true', make: () => true },
  ])('where the provider gives $name: the app is at fault', async ({ make }) => {
    const wrong = await make();

    for (const give of [() => wrong, () => Promise.resolve(wrong), () => Foreign.resolve(wrong)]) {
      expect(
        await cryptoDuring(async () =>
          expect(await refused(verifier, token, provider(give))).toEqual(unavailableRefusal(30)),
        ),
      ).toBe(0);
    }
    expect(isHit()).toBe(true);
  });

  it.each([undefined, null])('where the provider gives %s: the key is unknown', async (nothing) => {
    for (const give of [() => nothing, () => Foreign.resolve(nothing)]) {
      expect(await refused(verifier, token, provider(give))).toEqual(
        tokenRefusal('token_key_unknown'),
      );
    }
    expect(isHit()).toBe(false);
  });

  it.each([
    {
      name: 'throws',
      fail: () => {
        throw new Error(token);
      },
    },
    { name: 'rejects', fail: () => Promise.reject(new Error(token)) },
    {
      name: 'gives what cannot be looked at',
      fail: () =>
        thenable({
          get() {
            throw new Error(token);
          },
        }),
    },
  ])('where the provider $name: it cannot be told', async ({ fail }) => {
    expect(await refused(verifier, token, provider(fail))).toEqual(unavailableRefusal(30));
    expect(isHit()).toBe(true);
  });
});

describe('a verification that breaks off', () => {
  it('accepts nobody, is not remembered, and does not stay', async () => {
    const fault = new Error('the platform failed');
    const verify = vi.spyOn(webcrypto.subtle, 'verify').mockRejectedValueOnce(fault);
    const burst = await Promise.allSettled(Array.from({ length: 4 }, () => verifyBy(() => key)));
    verify.mockRestore();

    expect(burst.map((outcome) => 'reason' in outcome && (outcome.reason as unknown))).toEqual([
      fault,
      fault,
      fault,
      fault,
    ]);
    expect(await cryptoDuring(() => verifyBy(() => key))).toBe(1);
    expect(await cryptoDuring(() => verifyBy(() => key))).toBe(0);
  });
});
