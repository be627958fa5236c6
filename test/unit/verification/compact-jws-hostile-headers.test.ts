import { type PublicJwk } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
import { createService, refusalOf, tokenRefusal } from '../../support/verifier.js';
import {
  useHostileKeys,
  ID,
  verify,
  clock,
  hanko,
  claims,
  judge,
  refusedByKey,
  refusedUnread,
  key,
  headerText,
  encode,
  signParts,
} from '../../support/hostile-tokens.js';

const signHeader = (header: string | Uint8Array): Promise<string> =>
  signParts(encode(header), encode(JSON.stringify(claims())));

useHostileKeys();

describe('the alg header', () => {
  it.each([
    undefined,
    null,
    '',
    'none',
    'None',
    'NONE',
    'nOnE',
    'HS256',
    'HS384',
    'RS384',
    'PS256',
    'ES256',
    'EdDSA',
    'RSA-OAEP',
    'rs256',
    'Rs256',
    'RS256 ',
    ' RS256',
    'RS256\u0000',
    256,
    true,
    ['RS256'],
    { alg: 'RS256' },
  ])('is refused unless it is RS256, though the signature is good: %j', async (alg) => {
    const token = await hanko.sign({ header: { alg }, payload: claims() });

    expect(await judge(token)).toEqual(refusedUnread('token_algorithm_not_allowed'));
  });

  it.each([
    { name: 'RS256, then none', json: '"alg":"RS256","alg":"none"' },
    { name: 'RS256, then HS256', json: '"alg":"RS256","alg":"HS256"' },
    { name: 'RS256, then none by escape', json: '"alg":"RS256","\\u0061lg":"none"' },
  ])('counts as its last value where it is twice: $name', async ({ json }) => {
    const token = await signHeader(`{${json},"kid":"${key.kid}"}`);

    expect(await judge(token)).toEqual(refusedUnread('token_algorithm_not_allowed'));
  });

  it('counts as its last value where it is twice: none, then RS256, by a genuine key', async () => {
    const token = await signHeader(`{"alg":"none","alg":"RS256","kid":"${key.kid}"}`);

    await expect(verify(token)).resolves.toMatchObject({ id: ID });
  });

  it('is not taken from a prototype', async () => {
    const token = await signHeader(`{"__proto__":{"alg":"RS256","kid":"${key.kid}"}}`);

    expect(await judge(token)).toEqual(refusedUnread('token_algorithm_not_allowed'));
  });
});

describe('a genuinely signed header', () => {
  it.each<{ name: string; header: object }>([
    { name: 'jwk', header: { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } } },
    { name: 'jku', header: { jku: 'https://evil.test/jwks.json' } },
    { name: 'x5u', header: { x5u: 'https://evil.test/key.pem' } },
    { name: 'x5c', header: { x5c: ['AAAA'] } },
    { name: 'x5t', header: { x5t: 'AAAA', 'x5t#S256': 'AAAA' } },
    { name: 'zip', header: { zip: 'DEF' } },
    { name: 'b64', header: { b64: false } },
    { name: 'cty', header: { cty: 'JWT' } },
    { name: 'another typ', header: { typ: 'at+jwt' } },
    { name: 'no typ', header: { typ: undefined } },
    { name: 'a typ that is no text', header: { typ: { a: 1 } } },
    { name: 'enc', header: { enc: 'A256GCM' } },
    { name: 'members of every object', header: { constructor: 1, toString: 2 } },
  ])('may hold what is not read: $name', async ({ header }) => {
    const urls: string[] = [];
    const token = await hanko.sign({ header: { ...header }, payload: claims() });

    const user = await verify(token, {
      fetch: (input, init) => {
        urls.push(input as string);
        return fetch(input, init);
      },
    });

    expect(user.id).toBe(ID);
    expect(urls).toEqual([`${hanko.url}/.well-known/jwks.json`]);
  });

  it.each([[['exp']], [['b64']], [[]], [null], [''], ['exp'], [false], [{}]])(
    'is refused with crit: %j',
    async (crit) => {
      const token = await hanko.sign({ header: { crit, exp: 1, b64: true }, payload: claims() });

      expect(await judge(token)).toEqual(refusedUnread('token_malformed'));
    },
  );

  it.each([
    { name: 'an array', header: '["RS256"]' },
    { name: 'text', header: '"RS256"' },
    { name: 'a number', header: '256' },
    { name: 'null', header: 'null' },
    { name: 'cut off', header: '{"alg":"RS256"' },
    { name: 'followed by more', header: '{"alg":"RS256"}{}' },
    { name: 'two documents', header: '{"alg":"RS256"} {"alg":"RS256"}' },
    { name: 'with a comment', header: '{"alg":"RS256"/**/}' },
    { name: 'with a trailing comma', header: '{"alg":"RS256",}' },
    { name: 'a NUL after it', header: '{"alg":"RS256"}\0' },
    { name: '5,000 arrays deep', header: '['.repeat(5_000) + ']'.repeat(5_000), max: 65_536 },
  ])('is refused if it is no JSON object: $name', async ({ header, max = 8_192 }) => {
    expect(await judge(await signHeader(header), { maxTokenBytes: max })).toEqual(
      refusedUnread('token_malformed'),
    );
  });

  it.each([
    { name: 'a byte order mark', bytes: () => Buffer.from(`\uFEFF${headerText()}`) },
    { name: 'UTF-16', bytes: () => Buffer.from(headerText(), 'utf16le') },
    {
      name: 'invalid UTF-8',
      bytes: () => Buffer.from(`${headerText().slice(0, -1)},"x":"\xFF"}`, 'latin1'),
    },
    {
      name: 'an overlong encoding',
      bytes: () => Buffer.from(`${headerText().slice(0, -1)},"x":"\xC0\xAE"}`, 'latin1'),
    },
  ])('is refused in another encoding: $name', async ({ bytes }) => {
    expect(await judge(await signHeader(bytes()))).toEqual(refusedUnread('token_malformed'));
  });

  it('may have white space around its JSON', async () => {
    await expect(verify(await signHeader(`\n ${headerText()} \t`))).resolves.toMatchObject({
      id: ID,
    });
  });
});

describe('the kid header', () => {
  it.each([
    { name: 'missing', kid: undefined },
    { name: 'null', kid: null },
    { name: 'empty', kid: '' },
    { name: 'a number', kid: 1 },
    { name: 'zero', kid: 0 },
    { name: 'a boolean', kid: true },
    { name: 'a list', kid: ['a'] },
    { name: 'an object', kid: { a: 1 } },
    { name: '600 characters', kid: 'k'.repeat(600) },
    { name: '513 characters', kid: 'k'.repeat(513) },
  ])('is refused before any key is looked up: $name', async ({ kid }) => {
    const token = await hanko.sign({ header: { kid }, payload: claims() });

    expect(await judge(token)).toEqual(refusedUnread('token_malformed'));
  });

  const STRANGE = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'size',
    'keys',
    '../../etc/passwd',
    'https://evil.test/jwks.json',
    "' OR 1=1 --",
    '%00',
    '\0',
    ' ',
    '\u{1F511}',
    '\uD800',
    'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'k'.repeat(512),
  ];

  it.each(STRANGE)('names no key: %j', async (kid) => {
    const token = await hanko.sign({ header: { kid }, payload: claims() });

    expect(await judge(token)).toEqual(refusedByKey('token_key_unknown'));
  });

  it.each(STRANGE)('names no pinned key: %j', async (kid) => {
    const token = await hanko.sign({ header: { kid }, payload: claims() });
    const { service } = await createService({ jwks: hanko.jwks(), now: clock.now });

    expect(await refusalOf(service.verifyToken(token), token)).toEqual(
      tokenRefusal('token_key_unknown'),
    );
  });

  it.each(STRANGE)('names the key that really has it: %j', async (kid) => {
    const token = await hanko.sign({ header: { kid }, payload: claims() });
    const jwk = hanko.jwks().keys.find(({ kid: id }) => id === hanko.signingKid) as PublicJwk;
    const { service } = await createService({
      jwks: { keys: [{ ...jwk, kid }] },
      now: clock.now,
    });

    await expect(service.verifyToken(token)).resolves.toMatchObject({ id: ID });
  });

  it('of another key of the same server is a bad signature', async () => {
    const token = await hanko.sign({ header: { kid: key.kid }, payload: claims() });

    expect(await judge(token)).toEqual(refusedByKey('token_signature_invalid'));
  });
});
