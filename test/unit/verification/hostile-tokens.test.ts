import { Logger } from '@nestjs/common';
import { HankoTokenError } from 'nestjs-hanko';
import { FakeHanko, FORGERIES, type Forgery } from 'fake-hanko';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createService,
  leaksOf,
  refusalOf,
  type TokenCode,
  tokenRefusal,
  unavailableRefusal,
} from '../../support/verifier.js';
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
} from '../../support/hostile-tokens.js';

useHostileKeys();

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
