import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { SigningKey } from '../../../fake-hanko/src/tokens/keys.js';
import { apiUrl, failure, faults, resolve } from '../../support/options.js';

let key: SigningKey;
beforeAll(async () => {
  key = await SigningKey.generate(2048, 'a');
});

describe('jwks', () => {
  it('may be a set or a provider', () => {
    const set = { keys: [key.publicJwk] };
    const provider = { getKey: () => undefined };

    expect(resolve({ jwks: set }).jwks).toEqual(set);
    expect(resolve({ jwks: provider }).jwks).toBe(provider);
  });

  it('may be an instance of a class', () => {
    class Provider {
      getKey(): undefined {}
    }
    const provider = new Provider();

    expect(resolve({ jwks: provider }).jwks).toBe(provider);
  });

  it.each([null, 'https://login.example.com/jwks.json', 1, [], {}, { keys: {} }, { getKey: 1 }])(
    'is nothing else: %j',
    (jwks) => {
      const [fault, ...others] = faults({ apiUrl, jwks });

      expect(others).toEqual([]);
      expect(fault?.path).toBe('jwks');
      expect(fault?.hint).toMatch(/JWK Set.*JwksProvider.*getKey/);
    },
  );

  it('has a key at least', () => {
    expect(faults({ jwks: { keys: [] } })).toEqual([
      { path: 'jwks.keys', hint: 'must not be empty.' },
    ]);
  });

  it('has one key of a kid: of two, one would win in silence', () => {
    expect(faults({ jwks: { keys: [key.publicJwk, { ...key.publicJwk }] } })).toEqual([
      { path: 'jwks.keys', hint: 'must not have two keys with the same "kid".' },
    ]);
  });

  it('has usable keys only, and names each other one', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const keys = [
      key.publicJwk,
      null,
      { ...key.publicJwk, use: 'enc' },
      { ...weak.export({ format: 'jwk' }), use: 'sig', kid: 'weak' },
      { kty: 'oct', k: 's3cr3t', use: 'sig', kid: 'b' },
      { ...key.publicJwk, kid: undefined },
    ];

    expect(faults({ jwks: { keys } })).toEqual([
      { path: 'jwks.keys[1]', hint: 'is not an object.' },
      { path: 'jwks.keys[2]', hint: '"use" is not "sig".' },
      { path: 'jwks.keys[3]', hint: 'the modulus has less than 2048 bits.' },
      { path: 'jwks.keys[4]', hint: '"kty" is not "RSA".' },
      { path: 'jwks.keys[5]', hint: '"kid" is missing, by which tokens name their key.' },
    ]);
  });

  it('never shows a private member', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = privateKey.export({ format: 'jwk' });
    const { message } = failure({ jwks: { keys: [{ ...jwk, use: 'enc', kid: 'a' }] } });

    expect(message).not.toContain(jwk.d);
    expect(message).not.toContain(jwk.n);
  });

  it.each([
    ['jwksCacheSeconds', 600],
    ['jwksCooldownSeconds', 30],
    ['jwksTimeoutMs', 5_000],
    ['jwksMaxBytes', 262_144],
    ['jwksStaleIfErrorSeconds', 86_400],
  ])('and %s contradict each other', (name, value) => {
    for (const jwks of [{ keys: [key.publicJwk] }, { getKey: () => undefined }]) {
      expect(faults({ jwks, [name]: value })).toEqual([
        {
          path: name,
          hint: 'has no effect beside jwks, whose keys are not fetched: omit one of the two.',
        },
      ]);
    }
  });

  it('may stand beside apiUrl and every other option', () => {
    expect(() =>
      resolve({
        apiUrl,
        jwks: { keys: [key.publicJwk] },
        audience: 'a',
        issuer: 'i',
        cookieName: 'c',
        clockToleranceSeconds: 0,
        maxTokenBytes: 2_048,
        trustedOrigins: [],
        signatureCache: { maxEntries: 1 },
        session: 'online',
        validateTimeoutMs: 1_000,
        onUnavailable: 'accept',
        fetch: globalThis.fetch,
        now: Date.now,
      }),
    ).not.toThrow();
  });
});
