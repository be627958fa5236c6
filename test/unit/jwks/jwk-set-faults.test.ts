import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importKeys, parseJwkSet } from '../../../lib/jwks/jwk-set.js';
import { CryptoKey } from '../../support/jwks.js';
import { encode } from '../../support/cause-of.js';

describe('a JWK Set', () => {
  /** A number of as many bits, all set; the platform imports it as it would a modulus. */
  const ones = (bits: number): string =>
    encode(Buffer.from(((1n << BigInt(bits)) - 1n).toString(16).padStart(514, '0'), 'hex'));
  const number = (value: bigint): string => {
    const hex = value.toString(16);
    return encode(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));
  };
  const jwk = (changes: object = {}): Record<string, unknown> => ({
    kty: 'RSA',
    use: 'sig',
    kid: 'k',
    n: ones(2048),
    e: 'AQAB',
    ...changes,
  });

  it.each<{ fault: string; members: readonly unknown[] }>([
    { fault: 'is not an object', members: [null, 1, 'k', [jwk()], undefined] },
    { fault: '"kty" is not "RSA"', members: [jwk({ kty: 'EC' }), jwk({ kty: undefined }), {}] },
    { fault: '"use" is not "sig"', members: [jwk({ use: 'enc' }), jwk({ use: '' })] },
    { fault: '"alg" is not "RS256"', members: [jwk({ alg: 'RS512' }), jwk({ alg: null })] },
    {
      fault: '"key_ops" does not include "verify"',
      members: [[], ['sign'], 'verify', null].map((key_ops) => jwk({ key_ops })),
    },
    {
      fault: '"kid" is missing, by which tokens name their key',
      members: [undefined, '', 1].map((kid) => jwk({ kid })),
    },
    {
      fault: '"n" is not base64url',
      members: [undefined, '', 1, `${ones(2048)}=`, ` ${ones(2048)}`, `+${ones(2048)}`].map((n) =>
        jwk({ n }),
      ),
    },
    {
      fault: '"e" is not base64url',
      members: [undefined, '', 65537, 'AQAB=', ' AQAB', 'A+AB'].map((e) => jwk({ e })),
    },
    {
      fault: 'the modulus has less than 2048 bits',
      members: [2047, 1024, 0].map((bits) => jwk({ n: ones(bits) })),
    },
    {
      fault: 'the exponent is even or less than 65537',
      members: [1n, 3n, 65_535n, 65_536n, 65_538n, (1n << 256n) + 1n].map((e) =>
        jwk({ e: number(e) }),
      ),
    },
  ])('says of a member: $fault', ({ fault, members }) => {
    expect(parseJwkSet({ keys: members })).toEqual({
      usable: [],
      faults: members.map((_, index) => ({ index, fault })),
    });
  });

  it.each<{ name: string; changes: object }>([
    { name: 'of 2048 bits', changes: {} },
    { name: 'of 2049 bits', changes: { n: ones(2049) } },
    { name: 'for RS256', changes: { alg: 'RS256' } },
    { name: 'to verify', changes: { key_ops: ['verify'] } },
    { name: 'with the exponent 65537', changes: { e: number(65_537n) } },
    { name: 'with the exponent 65539', changes: { e: number(65_539n) } },
    { name: 'with an exponent of 256 bits', changes: { e: number((1n << 256n) - 1n) } },
    { name: 'with a zero before its exponent', changes: { e: 'AAEAAQ' } },
  ])('may hold a key $name, of which only the public members go on', ({ changes }) => {
    const { kid, n, e } = jwk(changes);

    expect(parseJwkSet({ keys: [{ ...jwk(changes), d: 'AQAB' }] })).toEqual({
      usable: [{ kid, n, e }],
      faults: [],
    });
  });

  it.each([null, undefined, 1, 'keys', [], [jwk()], {}, { keys: null }, { keys: {} }])(
    'is not: %j',
    (value) => {
      expect(parseJwkSet(value)).toBeNull();
    },
  );

  it('keeps a key that is known unchanged, and only such a one', async () => {
    const make = (kid: string) => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const { n, e } = publicKey.export({ format: 'jwk' }) as { n: string; e: string };
      return { kid, n, e };
    };
    const [a, b] = [make('a'), make('b')];

    const known = await importKeys([a, b]);
    const next = await importKeys([a, { ...b, n: a.n }, { ...a, kid: 'c' }], known);
    const otherExponent = await importKeys([{ ...a, e: 'AQAD' }], known);

    expect([...known.keys()]).toEqual(['a', 'b']);
    expect(known.get('a')).toMatchObject(a);
    expect(known.get('a')?.key).toBeInstanceOf(CryptoKey);
    expect(known.get('a')?.key.algorithm).toMatchObject({
      name: 'RSASSA-PKCS1-v1_5',
      hash: { name: 'SHA-256' },
    });
    expect(known.get('a')?.key.usages).toEqual(['verify']);
    expect(next.get('a')).toBe(known.get('a'));
    expect(next.get('b')).toMatchObject({ ...b, n: a.n });
    expect(next.get('c')?.key).not.toBe(known.get('a')?.key);
    expect(otherExponent.get('a')).toMatchObject({ e: 'AQAD' });
  });

  it('leaves out a key that the platform refuses', async () => {
    const known = await importKeys([{ kid: 'bad', n: ones(2048), e: 'AQAB' }]);
    // Node refuses no number; another platform may.
    const refused = { kid: 'bad', n: undefined as never, e: 'AQAB' };

    expect([...(await importKeys([refused], known))]).toEqual([]);
  });
});
