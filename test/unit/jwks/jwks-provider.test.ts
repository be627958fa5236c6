import { generateKeyPairSync, webcrypto } from 'node:crypto';
import {
  type HankoAuthService,
  HankoTokenError,
  HankoUnavailableError,
  type JwksProvider,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CryptoKey } from '../../support/jwks.js';
import {
  createService,
  refusalOf,
  tokenRefusal,
  unavailableRefusal,
} from '../../support/verifier.js';

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const SECRET = 'https://user:secret@keys.internal';

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token({ email: 'ada@example.test' });
});

afterAll(() => hanko.stop());

const verifyWith = async (
  getKey: (kid: string) => unknown,
): ReturnType<HankoAuthService['verifyToken']> => {
  const { service } = await createService({ jwks: { getKey } as JwksProvider });
  return service.verifyToken(token);
};

const importKey = (
  jwk: webcrypto.JsonWebKey,
  algorithm: webcrypto.RsaHashedImportParams = RS256,
  usages: webcrypto.KeyUsage[] = ['verify'],
): Promise<webcrypto.CryptoKey> => webcrypto.subtle.importKey('jwk', jwk, algorithm, false, usages);

const bare = (): webcrypto.JsonWebKey => {
  const [{ n, e, kty } = expect.unreachable()] = hanko.jwks().keys;
  return { n, e, kty };
};

describe("the app's own keys", () => {
  it.each([
    { name: 'at once', wrap: (key: webcrypto.CryptoKey) => key },
    { name: 'in a promise', wrap: (key: webcrypto.CryptoKey) => Promise.resolve(key) },
  ])('verify a token, given $name', async ({ wrap }) => {
    const key = await importKey(bare());
    const kids: string[] = [];

    const user = await verifyWith((kid) => {
      kids.push(kid);
      return wrap(key);
    });

    expect(user.email?.address).toBe('ada@example.test');
    expect(kids).toEqual([hanko.signingKid]);
  });

  it('refuse a token that another key has signed', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = await importKey(publicKey.export({ format: 'jwk' }));

    expect(
      await refusalOf(
        verifyWith(() => key),
        token,
      ),
    ).toEqual(tokenRefusal('token_signature_invalid'));
  });

  it.each([
    { name: 'undefined', found: undefined },
    { name: 'null', found: null },
    { name: 'a promise of undefined', found: Promise.resolve(undefined) },
  ])('are unknown where the provider gives $name', async ({ found }) => {
    expect(
      await refusalOf(
        verifyWith(() => found),
        token,
      ),
    ).toEqual(tokenRefusal('token_key_unknown'));
  });

  it.each([
    { name: 'an error', thrown: new Error(SECRET) },
    {
      name: 'an error with a code of ours',
      thrown: Object.assign(new Error(SECRET), { code: 'token_key_unknown' }),
    },
    { name: 'text', thrown: SECRET },
    { name: 'undefined', thrown: undefined },
    { name: 'null', thrown: null },
  ])('cannot be told where the provider throws $name, and why stays inside', async ({ thrown }) => {
    const fail = (): never => {
      throw thrown;
    };
    const failLater = (): Promise<never> => Promise.reject(thrown);

    for (const getKey of [fail, failLater]) {
      expect(await refusalOf(verifyWith(getKey), SECRET)).toEqual(unavailableRefusal(30));
    }
  });

  it.each([
    new HankoTokenError('token_key_unknown', 'no such key'),
    new HankoUnavailableError('not now', 7),
  ])('may be refused in our own words: $code', async (error) => {
    await expect(
      verifyWith(() => {
        throw error;
      }),
    ).rejects.toBe(error);
  });

  it.each<{ name: string; make: () => unknown }>([
    { name: 'for RS512', make: () => importKey(bare(), { ...RS256, hash: 'SHA-512' }) },
    { name: 'for PSS', make: () => importKey(bare(), { ...RS256, name: 'RSA-PSS' }) },
    {
      name: 'for encryption',
      make: () => importKey(bare(), { ...RS256, name: 'RSA-OAEP' }, ['encrypt']),
    },
    {
      name: 'a private one',
      make: () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        return importKey(privateKey.export({ format: 'jwk' }), RS256, ['sign']);
      },
    },
    {
      name: 'of 1024 bits',
      make: () => {
        const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
        return importKey(publicKey.export({ format: 'jwk' }));
      },
    },
    {
      name: 'a secret for HMAC',
      make: () =>
        webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']),
    },
    { name: 'bytes', make: () => new Uint8Array(256) },
    { name: 'text', make: () => 'key' },
    { name: 'a number', make: () => 1 },
    { name: 'an empty object', make: () => ({}) },
  ])(
    "are the app's fault, not the caller's, where one is no RS256 key: $name",
    async ({ make }) => {
      const key = await make();

      expect(
        await refusalOf(
          verifyWith(() => key),
          token,
        ),
      ).toEqual(unavailableRefusal(30));
    },
  );

  it('are not asked for by a token that is refused without them', async () => {
    let asked = 0;
    const { service } = await createService({
      jwks: {
        getKey: () => {
          asked += 1;
          return undefined;
        },
      },
    });

    for (const forgery of ['alg-none', 'hs256-public-key', 'no-kid', 'crit'] as const) {
      const forged = await hanko.forgedToken(forgery);
      await expect(service.verifyToken(forged)).rejects.toThrow(HankoTokenError);
    }
    await expect(service.verifyToken(await hanko.expiredToken())).rejects.toThrow(HankoTokenError);

    expect(asked).toBe(0);
  });
});

describe('pinned keys', () => {
  it('need no network and no apiUrl', async () => {
    const { service, jwks } = await createService({ jwks: hanko.jwks() });
    hanko.clearRequests();

    await expect(service.verifyToken(token)).resolves.toBeDefined();

    expect(jwks.getKey(hanko.signingKid)).toBeInstanceOf(CryptoKey);
    expect(hanko.requests).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'toString', ''])(
    'are not members of every object: %j',
    async (kid) => {
      const { jwks } = await createService({ jwks: hanko.jwks() });

      expect(jwks.getKey(kid)).toBeUndefined();
    },
  );
});
