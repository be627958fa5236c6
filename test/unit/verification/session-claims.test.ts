import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { HankoAuthError, HankoUnavailableError, type JwksProvider } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importKeys, parseJwkSet } from '../../../lib/jwks/jwk-set.js';
import { decodeUnverifiedJws } from '../../../lib/verification/compact-jws.js';
import { checkedClaims } from '../../support/claims.js';
import { CryptoKey } from '../../support/jwks.js';
import { createService } from '../../support/verifier.js';

/** What an operator reads of a refusal: its code and its precise cause. */
function causeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return printed(error);
  }
  return expect.unreachable('it was accepted');
}

const printed = (error: unknown): string =>
  error instanceof HankoAuthError ? `${error.code}: ${error.reason}` : String(error);

const encode = (content: string | Uint8Array): string => Buffer.from(content).toString('base64url');
const token = (header: string, payload = '{}'): string =>
  `${encode(header)}.${encode(payload)}.${encode('s')}`;
const headed = (changes: object): string =>
  token(JSON.stringify({ alg: 'RS256', kid: 'k', ...changes }));

describe('the reason of a token refused by its form', () => {
  it.each<{ name: string; sent: unknown; cause: string }>([
    { name: 'no text', sent: 1, cause: 'it is not a string' },
    { name: 'no three parts', sent: 'a.b', cause: 'it is not three parts of canonical base64url' },
    { name: 'a header of no JSON', sent: token('{'), cause: 'its header is not JSON' },
    { name: 'a header of a list', sent: token('[]'), cause: 'its header is not a JSON object' },
    { name: 'a header of null', sent: token('null'), cause: 'its header is not a JSON object' },
    { name: 'a header of text', sent: token('"a"'), cause: 'its header is not a JSON object' },
    {
      name: 'crit',
      sent: headed({ crit: [] }),
      cause: 'its header has "crit", and no extension is supported',
    },
    { name: 'no kid', sent: headed({ kid: undefined }), cause: 'its header has no "kid"' },
    { name: 'an empty kid', sent: headed({ kid: '' }), cause: 'its header has no "kid"' },
    { name: 'a long kid', sent: headed({ kid: 'k'.repeat(513) }), cause: 'its "kid" is too long' },
    {
      name: 'a payload of no JSON',
      sent: token('{"alg":"RS256","kid":"k"}', '{'),
      cause: 'its payload is not JSON',
    },
    {
      name: 'a payload of a list',
      sent: token('{"alg":"RS256","kid":"k"}', '[]'),
      cause: 'its payload is not a JSON object',
    },
  ])('says that it has $name', ({ sent, cause }) => {
    expect(causeOf(() => decodeUnverifiedJws(sent, 4_096))).toBe(
      `token_malformed: The token is malformed: ${cause}`,
    );
  });

  it('says how much is too much', () => {
    expect(causeOf(() => decodeUnverifiedJws('a'.repeat(4_097), 4_096))).toBe(
      'token_too_large: The token has more than maxTokenBytes (4096) bytes',
    );
  });

  it('says that it has another algorithm', () => {
    expect(causeOf(() => decodeUnverifiedJws(headed({ alg: 'none' }), 4_096))).toBe(
      'token_algorithm_not_allowed: The alg header is not "RS256"',
    );
  });
});

it('a token may be as long as maxTokenBytes', () => {
  const sent = headed({});

  expect(decodeUnverifiedJws(sent, sent.length).kid).toBe('k');
});

it.each([
  { name: 'invalid UTF-8', payload: Buffer.from('{"a":"\xff"}', 'latin1') },
  { name: 'a byte order mark', payload: Buffer.from('\uFEFF{}') },
])('a payload with $name is not JSON', ({ payload }) => {
  const sent = headed({}).split('.').with(1, encode(payload)).join('.');

  expect(causeOf(() => decodeUnverifiedJws(sent, 4_096))).toContain('its payload is not JSON');
});

it('a kid may have 512 characters', () => {
  const kid = 'k'.repeat(512);

  expect(decodeUnverifiedJws(headed({ kid }), 4_096).kid).toBe(kid);
});

describe('claims', () => {
  const ID = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
  const NOW = 1_772_366_400;
  const held = { audience: ['a'], issuer: 'i', clockToleranceSeconds: 5, nowMs: NOW * 1000 };
  const claims = (changes: object): Record<string, unknown> => ({
    sub: ID,
    session_id: ID,
    iat: NOW - 60,
    exp: NOW + 60,
    aud: 'a',
    iss: 'i',
    ...changes,
  });

  it.each<{ changes: object; cause: string }>([
    { changes: { sub: 'hanko webhooks' }, cause: 'token_not_a_session: It is a webhook token' },
    { changes: { sub: 'ada' }, cause: 'token_not_a_session: The sub claim is not a UUID' },
    {
      changes: { session_id: undefined },
      cause:
        'token_not_a_session: The session_id claim is not a UUID (Hanko before 1.4.0 may leave it out)',
    },
    {
      changes: { exp: '1' },
      cause: 'token_claims_invalid: exp, iat or nbf is not a whole number of seconds',
    },
    {
      changes: { iat: 1.5 },
      cause: 'token_claims_invalid: exp, iat or nbf is not a whole number of seconds',
    },
    {
      changes: { nbf: null },
      cause: 'token_claims_invalid: exp, iat or nbf is not a whole number of seconds',
    },
    { changes: { exp: NOW - 7 }, cause: 'token_expired: The token expired 7 s ago' },
    {
      changes: { iat: NOW + 9 },
      cause: 'token_not_yet_valid: iat or nbf is 9 s in the future: check the clocks',
    },
    {
      changes: { nbf: NOW + 8 },
      cause: 'token_not_yet_valid: iat or nbf is 8 s in the future: check the clocks',
    },
    {
      changes: { iat: NOW + 9, nbf: NOW + 8 },
      cause: 'token_not_yet_valid: iat or nbf is 9 s in the future: check the clocks',
    },
    {
      changes: { aud: 1 },
      cause: 'token_claims_invalid: The aud claim is neither a string nor a list of strings',
    },
    {
      changes: { aud: ['a', 1] },
      cause: 'token_claims_invalid: The aud claim is neither a string nor a list of strings',
    },
    {
      changes: { aud: undefined },
      cause: 'token_audience_mismatch: The aud claim has no value of the option "audience"',
    },
    {
      changes: { iss: 'j' },
      cause: 'token_issuer_mismatch: The iss claim is not the option "issuer"',
    },
  ])('are refused with their reason: $changes', ({ changes, cause }) => {
    expect(causeOf(() => checkedClaims(claims(changes), held))).toBe(cause);
  });

  it.each([
    {
      name: 'expiry',
      changes: { exp: NOW - 5 },
      cause: 'token_expired: The token expired 5 s ago',
    },
    {
      name: 'start',
      changes: { iat: NOW + 6 },
      cause: 'token_not_yet_valid: iat or nbf is 5 s in the future: check the clocks',
    },
  ])('count whole seconds between two of them: $name', ({ changes, cause }) => {
    const nowMs = NOW * 1000 + 400;

    expect(causeOf(() => checkedClaims(claims(changes), { ...held, nowMs }))).toBe(
      changes.iat === undefined ? cause : cause.replace('5 s', '6 s'),
    );
  });

  it.each([
    { exp: NOW - 4 },
    { iat: NOW + 5 },
    { nbf: NOW + 5 },
    { exp: 8.64e12 },
    { iat: -8.64e12 },
  ])('pass at the very limit: %j', (changes) => {
    expect(checkedClaims(claims(changes), held)).toMatchObject(changes);
  });

  it.each([{ exp: 8.64e12 + 1 }, { iat: -8.64e12 - 1 }, { nbf: -8.64e12 - 1 }])(
    'are refused beyond what a Date can hold: %j',
    (changes) => {
      expect(causeOf(() => checkedClaims(claims(changes), held))).toContain(
        'whole number of seconds',
      );
    },
  );

  it.each([`${ID}0`, `0${ID}`, `${ID}\n`, [ID], ID.replaceAll('-', '')])(
    'are those of a session only with a UUID and nothing around it: %j',
    (id) => {
      for (const changes of [{ sub: id }, { session_id: id }]) {
        expect(causeOf(() => checkedClaims(claims(changes), held))).toContain('is not a UUID');
      }
    },
  );

  it('have expired at the very second of exp and tolerance', () => {
    const sent = claims({ exp: NOW - 5 });

    expect(causeOf(() => checkedClaims(sent, held))).toContain('token_expired');
    expect(checkedClaims(sent, { ...held, nowMs: held.nowMs - 1 })).toBe(sent);
  });

  it('are refused by a clock that is no number', () => {
    expect(causeOf(() => checkedClaims(claims({}), { ...held, nowMs: Number.NaN }))).toContain(
      'token_expired',
    );
  });
});

describe('the reason of a token refused by its key', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
  });
  afterAll(() => hanko.stop());

  const verifyWith = async (getKey: () => unknown): Promise<string> => {
    const { service } = await createService({ jwks: { getKey } as JwksProvider });
    return service.verifyToken(await hanko.token()).then(() => 'accepted', printed);
  };

  it('says what is wrong with it', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const other = await webcrypto.subtle.importKey(
      'jwk',
      publicKey.export({ format: 'jwk' }),
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    const fail = (): never => {
      throw new Error('https://keys.internal');
    };

    expect(await verifyWith(() => undefined)).toBe(
      'token_key_unknown: The kid header names no known key',
    );
    expect(await verifyWith(() => null)).toBe(
      'token_key_unknown: The kid header names no known key',
    );
    expect(await verifyWith(() => other)).toBe(
      'token_signature_invalid: The signature does not match the key',
    );
    expect(await verifyWith(fail)).toBe('hanko_unavailable: The JwksProvider failed');
    expect(await verifyWith(() => 'key')).toBe(
      'hanko_unavailable: The JwksProvider returned a key that is not an RS256 public key',
    );
    expect(
      await verifyWith(() => {
        throw new HankoUnavailableError('not now', 7);
      }),
    ).toBe('hanko_unavailable: not now');
  });
});

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
    { fault: '"use" is not "sig"', members: [jwk({ use: 'enc' }), jwk({ use: undefined })] },
    { fault: '"alg" is not "RS256"', members: [jwk({ alg: 'RS512' }), jwk({ alg: null })] },
    {
      fault: '"key_ops" does not include "verify"',
      members: [[], ['sign'], 'verify', null].map((key_ops) => jwk({ key_ops })),
    },
    { fault: '"kid" is missing', members: [undefined, '', 1].map((kid) => jwk({ kid })) },
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
