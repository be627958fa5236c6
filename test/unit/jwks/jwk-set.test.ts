import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CryptoKey } from '../../support/jwks.js';
import { tokenRefusal, unavailableRefusal } from '../../support/verifier.js';
import {
  observer,
  hanko,
  a,
  b,
  clock,
  createJwks,
  createWarmJwks,
  refused,
  useFakeHankoKeys,
} from '../../support/remote-jwks.js';

useFakeHankoKeys();

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
    // To find such a key takes seconds, and nobody signs with it: any odd number has its form.
    const n = Buffer.alloc(512, 0xa5).toString('base64url');
    hanko.setJwks({ keys: [{ ...rsa(2048), n, kid: 'a' }] });

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
