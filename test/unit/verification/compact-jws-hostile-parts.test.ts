import { randomUUID } from 'node:crypto';
import { HankoTokenError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { createService, refusalOf, tokenRefusal } from '../../support/verifier.js';
import {
  useHostileKeys,
  ID,
  verify,
  clock,
  hanko,
  claims,
  NOW_SECONDS,
  SESSION_ID,
  judge,
  refusedByKey,
  refusedUnread,
  key,
  headerText,
  encode,
  signParts,
  claimsText,
  signPayload,
} from '../../support/hostile-tokens.js';

useHostileKeys();

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
