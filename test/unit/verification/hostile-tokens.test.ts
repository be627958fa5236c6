import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { type HankoModuleOptions, HankoTokenError, HankoUser } from 'nestjs-hanko';
import { FakeHanko, FORGERIES, type Forgery, type PublicJwk } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SigningKey } from '../../../fake-hanko/src/tokens/keys.js';
import {
  createService,
  leaksOf,
  type Refusal,
  refusalOf,
  TestClock,
  type TokenCode,
  tokenRefusal,
  unavailableRefusal,
} from '../../support/verifier.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const NOW_SECONDS = NOW / 1000;
const clock = new TestClock(NOW);

let hanko: FakeHanko;
/** A second genuine key of the server, at hand here: it can sign any header text. */
let key: SigningKey;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: clock.now });
  key = await SigningKey.generate(2048);
  hanko.setJwks({ keys: [...hanko.jwks().keys, key.publicJwk] });
});

afterAll(() => hanko.stop());

const ID = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
const SESSION_ID = '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10';

const claims = (changes: object = {}): Record<string, unknown> => ({
  sub: ID,
  session_id: SESSION_ID,
  iat: NOW_SECONDS - 60,
  exp: NOW_SECONDS + 3600,
  aud: ['localhost'],
  ...changes,
});

/** The claims with one member replaced by raw JSON text; undefined leaves it out. */
const claimsText = (name: string, json: string | undefined): string => {
  const { [name]: _, ...others } = claims();
  const text = JSON.stringify(others);
  return json === undefined ? text : `${text.slice(0, -1)},"${name}":${json}}`;
};

const headerText = (): string => `{"alg":"RS256","kid":"${key.kid}","typ":"JWT"}`;

const encode = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url');

/** Signs the two parts as they stand, whatever they are, so that only their form can be at fault. */
const signParts = async (header: string, payload: string): Promise<string> =>
  `${header}.${payload}.${encode(await key.sign(`${header}.${payload}`))}`;

const signHeader = (header: string | Uint8Array): Promise<string> =>
  signParts(encode(header), encode(JSON.stringify(claims())));

const signPayload = (payload: string | Uint8Array): Promise<string> => hanko.sign({ payload });

/** Verified by a service that has fetched nothing yet. */
async function verify(token: unknown, options: HankoModuleOptions = {}): Promise<HankoUser> {
  const { service } = await createService({ apiUrl: hanko.url, now: clock.now, ...options });
  return service.verifyToken(token as string);
}

/** The refusal and how many fetches of the JWKS it cost. */
async function judge(
  token: string,
  options: HankoModuleOptions = {},
): Promise<Refusal & { fetches: number }> {
  const before = hanko.countRequests();
  const refusal = await refusalOf(verify(token, options), token);
  return { ...refusal, fetches: hanko.countRequests() - before };
}

const refusedUnread = (code: TokenCode): object => ({ ...tokenRefusal(code), fetches: 0 });
const refusedByKey = (code: TokenCode, fetches = 1): object => ({ ...tokenRefusal(code), fetches });

it('the search for leaks finds one', () => {
  const token = `${'header'.repeat(9)}.${'payload'.repeat(9)}.${'signature'.repeat(9)}`;

  expect(leaksOf(new HankoTokenError('token_malformed', 'It is malformed'), token)).toEqual([]);
  expect(leaksOf(new HankoTokenError('token_malformed', token.slice(60, 80)), token)).toEqual([
    'reason',
    'json',
    'inspected',
  ]);
});

describe('a forgery', () => {
  const malformed = refusedUnread('token_malformed');
  const algorithm = refusedUnread('token_algorithm_not_allowed');
  const signature = refusedByKey('token_signature_invalid');
  const keyUnknown = refusedByKey('token_key_unknown');

  const refusals: Readonly<Record<Forgery, object>> = {
    'alg-none': malformed,
    'hs256-public-key': algorithm,
    'hs256-public-key-der': algorithm,
    rs384: algorithm,
    rs512: algorithm,
    ps256: algorithm,
    es256: algorithm,
    'other-key-same-kid': signature,
    'unknown-kid': keyUnknown,
    'no-kid': malformed,
    'embedded-jwk': signature,
    jku: keyUnknown,
    x5u: keyUnknown,
    x5c: signature,
    crit: malformed,
    zip: malformed,
    'changed-payload': signature,
    'changed-header': signature,
    'truncated-signature': signature,
    'empty-signature': malformed,
  };

  it.each(FORGERIES)('is refused: %s', async (forgery) => {
    expect(await judge(await hanko.forgedToken(forgery))).toEqual(refusals[forgery]);
  });

  it.each(FORGERIES)('is refused at pinned keys too: %s', async (forgery) => {
    const token = await hanko.forgedToken(forgery);
    const { service } = await createService({ jwks: hanko.jwks(), now: clock.now });

    await expect(service.verifyToken(token)).rejects.toThrow(HankoTokenError);
  });
});

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

describe('the form of a token', () => {
  const good = (): Promise<string> =>
    signParts(encode(headerText()), encode(JSON.stringify(claims())));

  const parts = async (): Promise<[string, string, string]> =>
    (await good()).split('.') as [string, string, string];

  /** The same bytes, written with an unused low bit of the last character set. */
  const withTrailingBit = (part: string): string => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet[alphabet.indexOf(part.at(-1) as string) + 1] as string;
    const other = part.slice(0, -1) + last;
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(part, 'base64url'));
    return other;
  };

  /** JSON text with white space, so that its encoding has unused bits. */
  const padded = (json: string, remainder: 1 | 2): string => {
    let text = json;
    while (Buffer.byteLength(text) % 3 !== remainder) text += ' ';
    return encode(text);
  };

  it('is good to begin with', async () => {
    await expect(verify(await good())).resolves.toMatchObject({ id: ID });
  });

  it.each([
    { name: 'header, 4 unused bits', remainder: 1 as const, at: 'header' },
    { name: 'header, 2 unused bits', remainder: 2 as const, at: 'header' },
    { name: 'payload, 4 unused bits', remainder: 1 as const, at: 'payload' },
    { name: 'payload, 2 unused bits', remainder: 2 as const, at: 'payload' },
  ])('is canonical, or it is refused though signed: $name', async ({ remainder, at }) => {
    const header = padded(headerText(), remainder);
    const payload = padded(JSON.stringify(claims()), remainder);
    await expect(verify(await signParts(header, payload))).resolves.toMatchObject({ id: ID });

    const token = await (at === 'header'
      ? signParts(withTrailingBit(header), payload)
      : signParts(header, withTrailingBit(payload)));

    expect(await judge(token)).toEqual(refusedUnread('token_malformed'));
  });

  it('is canonical, or it is refused though signed: signature', async () => {
    const [header, payload, signature] = await parts();

    expect(await judge(`${header}.${payload}.${withTrailingBit(signature)}`)).toEqual(
      refusedUnread('token_malformed'),
    );
  });

  it('is base64url, not base64', async () => {
    const json = JSON.stringify(claims({ x: '\u00FB\u00FF\u{10FFFF}>>>???~~~' }));
    const base64 = Buffer.from(json).toString('base64').replaceAll('=', '');
    expect(base64).toMatch(/[+/]/);
    const token = await signParts(encode(headerText()), base64);

    expect(await judge(token)).toEqual(refusedUnread('token_malformed'));
  });

  type Parts = readonly [header: string, payload: string, signature: string];

  it.each<{ name: string; change: (token: string, parts: Parts) => string }>([
    { name: 'padded signature', change: (token) => `${token}==` },
    { name: 'a padded header', change: (_, [h, p, s]) => `${h}==.${p}.${s}` },
    { name: 'a padded payload', change: (_, [h, p, s]) => `${h}.${p}=.${s}` },
    { name: 'a space before it', change: (token) => ` ${token}` },
    { name: 'a space after it', change: (token) => `${token} ` },
    { name: 'a newline after it', change: (token) => `${token}\n` },
    { name: 'CRLF after it', change: (token) => `${token}\r\n` },
    { name: 'a tab inside', change: (_, [h, p, s]) => `${h}.\t${p}.${s}` },
    { name: 'newlines inside', change: (_, [h, p, s]) => `${h}\n.${p}\n.${s}` },
    { name: 'a NUL after it', change: (token) => `${token}\0` },
    { name: 'a no-break space', change: (token) => `${token}\u00A0` },
    { name: 'a zero-width space', change: (token) => `\u200B${token}` },
    { name: 'a full-width letter', change: (token) => token.replace('e', '\uFF45') },
    { name: 'quotes', change: (token) => `"${token}"` },
    { name: 'the scheme before it', change: (token) => `Bearer ${token}` },
    { name: 'per cent encoding', change: (_, [h, p, s]) => `${h}%2E${p}%2E${s}` },
    { name: 'a plus', change: (_, [h, p, s]) => `${h}.${p}.+${s.slice(1)}` },
    { name: 'a slash', change: (_, [h, p, s]) => `${h}.${p}./${s.slice(1)}` },
    { name: 'a part of 4n+1 characters', change: (_, [h, p, s]) => `${h}.${p}.${s.slice(0, 5)}` },
    { name: 'one part', change: (_, [h]) => h },
    { name: 'two parts', change: (_, [h, p]) => `${h}.${p}` },
    { name: 'four parts', change: (token, [h]) => `${token}.${h}` },
    { name: 'five parts', change: (token, [h, p]) => `${token}.${h}.${p}` },
    { name: 'a dot after it', change: (token) => `${token}.` },
    { name: 'a dot before it', change: (token) => `.${token}` },
    { name: 'an empty header', change: (_, [, p, s]) => `.${p}.${s}` },
    { name: 'an empty payload', change: (_, [h, , s]) => `${h}..${s}` },
    { name: 'an empty signature', change: (_, [h, p]) => `${h}.${p}.` },
    { name: 'nothing', change: () => '' },
    { name: 'a dot', change: () => '.' },
    { name: 'two dots', change: () => '..' },
    { name: 'three dots', change: () => '...' },
    { name: 'the word null', change: () => 'null' },
    { name: 'a flattened JWS in JSON', change: (_, [h, p, s]) => JSON.stringify({ h, p, s }) },
    {
      name: 'a JWE',
      change: (_, [, p, s]) =>
        `${encode('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.${s}.${p}.${s}.${p}`,
    },
  ])('is three parts of base64url and nothing else: $name', async ({ change }) => {
    const token = change(await good(), await parts());

    expect(await judge(token)).toEqual(refusedUnread('token_malformed'));
  });

  it.each<{ name: string; input: (token: string) => unknown }>([
    { name: 'undefined', input: () => undefined },
    { name: 'null', input: () => null },
    { name: 'a number', input: () => 1 },
    { name: 'a bigint', input: () => 1n },
    { name: 'a boolean', input: () => true },
    { name: 'a symbol', input: () => Symbol('token') },
    { name: 'a function', input: (token) => () => token },
    { name: 'a list with the token', input: (token) => [token] },
    { name: 'a String object', input: (token) => Object(token) as unknown },
    { name: 'a Buffer', input: (token) => Buffer.from(token) },
    { name: 'an object that turns into it', input: (token) => ({ toString: () => token }) },
    { name: 'an object with its length', input: (token) => ({ length: token.length, 0: token }) },
  ])('is a string: $name', async ({ input }) => {
    const token = await good();

    expect(await refusalOf(verify(input(token)), token)).toEqual(tokenRefusal('token_malformed'));
  });

  it('cannot lose or change one character', async () => {
    const token = await good();
    const { service } = await createService({
      jwks: { keys: [key.publicJwk] },
      now: clock.now,
    });
    const isRefused = async (candidate: string): Promise<boolean> =>
      service.verifyToken(candidate).then(
        () => false,
        (error: unknown) => error instanceof HankoTokenError,
      );
    const survivors: number[] = [];
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      const shorter = token.slice(0, at) + token.slice(at + 1);
      if (!(await isRefused(changed)) || !(await isRefused(shorter))) survivors.push(at);
    }

    expect(survivors).toEqual([]);
  });
});

describe('the signature', () => {
  it.each<{ name: string; change: (signature: Buffer) => Uint8Array }>([
    { name: 'one byte short', change: (bytes) => bytes.subarray(0, -1) },
    { name: 'without its first byte', change: (bytes) => bytes.subarray(1) },
    { name: 'one byte', change: (bytes) => bytes.subarray(0, 1) },
    { name: 'a byte more', change: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]) },
    { name: 'a zero byte before it', change: (bytes) => Buffer.concat([Buffer.alloc(1), bytes]) },
    { name: 'twice', change: (bytes) => Buffer.concat([bytes, bytes]) },
    { name: 'zeros', change: (bytes) => Buffer.alloc(bytes.length) },
    { name: 'one', change: (bytes) => Buffer.alloc(bytes.length).fill(1, bytes.length - 1) },
    { name: 'ones', change: (bytes) => Buffer.alloc(bytes.length, 255) },
    { name: 'reversed', change: (bytes) => Buffer.from(bytes).toReversed() },
  ])('is refused: $name', async ({ change }) => {
    const token = await hanko.token();
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const changed = change(Buffer.from(signature, 'base64url'));

    expect(await judge(`${header}.${payload}.${encode(changed)}`)).toEqual(
      refusedByKey('token_signature_invalid'),
    );
  });

  it('of another good token is refused', async () => {
    const [one, other] = await Promise.all([hanko.token(), hanko.token()]);
    const token = one.slice(0, one.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));

    expect(await judge(token)).toEqual(refusedByKey('token_signature_invalid'));
  });
});

describe('the payload', () => {
  it.each([
    { name: 'a list', payload: '[]' },
    { name: 'a list with claims', payload: `[${JSON.stringify(claims())}]` },
    { name: 'text', payload: '"text"' },
    { name: 'a number', payload: '42' },
    { name: 'null', payload: 'null' },
    { name: 'a boolean', payload: 'true' },
    { name: 'no JSON', payload: 'hello' },
    { name: 'cut off', payload: JSON.stringify(claims()).slice(0, -1) },
    { name: 'followed by more', payload: `${JSON.stringify(claims())}{}` },
    { name: 'with single quotes', payload: JSON.stringify(claims()).replaceAll('"', "'") },
    { name: 'with a trailing comma', payload: JSON.stringify(claims()).replace(/}$/, ',}') },
    { name: 'a NUL after it', payload: `${JSON.stringify(claims())}\0` },
    { name: 'white space', payload: ' ' },
    { name: '5,000 lists deep', payload: '['.repeat(5_000) + ']'.repeat(5_000), max: 65_536 },
    { name: '5,000 lists, never closed', payload: '['.repeat(5_000), max: 65_536 },
  ])('is a JSON object: $name', async ({ payload, max = 8_192 }) => {
    expect(await judge(await signPayload(payload), { maxTokenBytes: max })).toEqual(
      refusedUnread('token_malformed'),
    );
  });

  it.each([
    { name: 'a byte order mark', bytes: Buffer.from(`\uFEFF${JSON.stringify(claims())}`) },
    { name: 'UTF-16', bytes: Buffer.from(JSON.stringify(claims()), 'utf16le') },
    {
      name: 'invalid UTF-8',
      bytes: Buffer.from(JSON.stringify(claims({ x: '\xFF' })), 'latin1'),
    },
    {
      name: 'a surrogate in UTF-8',
      bytes: Buffer.from(JSON.stringify(claims({ x: '\xED\xA0\x80' })), 'latin1'),
    },
  ])('is UTF-8 without a mark: $name', async ({ bytes }) => {
    expect(await judge(await signPayload(bytes))).toEqual(refusedUnread('token_malformed'));
  });

  it.each([5_000, 100_000])('may be %i lists deep if it is genuine', async (depth) => {
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    const token = await signPayload(claimsText('deep', deep));

    await expect(verify(token, { maxTokenBytes: 1_048_576 })).resolves.toMatchObject({ id: ID });
  });

  it('of any depth costs a forger a plain refusal', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const token = `${(await signPayload(claimsText('deep', deep))).slice(0, -342)}${'A'.repeat(342)}`;

    expect(await judge(token, { maxTokenBytes: 1_048_576 })).toEqual(
      refusedByKey('token_signature_invalid'),
    );
  });

  it.each([
    { name: 'sub', first: randomUUID(), last: ID },
    { name: 'session_id', first: 'hanko webhooks', last: SESSION_ID },
    { name: 'exp', first: 1, last: NOW_SECONDS + 3600 },
  ])('counts a claim that is twice as its last value: $name', async ({ name, first, last }) => {
    const text = `{"${name}":${JSON.stringify(first)},${JSON.stringify(claims({ [name]: last })).slice(1)}`;

    const user = await verify(await signPayload(text));

    expect(user).toMatchObject({ id: ID, sessionId: SESSION_ID, claims: { [name]: last } });
  });

  it.each([
    { name: 'sub', json: '"hanko webhooks"', code: 'token_not_a_session' as const },
    { name: 'exp', json: '1', code: 'token_expired' as const },
    { name: 'iat', json: 'null', code: 'token_claims_invalid' as const },
  ])('that is bad at last is refused: $name', async ({ name, json, code }) => {
    const text = `${JSON.stringify(claims()).slice(0, -1)},"${name}":${json}}`;

    expect(await judge(await signPayload(text))).toEqual(refusedUnread(code));
  });

  it('takes no claim from a prototype', async () => {
    const token = await signPayload(`{"__proto__":${JSON.stringify(claims())}}`);

    expect(await judge(token)).toEqual(refusedUnread('token_not_a_session'));
  });

  it('leaves prototypes alone', async () => {
    const text = claimsText('__proto__', '{"polluted":true}');

    const user = await verify(await signPayload(text));

    expect(user.id).toBe(ID);
    expect({}).not.toHaveProperty('polluted');
    expect(Object.getPrototypeOf(user.claims)).toBe(Object.prototype);
  });
});

describe.each(['exp', 'iat', 'nbf'])('the claim %s', (claim) => {
  it.each([
    { name: 'text', json: `"${NOW_SECONDS}"` },
    { name: 'null', json: 'null' },
    { name: 'a boolean', json: 'true' },
    { name: 'a list', json: `[${NOW_SECONDS}]` },
    { name: 'an object', json: '{}' },
    { name: 'a fraction', json: `${NOW_SECONDS}.5` },
    { name: '1.5', json: '1.5' },
    { name: 'tiny', json: '1e-7' },
    { name: 'huge', json: '1e308' },
    { name: 'negatively huge', json: '-1e308' },
    { name: 'infinite once it is read', json: '1e400' },
    { name: 'a second more than a Date can hold', json: '8640000000001' },
    { name: 'a second less than a Date can hold', json: '-8640000000001' },
  ])('is whole seconds that a Date can hold: $name', async ({ json }) => {
    expect(await judge(await signPayload(claimsText(claim, json)))).toEqual(
      refusedUnread('token_claims_invalid'),
    );
  });

  it.each(['NaN', 'Infinity', '-Infinity', '0x10', '+1', '01', '1_000', '.5', '1.', '1n'])(
    'is a JSON number: %s',
    async (json) => {
      expect(await judge(await signPayload(claimsText(claim, json)))).toEqual(
        refusedUnread('token_malformed'),
      );
    },
  );
});

describe('the times of a token', () => {
  it.each(['exp', 'iat'])('are required: %s', async (name) => {
    expect(await judge(await signPayload(claimsText(name, undefined)))).toEqual(
      refusedUnread('token_claims_invalid'),
    );
  });

  it.each([
    { name: 'exp in the last second of a Date', claim: 'exp', json: '8640000000000' },
    { name: 'exp written as a float', claim: 'exp', json: `${NOW_SECONDS + 60}.0` },
    { name: 'exp with an exponent', claim: 'exp', json: '2e9' },
    { name: 'iat before 1970', claim: 'iat', json: '-1' },
    { name: 'iat of minus zero', claim: 'iat', json: '-0' },
    { name: 'nbf before 1970', claim: 'nbf', json: '-1' },
    { name: 'no nbf', claim: 'nbf', json: undefined },
  ])('are accepted: $name', async ({ claim, json }) => {
    const user = await verify(await signPayload(claimsText(claim, json)));

    expect(user.expiresAt.getTime()).not.toBeNaN();
    expect(user.authenticatedAt.getTime()).not.toBeNaN();
  });

  it.each([
    { name: 'before 1970', exp: -1 },
    { name: 'in 1970', exp: 0 },
    { name: 'in 1970, by exponent', exp: 1e3 },
    { name: 'milliseconds would be now', exp: NOW_SECONDS / 1000 },
    { name: 'a minute ago', exp: NOW_SECONDS - 60 },
  ])('say that it has expired: $name', async ({ exp }) => {
    const token = await signPayload(JSON.stringify(claims({ exp: Math.trunc(exp) })));

    expect(await judge(token)).toEqual(refusedUnread('token_expired'));
  });

  it.each([0, 5, 300])('end at exp plus a tolerance of %i s, to the millisecond', async (s) => {
    const exp = NOW_SECONDS + 3600;
    const token = await signPayload(JSON.stringify(claims({ exp })));
    const at = (ms: number): HankoModuleOptions => ({ clockToleranceSeconds: s, now: () => ms });

    await expect(verify(token, at((exp + s) * 1000 - 1))).resolves.toMatchObject({ id: ID });
    expect(await judge(token, at((exp + s) * 1000))).toEqual(refusedUnread('token_expired'));
  });

  it.each([
    { claim: 'iat', tolerance: 0 },
    { claim: 'iat', tolerance: 5 },
    { claim: 'iat', tolerance: 300 },
    { claim: 'nbf', tolerance: 0 },
    { claim: 'nbf', tolerance: 5 },
    { claim: 'nbf', tolerance: 300 },
  ])('begin at $claim minus a tolerance of $tolerance s', async ({ claim, tolerance }) => {
    const begin = NOW_SECONDS + 1000;
    const token = await signPayload(JSON.stringify(claims({ [claim]: begin })));
    const at = (ms: number): HankoModuleOptions => ({
      clockToleranceSeconds: tolerance,
      now: () => ms,
    });

    await expect(verify(token, at((begin - tolerance) * 1000))).resolves.toMatchObject({ id: ID });
    expect(await judge(token, at((begin - tolerance) * 1000 - 1))).toEqual(
      refusedUnread('token_not_yet_valid'),
    );
  });

  it.each([
    { name: 'iat', times: { iat: NOW_SECONDS + 60, nbf: NOW_SECONDS - 60 } },
    { name: 'nbf', times: { iat: NOW_SECONDS - 60, nbf: NOW_SECONDS + 60 } },
  ])('do not make up for each other: $name in the future', async ({ times }) => {
    const token = await signPayload(JSON.stringify(claims(times)));

    expect(await judge(token)).toEqual(refusedUnread('token_not_yet_valid'));
  });

  it('refuse a token that is both expired and not yet valid', async () => {
    const token = await signPayload(
      JSON.stringify(claims({ exp: NOW_SECONDS - 60, nbf: NOW_SECONDS + 60 })),
    );

    expect(await judge(token)).toEqual(refusedUnread('token_expired'));
  });

  it.each([NaN, -Infinity, undefined])('fail closed if the clock says %s', async (now) => {
    const token = await signPayload(JSON.stringify(claims()));

    await expect(verify(token, { now: () => now as number })).rejects.toThrow(HankoTokenError);
  });
});

describe('the audience', () => {
  it.each([
    { name: 'a number', json: '1' },
    { name: 'a boolean', json: 'true' },
    { name: 'null', json: 'null' },
    { name: 'an object', json: '{"0":"localhost","length":1}' },
    { name: 'a list of numbers', json: '[1]' },
    { name: 'a list with null', json: '[null]' },
    { name: 'a list that also holds a number', json: '["localhost",1]' },
    { name: 'a list of lists', json: '[["localhost"]]' },
  ])('is text or a list of texts: $name', async ({ json }) => {
    const token = await signPayload(claimsText('aud', json));

    for (const audience of ['localhost', null]) {
      expect(await judge(token, { audience })).toEqual(refusedUnread('token_claims_invalid'));
    }
  });

  it.each([
    { name: 'missing', json: undefined },
    { name: 'an empty list', json: '[]' },
    { name: 'empty text', json: '""' },
    { name: 'a list with empty text', json: '[""]' },
    { name: 'another', json: '"other"' },
    { name: 'others', json: '["other","LOCALHOST"]' },
    { name: 'a part of it', json: '"local"' },
    { name: 'more than it', json: '"localhost.evil.test"' },
    { name: 'white space around it', json: '" localhost "' },
  ])('is checked where it is configured, else not: $name', async ({ json }) => {
    const token = await signPayload(claimsText('aud', json));

    expect(await judge(token, { audience: ['localhost', 'app.example.test'] })).toEqual(
      refusedUnread('token_audience_mismatch'),
    );
    await expect(verify(token, { audience: null })).resolves.toMatchObject({ id: ID });
  });

  it.each([
    { name: 'text', json: '"localhost"' },
    { name: 'a list', json: '["localhost"]' },
    { name: 'one of a list', json: '["other","","localhost"]' },
  ])('matches: $name', async ({ json }) => {
    const token = await signPayload(claimsText('aud', json));

    await expect(verify(token, { audience: ['x', 'localhost'] })).resolves.toMatchObject({
      id: ID,
    });
  });
});

describe('the issuer', () => {
  const issuer = 'https://login.example.test';

  it.each([
    { name: 'missing', json: undefined },
    { name: 'null', json: 'null' },
    { name: 'a number', json: '1' },
    { name: 'a list of it', json: JSON.stringify([issuer]) },
    { name: 'empty', json: '""' },
    { name: 'another', json: '"https://evil.test"' },
    { name: 'with a slash more', json: JSON.stringify(`${issuer}/`) },
  ])('is checked where it is configured, else not: $name', async ({ json }) => {
    const token = await signPayload(claimsText('iss', json));

    expect(await judge(token, { issuer })).toEqual(refusedUnread('token_issuer_mismatch'));
    await expect(verify(token)).resolves.toMatchObject({ id: ID });
  });
});

describe('the kind of a token', () => {
  const NO_UUIDS: readonly (readonly [name: string, json: string | undefined])[] = [
    ['missing', undefined],
    ['null', 'null'],
    ['a number', '1'],
    ['a boolean', 'true'],
    ['empty', '""'],
    ['text', '"ada@example.test"'],
    ["a webhook's", '"hanko webhooks"'],
    ['a list with a UUID', `["${ID}"]`],
    ['an object', `{"id":"${ID}"}`],
    ['a UUID without hyphens', `"${ID.replaceAll('-', '')}"`],
    ['a UUID in braces', `"{${ID}}"`],
    ['a UUID as URN', `"urn:uuid:${ID}"`],
    ['a UUID and a newline', `"${ID}\\n"`],
    ['a UUID after a newline', `"\\n${ID}"`],
    ['a UUID and a NUL', `"${ID}\\u0000"`],
    ['a UUID and white space', `"${ID} "`],
    ['two UUIDs', `"${ID}${ID}"`],
    ['a UUID that is one short', `"${ID.slice(1)}"`],
    ['a letter that is no digit', `"g${ID.slice(1)}"`],
    ['a full-width digit', `"\uFF10${ID.slice(1)}"`],
  ];

  it.each(NO_UUIDS)('is no session: sub %s', async (_, json) => {
    expect(await judge(await signPayload(claimsText('sub', json)))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it.each(NO_UUIDS)('is no session: session_id %s', async (_, json) => {
    expect(await judge(await signPayload(claimsText('session_id', json)))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it('is no session: a webhook token', async () => {
    const token = await hanko.webhookToken('user.create', { id: ID });

    expect(await judge(token)).toEqual(refusedUnread('token_not_a_session'));
  });

  it('is no session: a webhook token with the session_id of somebody', async () => {
    const payload = claims({ sub: 'hanko webhooks', evt: 'user.login', data: {} });

    expect(await judge(await hanko.sign({ payload }))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it('is no session: a webhook token with the sub of somebody', async () => {
    const { session_id: _, ...payload } = claims({ evt: 'user.login', data: {} });

    expect(await judge(await hanko.sign({ payload }))).toEqual(
      refusedUnread('token_not_a_session'),
    );
  });

  it('is a session though a template sets evt and data', async () => {
    const payload = claims({ evt: 'user.delete', data: { id: randomUUID() } });

    await expect(verify(await hanko.sign({ payload }))).resolves.toMatchObject({
      id: ID,
      sessionId: SESSION_ID,
      claims: { evt: 'user.delete' },
    });
  });
});

describe('the size of a token', () => {
  /** A genuine token of exactly this many characters. */
  async function tokenOfLength(length: number): Promise<string> {
    for (const typ of ['JWT', 'JWT ', 'JWT  ']) {
      const empty = await hanko.sign({ header: { typ }, payload: claims({ pad: '' }) });
      const about = Math.floor(((length - empty.length) * 3) / 4);
      for (const bytes of [about - 2, about - 1, about, about + 1, about + 2]) {
        const payload = claims({ pad: 'x'.repeat(bytes) });
        const token = await hanko.sign({ header: { typ }, payload });
        if (token.length === length) return token;
      }
    }
    throw new Error(`No token has ${length} characters`);
  }

  it.each([1_024, 8_192, 8_193, 1_048_576])(
    'may be exactly maxTokenBytes: %i',
    async (maxTokenBytes) => {
      const token = await tokenOfLength(maxTokenBytes);

      await expect(verify(token, { maxTokenBytes })).resolves.toMatchObject({ id: ID });
    },
  );

  it.each([1_025, 8_193, 8_194, 1_048_576])('may not be one more: %i', async (length) => {
    const token = await tokenOfLength(length);

    expect(await judge(token, { maxTokenBytes: length - 1 })).toEqual(
      refusedUnread('token_too_large'),
    );
  });

  it('is 8,192 bytes at most by default', async () => {
    await expect(verify(await tokenOfLength(8_192))).resolves.toMatchObject({ id: ID });
    expect(await judge(await tokenOfLength(8_193))).toEqual(refusedUnread('token_too_large'));
  });

  it.each([
    { name: 'a genuine token', make: () => tokenOfLength(1_048_576) },
    { name: 'letters', make: async () => 'A'.repeat(2 ** 20) },
    { name: 'dots', make: async () => '.'.repeat(2 ** 20) },
    { name: 'spaces', make: async () => ' '.repeat(2 ** 20) },
  ])('of a mebibyte is refused unread: $name', async ({ make }) => {
    expect(await judge(await make())).toEqual(refusedUnread('token_too_large'));
  });

  it.each([
    { name: 'letters', make: () => 'A'.repeat(2 ** 20) },
    { name: 'dots', make: () => '.'.repeat(2 ** 20) },
    { name: 'parts', make: () => 'AA.'.repeat(2 ** 20 / 4) },
    { name: 'almost a token', make: () => `${'A'.repeat(2 ** 19)}.${'A'.repeat(2 ** 18)}.!` },
  ])('that is allowed is refused by its form: $name', async ({ make }) => {
    expect(await judge(make(), { maxTokenBytes: 1_048_576 })).toEqual(
      refusedUnread('token_malformed'),
    );
  });
});

describe('while Hanko is down', () => {
  const audience = 'app.example.test';
  const issuer = 'https://login.example.test';
  let down: FakeHanko;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    down = await FakeHanko.start({ now: clock.now, audience, issuer });
    await down.fault('refuse');
  });

  it.each<{ code: TokenCode; make: () => Promise<string> }>([
    { code: 'token_malformed', make: async () => 'garbage' },
    { code: 'token_too_large', make: async () => 'A'.repeat(8_193) },
    { code: 'token_algorithm_not_allowed', make: () => down.forgedToken('hs256-public-key') },
    { code: 'token_not_a_session', make: () => down.webhookToken('user.create', {}) },
    { code: 'token_claims_invalid', make: () => down.sign({ payload: claims({ exp: '1' }) }) },
    { code: 'token_expired', make: () => down.expiredToken() },
    { code: 'token_not_yet_valid', make: () => down.token({ ageSeconds: -3600 }) },
    { code: 'token_audience_mismatch', make: () => down.token({ audience: 'other' }) },
    { code: 'token_issuer_mismatch', make: () => down.token({ issuer: 'other' }) },
  ])('a token that no key can save is still 401: $code', async ({ code, make }) => {
    const token = await make();
    const options = { apiUrl: down.url, audience, issuer };

    expect(await refusalOf(verify(token, options), token)).toEqual(tokenRefusal(code));
  });

  it('any other token is 503', async () => {
    const token = await down.token();

    expect(await refusalOf(verify(token, { apiUrl: down.url, audience, issuer }), token)).toEqual(
      unavailableRefusal(1),
    );
  });
});
