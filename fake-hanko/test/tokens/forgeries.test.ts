import {
  constants,
  createHmac,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  verify,
  X509Certificate,
} from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { FakeHanko, FORGERIES, type Forgery } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJws, sendJson } from '../support/raw-http.js';

let hanko: FakeHanko;
let oldKid: string;
const shape = { username: 'ada', amr: ['pwd', 'totp'], claims: { role: 'admin' } };

beforeAll(async () => {
  hanko = await FakeHanko.start();
  oldKid = hanko.signingKid;
  await hanko.rotateKey();
});
afterAll(() => hanko.stop());

const verifyWithJose = (token: string) =>
  jwtVerify(token, createLocalJWKSet({ keys: [...hanko.jwks().keys] }), { algorithms: ['RS256'] });

/** `decodeJws`, which also reads what is compressed. */
function readForged(token: string): ReturnType<typeof decodeJws> {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { zip } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { zip?: string };
  if (zip === undefined) return decodeJws(token);
  const claims = inflateRawSync(Buffer.from(payload, 'base64url')).toString('base64url');
  return decodeJws([header, claims, signature].join('.'));
}

/** Why a verifier refuses it that takes RS256 only, by keys of the JWKS only. */
const REFUSED: Readonly<Record<Forgery, string>> = {
  'alg-none': 'ERR_JOSE_ALG_NOT_ALLOWED',
  'hs256-public-key': 'ERR_JOSE_ALG_NOT_ALLOWED',
  'hs256-public-key-der': 'ERR_JOSE_ALG_NOT_ALLOWED',
  rs384: 'ERR_JOSE_ALG_NOT_ALLOWED',
  rs512: 'ERR_JOSE_ALG_NOT_ALLOWED',
  ps256: 'ERR_JOSE_ALG_NOT_ALLOWED',
  es256: 'ERR_JOSE_ALG_NOT_ALLOWED',
  'other-key-same-kid': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'unknown-kid': 'ERR_JWKS_NO_MATCHING_KEY',
  // With more than one key published; where there is one, jose would take it.
  'no-kid': 'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
  'embedded-jwk': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  jku: 'ERR_JWKS_NO_MATCHING_KEY',
  x5u: 'ERR_JWKS_NO_MATCHING_KEY',
  x5c: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  crit: 'ERR_JOSE_NOT_SUPPORTED',
  zip: 'ERR_JWT_INVALID',
  'changed-payload': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'changed-header': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'truncated-signature': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'empty-signature': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
};

describe.each(FORGERIES)('the forgery %s', (how) => {
  it('is refused, while a good token of the same shape verifies', async () => {
    await expect(verifyWithJose(await hanko.forgedToken(how, shape))).rejects.toMatchObject({
      code: REFUSED[how],
    });
    const { payload } = await verifyWithJose(await hanko.token(shape));
    expect(payload).toMatchObject({ username: 'ada', amr: ['pwd', 'totp'], role: 'admin' });
  });

  it('says what the good one says, and its session lives', async () => {
    const good = decodeJws(await hanko.token(shape));
    const forged = readForged(await hanko.forgedToken(how, shape));
    const { sub: _sub, session_id, iat: _iat, exp: _exp, ...fixed } = forged.claims;
    expect(good.claims).toMatchObject(fixed);
    expect(Object.keys(forged.claims).toSorted()).toEqual(Object.keys(good.claims).toSorted());
    expect(hanko.sessions().map(({ id }) => id)).toContain(session_id);
  });

  it('can be made with an older key', async () => {
    const { header } = readForged(await hanko.forgedToken(how, { ...shape, kid: oldKid }));
    // Those by a key of the forger's have its kid, or none.
    const isOwn = ['unknown-kid', 'jku', 'x5u'].includes(how);
    expect(header.kid === oldKid).toBe(!isOwn && how !== 'no-kid');
    expect(header.kid).not.toBe(hanko.signingKid);
  });
});

describe('forgeries are real attacks: each would pass the verifier that it is aimed at', () => {
  const parts = async (how: Forgery) => {
    const token = await hanko.forgedToken(how, shape);
    const [header = '', payload = '', signature = ''] = token.split('.');
    return {
      header: readForged(token).header,
      input: Buffer.from(`${header}.${payload}`),
      signature: Buffer.from(signature, 'base64url'),
    };
  };
  const serverKey = (): KeyObject => {
    const jwk = hanko.jwks().keys.find(({ kid }) => kid === hanko.signingKid);
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  };

  it('alg-none, empty-signature: there is no signature', async () => {
    expect(await parts('alg-none')).toMatchObject({ header: { alg: 'none' } });
    for (const how of ['alg-none', 'empty-signature'] as const) {
      expect((await parts(how)).signature).toHaveLength(0);
    }
  });

  it.each([
    ['hs256-public-key', 'pem'],
    ['hs256-public-key-der', 'der'],
  ] as const)('%s: an HMAC by what everybody knows, in %s', async (how, format) => {
    const { header, input, signature } = await parts(how);
    expect(header.alg).toBe('HS256');
    const key = serverKey().export({ type: 'spki', format } as { type: 'spki'; format: 'der' });
    expect(createHmac('sha256', key).update(input).digest()).toEqual(signature);
  });

  it.each([
    ['rs384', 'RS384', 'RSA-SHA384', constants.RSA_PKCS1_PADDING],
    ['rs512', 'RS512', 'RSA-SHA512', constants.RSA_PKCS1_PADDING],
    ['ps256', 'PS256', 'RSA-SHA256', constants.RSA_PKCS1_PSS_PADDING],
    ['no-kid', 'RS256', 'RSA-SHA256', constants.RSA_PKCS1_PADDING],
    ['crit', 'RS256', 'RSA-SHA256', constants.RSA_PKCS1_PADDING],
    ['zip', 'RS256', 'RSA-SHA256', constants.RSA_PKCS1_PADDING],
  ] as const)("%s: the right key's, by %s", async (how, alg, hash, padding) => {
    const { header, input, signature } = await parts(how);
    expect(header.alg).toBe(alg);
    expect(verify(hash, input, { key: serverKey(), padding }, signature)).toBe(true);
  });

  it('embedded-jwk, x5c: the key that comes along', async () => {
    const byJwk = await parts('embedded-jwk');
    const jwk = createPublicKey({ key: byJwk.header.jwk as JsonWebKey, format: 'jwk' });
    expect(verify('RSA-SHA256', byJwk.input, jwk, byJwk.signature)).toBe(true);

    const byX5c = await parts('x5c');
    const [der = ''] = byX5c.header.x5c as readonly string[];
    const certificate = new X509Certificate(Buffer.from(der, 'base64'));
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(verify('RSA-SHA256', byX5c.input, certificate.publicKey, byX5c.signature)).toBe(true);
  });

  it('jku, x5u: whoever follows the address finds a key that fits, and is seen', async () => {
    const byJku = await parts('jku');
    const set = await fetch(String(byJku.header.jku)).then((answer) => answer.json());
    const [jwk] = (set as { keys: readonly JsonWebKey[] }).keys;
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    expect(verify('RSA-SHA256', byJku.input, key, byJku.signature)).toBe(true);

    const byX5u = await parts('x5u');
    const pem = await fetch(String(byX5u.header.x5u)).then((answer) => answer.text());
    const { publicKey } = new X509Certificate(pem);
    expect(verify('RSA-SHA256', byX5u.input, publicKey, byX5u.signature)).toBe(true);

    expect(hanko.countRequests('/forger/jwks.json')).toBe(1);
    expect(hanko.countRequests('/forger/certificate.pem')).toBe(1);
  });

  it('crit and no-kid: their header alone refuses them', async () => {
    expect((await parts('crit')).header.crit).toBeInstanceOf(Array);
    expect((await parts('no-kid')).header).not.toHaveProperty('kid');
  });

  it.each(['other-key-same-kid', 'changed-payload', 'changed-header', 'es256'] as const)(
    '%s: the form is that of a good one',
    async (how) => {
      const { header, signature } = await parts(how);
      expect(header.kid).toBe(hanko.signingKid);
      expect(signature).toHaveLength(how === 'es256' ? 64 : 256);
    },
  );
});

// `crit` aside: whether Hanko heeds it is not known.
it.each(FORGERIES.filter((how) => how !== 'crit'))('%s is no session to Hanko', async (how) => {
  const session_token = await hanko.forgedToken(how, shape);
  const answer = await sendJson('POST', `${hanko.url}/sessions/validate`, { session_token });
  expect(answer.body).toEqual({ is_valid: false });
});
