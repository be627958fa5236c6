import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { type HankoModuleOptions, HankoTokenError, type JwkSet } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordedTokens } from '../../support/recordings.js';
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
import { recordedDeliveries, verifyWebhook } from '../../support/webhook-verifier.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const NOW_SECONDS = NOW / 1000;
const KID = 'a-second-key';
const clock = new TestClock(NOW);
/** A second genuine key of the server, at hand here: it can sign anything, in any way. */
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const forger = generateKeyPairSync('rsa', { modulusLength: 2048 });

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: clock.now });
  const { n, e } = publicKey.export({ format: 'jwk' }) as { n: string; e: string };
  const own = { kty: 'RSA', kid: KID, alg: 'RS256', use: 'sig', n, e } as const;
  hanko.setJwks({ keys: [...hanko.jwks().keys, own] });
});

afterAll(() => hanko.stop());

const DATA = { id: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33', list: [1, null, { deep: true }] };

const claims = (changes: object = {}): Record<string, unknown> => ({
  sub: 'hanko webhooks',
  aud: ['localhost'],
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
  evt: 'user.create',
  data: DATA,
  ...changes,
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const unsigned = (header: object = {}, changes: object = {}): string =>
  `${encode({ alg: 'RS256', kid: KID, typ: 'JWT', ...header })}.${encode(claims(changes))}`;

const signed = (text: string, hash = 'sha256', key = privateKey): string =>
  `${text}.${sign(hash, Buffer.from(text), key).toString('base64url')}`;

/** Genuinely signed, so that only its claims can be at fault. */
const claiming = (changes: object): string => signed(unsigned({}, changes));

const verify = (token: string, options: HankoModuleOptions = {}, maxBytes?: number) =>
  verifyWebhook(token, { apiUrl: hanko.url, now: clock.now, ...options }, maxBytes);

/** The refusal and how many fetches of the JWKS it cost. */
async function judge(
  token: string,
  options: HankoModuleOptions = {},
  maxBytes?: number,
): Promise<Refusal & { fetches: number }> {
  const before = hanko.countRequests();
  const refusal = await refusalOf(verify(token, options, maxBytes), token);
  return { ...refusal, fetches: hanko.countRequests() - before };
}

const refusedUnread = (code: TokenCode): object => ({ ...tokenRefusal(code), fetches: 0 });
const refusedByKey = (code: TokenCode): object => ({ ...tokenRefusal(code), fetches: 1 });

const invalid = refusedUnread('token_claims_invalid');

describe('a delivery of a real Hanko', () => {
  const recordings = [
    { server: 'v3.0.4', folder: 'v3.0.4-defaults', file: 'v3.0.4-defaults/webhooks-database' },
    { server: 'main', folder: 'main-configured', file: 'main-configured/webhooks-config' },
  ].map((row) => ({ ...row, deliveries: recordedDeliveries(row.file) }));
  const rows = recordings.flatMap(({ server, folder, deliveries }) =>
    deliveries.map((delivery, at) => ({
      ...delivery,
      name: `${server}, ${at}: ${delivery.body.event}`,
      jwks: recordedTokens(folder).jwks,
    })),
  );

  it.each(rows)('is its event: $name', async ({ body, decoded, takenAt, jwks }) => {
    const { iat, data } = decoded.payload;

    const event = await verifyWebhook(body.token, { jwks, now: () => Date.parse(takenAt) });

    expect(event).toEqual({ name: body.event, data, issuedAt: new Date(iat * 1000) });
    expect(event.data).toHaveProperty('id');
  });

  it.each(rows)('is refused without its key: $name', async ({ body, takenAt }) => {
    const others = hanko.jwks() as JwkSet;

    expect(
      await refusalOf(
        verifyWebhook(body.token, { jwks: others, now: () => Date.parse(takenAt) }),
        body.token,
      ),
    ).toEqual(tokenRefusal('token_key_unknown'));
  });

  it('none is forgotten here', () => {
    expect(recordings.map(({ deliveries }) => deliveries.length)).toEqual([3, 14]);
  });

  it('needs no issuer where one is configured, and its audience where that is', async () => {
    const { jwks } = recordedTokens('main-configured');
    const [first] = recordedDeliveries('main-configured/webhooks-config');
    const { token } = first?.body ?? { token: '' };
    const options = { jwks, now: () => Date.parse(first?.takenAt ?? '') };

    await expect(
      verifyWebhook(token, {
        ...options,
        issuer: 'https://login.example.test',
        audience: 'api.example.test',
      }),
    ).resolves.toMatchObject({ name: 'user.create' });
    expect(
      await refusalOf(verifyWebhook(token, { ...options, audience: 'other.test' }), token),
    ).toEqual(tokenRefusal('token_audience_mismatch'));
  });
});

describe('the two kinds of tokens', () => {
  const SESSION_CLAIMS = { evt: 'user.delete', data: DATA, aud: 'localhost' };

  it('are good where they belong', async () => {
    const { service } = await createService({ apiUrl: hanko.url, now: clock.now });

    await expect(service.verifyToken(await hanko.token())).resolves.toHaveProperty('id');
    await expect(verify(await hanko.webhookToken('user.create', DATA))).resolves.toEqual({
      name: 'user.create',
      data: DATA,
      issuedAt: new Date(NOW),
    });
  });

  it.each([
    { name: 'as it is', claims: {} },
    { name: 'with claims of a webhook by a JWT template', claims: SESSION_CLAIMS },
    { name: 'with a sub by a JWT template', claims: { ...SESSION_CLAIMS, sub: 'hanko webhooks' } },
  ])('a session is no webhook: $name', async ({ claims: template }) => {
    const token = await hanko.token({ claims: template, lifespanSeconds: 300 });

    expect(await judge(token)).toEqual(invalid);
  });

  it('a webhook is no session', async () => {
    const { service } = await createService({ apiUrl: hanko.url, now: clock.now });
    const token = await hanko.webhookToken('user.create', DATA);

    expect(await refusalOf(service.verifyToken(token), token)).toEqual(
      tokenRefusal('token_not_a_session'),
    );
  });

  it.each([
    '',
    'hanko webhook',
    'hanko webhooks ',
    'Hanko Webhooks',
    'hanko  webhooks',
    DATA.id,
    null,
    undefined,
    true,
    ['hanko webhooks'],
    { toString: 'hanko webhooks' },
  ])('a webhook has the sub claim of webhooks, not %j', async (sub) => {
    expect(await judge(claiming({ sub }))).toEqual(invalid);
  });
});

describe('the name of an event', () => {
  it.each([undefined, null, '', 0, true, ['user.create'], { name: 'user.create' }])(
    'is a text, not %j',
    async (evt) => {
      expect(await judge(claiming({ evt }))).toEqual(invalid);
    },
  );

  it.each(['user.update.custom_claims', 'of.a.later.version', ' ', 'USER.CREATE'])(
    'may be one that nobody knows yet: %j',
    async (evt) => {
      await expect(verify(claiming({ evt }))).resolves.toMatchObject({ name: evt, data: DATA });
    },
  );
});

describe('what the event is about', () => {
  it.each([[null], [0], ['text'], [[1, 2]], [{}], [{ deep: [{ deeper: null }] }]])(
    'comes as it was signed: %j',
    async (data) => {
      await expect(verify(claiming({ data }))).resolves.toMatchObject({ data });
    },
  );

  it('may be nothing', async () => {
    expect((await verify(claiming({ data: undefined }))).data).toBeUndefined();
  });
});

describe('the life of a webhook token', () => {
  it.each([
    { name: 'iat missing', changes: { iat: undefined } },
    { name: 'exp missing', changes: { exp: undefined } },
    { name: 'both missing', changes: { iat: undefined, exp: undefined } },
    { name: 'iat null', changes: { iat: null } },
    { name: 'exp null', changes: { exp: null } },
    { name: 'iat as text', changes: { iat: String(NOW_SECONDS) } },
    { name: 'exp as text', changes: { exp: String(NOW_SECONDS + 300) } },
    { name: 'iat with a fraction', changes: { iat: NOW_SECONDS + 0.5 } },
    { name: 'exp with a fraction', changes: { exp: NOW_SECONDS + 299.5 } },
    { name: 'iat in a list', changes: { iat: [NOW_SECONDS] } },
    { name: 'exp in a list', changes: { exp: [NOW_SECONDS + 300] } },
  ])('is in whole seconds: $name', async ({ changes }) => {
    expect(await judge(claiming(changes))).toEqual(invalid);
  });

  it.each([301, 3_600, 1e15])('is 300 s at most, not %d s', async (seconds) => {
    expect(await judge(claiming({ exp: NOW_SECONDS + seconds }))).toEqual(invalid);
    expect(await judge(claiming({ iat: NOW_SECONDS - seconds, exp: NOW_SECONDS }))).toEqual(
      invalid,
    );
  });

  it.each([0, 1, 299, 300])('may be %d s', async (seconds) => {
    await expect(verify(claiming({ exp: NOW_SECONDS + seconds }))).resolves.toMatchObject({
      issuedAt: new Date(NOW),
    });
  });

  it.each([0, 5, 300])(
    'ends exactly at exp plus 30 s and a tolerance of %i s',
    async (clockToleranceSeconds) => {
      const token = claiming({});
      const end = NOW + (300 + 30 + clockToleranceSeconds) * 1000;
      const at = (now: number): HankoModuleOptions => ({ clockToleranceSeconds, now: () => now });

      await expect(verify(token, at(end - 1))).resolves.toHaveProperty('name');
      expect(await judge(token, at(end))).toEqual(refusedUnread('token_expired'));
    },
  );

  it.each([0, 5, 300])(
    'begins exactly at iat minus 30 s and a tolerance of %i s',
    async (clockToleranceSeconds) => {
      const token = claiming({});
      const begin = NOW - (30 + clockToleranceSeconds) * 1000;
      const at = (now: number): HankoModuleOptions => ({ clockToleranceSeconds, now: () => now });

      await expect(verify(token, at(begin))).resolves.toHaveProperty('name');
      expect(await judge(token, at(begin - 1))).toEqual(refusedUnread('token_not_yet_valid'));
    },
  );
});

describe('the audience', () => {
  it.each<{ name: string; aud: unknown; audience: string | string[] | null }>([
    { name: 'the one', aud: ['a.test'], audience: 'a.test' },
    { name: 'as text', aud: 'a.test', audience: 'a.test' },
    { name: 'one of several in the token', aud: ['b.test', 'a.test'], audience: 'a.test' },
    { name: 'one of several options', aud: ['a.test'], audience: ['b.test', 'a.test'] },
    { name: 'unchecked on purpose', aud: ['b.test'], audience: null },
    { name: 'unchecked and missing', aud: undefined, audience: null },
  ])('lets pass: $name', async ({ aud, audience }) => {
    await expect(verify(claiming({ aud }), { audience })).resolves.toHaveProperty('name');
  });

  it.each<{ name: string; aud: unknown; audience: string | string[] }>([
    { name: 'another', aud: ['b.test'], audience: 'a.test' },
    { name: 'several others', aud: ['b.test', 'c.test'], audience: ['a.test', 'd.test'] },
    { name: 'a prefix', aud: ['a.test.evil'], audience: 'a.test' },
    { name: 'another case', aud: ['A.test'], audience: 'a.test' },
    { name: 'an empty list', aud: [], audience: 'a.test' },
    { name: 'none', aud: undefined, audience: 'a.test' },
  ])('refuses: $name', async ({ aud, audience }) => {
    expect(await judge(claiming({ aud }), { audience })).toEqual(
      refusedUnread('token_audience_mismatch'),
    );
  });

  it.each<{ name: string; aud: unknown }>([
    { name: 'beside what is no text', aud: [1, null, 'a.test'] },
    { name: 'a list in the list', aud: [['a.test']] },
    { name: 'null', aud: null },
    { name: 'an object', aud: { 0: 'a.test', length: 1 } },
  ])(
    'is text or a list of texts, as in session tokens, else it is refused: $name',
    async ({ aud }) => {
      for (const audience of ['a.test', null]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await judge(claiming({ aud }), { audience })).toEqual(
          refusedUnread('token_claims_invalid'),
        );
      }
    },
  );
});

describe('the issuer', () => {
  it.each([undefined, 'https://other.test', 1])(
    'is not looked at, though one is configured: %j',
    async (iss) => {
      await expect(
        verify(claiming({ iss }), { issuer: 'https://login.example.test' }),
      ).resolves.toHaveProperty('name');
    },
  );
});

describe('a forgery', () => {
  const malformed = refusedUnread('token_malformed');
  const algorithm = refusedUnread('token_algorithm_not_allowed');
  const signature = refusedByKey('token_signature_invalid');

  const hmac = (text: string, secret: string | Buffer): string =>
    `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const der = publicKey.export({ type: 'spki', format: 'der' });

  it.each<{ name: string; token: () => string; refusal: object }>([
    { name: 'alg none', token: () => `${unsigned({ alg: 'none' })}.`, refusal: malformed },
    {
      name: 'alg none with a good signature',
      token: () => signed(unsigned({ alg: 'none' })),
      refusal: algorithm,
    },
    {
      name: 'HS256 by the public key',
      token: () => hmac(unsigned({ alg: 'HS256' }), pem),
      refusal: algorithm,
    },
    {
      name: 'HS256 by the public key in DER',
      token: () => hmac(unsigned({ alg: 'HS256' }), der),
      refusal: algorithm,
    },
    { name: 'HS256 called RS256', token: () => hmac(unsigned(), pem), refusal: signature },
    {
      name: 'RS384 by the right key',
      token: () => signed(unsigned({ alg: 'RS384' }), 'sha384'),
      refusal: algorithm,
    },
    { name: 'RS384 called RS256', token: () => signed(unsigned(), 'sha384'), refusal: signature },
    {
      name: 'another key, the same kid',
      token: () => signed(unsigned(), 'sha256', forger.privateKey),
      refusal: signature,
    },
    {
      name: 'another key, brought along',
      token: () =>
        signed(
          unsigned({ jwk: forger.publicKey.export({ format: 'jwk' }) }),
          'sha256',
          forger.privateKey,
        ),
      refusal: signature,
    },
    {
      name: 'another key, another kid',
      token: () => signed(unsigned({ kid: 'forged' }), 'sha256', forger.privateKey),
      refusal: refusedByKey('token_key_unknown'),
    },
    { name: 'no kid', token: () => signed(unsigned({ kid: undefined })), refusal: malformed },
    { name: 'crit', token: () => signed(unsigned({ crit: ['exp'] })), refusal: malformed },
    {
      name: 'the claims changed afterwards',
      token: () => {
        const [, , rest] = claiming({}).split('.');
        return `${unsigned({}, { evt: 'user.delete' })}.${rest}`;
      },
      refusal: signature,
    },
    {
      name: 'the header changed afterwards',
      token: () => {
        const [, , rest] = claiming({}).split('.');
        return `${unsigned({ typ: 'jwt' })}.${rest}`;
      },
      refusal: signature,
    },
    { name: 'no signature', token: () => `${unsigned()}.`, refusal: malformed },
    { name: 'an empty text', token: () => '', refusal: malformed },
  ])('is refused: $name', async ({ token, refusal }) => {
    expect(await judge(token())).toEqual(refusal);
  });

  it('is known by its signature only: what it says was read before', async () => {
    expect(await judge(signed(unsigned({}, { evt: '' }), 'sha256', forger.privateKey))).toEqual(
      invalid,
    );
  });
});

describe('the form of a token', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

  it('is canonical: the same bytes in another text are refused', async () => {
    const token = claiming({});
    const last = ALPHABET[ALPHABET.indexOf(token.at(-1) as string) + 1] as string;
    const other = token.slice(0, -1) + last;
    expect(Buffer.from(other.split('.')[2] ?? '', 'base64url')).toEqual(
      Buffer.from(token.split('.')[2] ?? '', 'base64url'),
    );

    expect(await judge(other)).toEqual(refusedUnread('token_malformed'));
  });

  it.each<{ name: string; change: (token: string) => string }>([
    { name: 'padding', change: (token) => `${token}==` },
    { name: 'a newline after it', change: (token) => `${token}\n` },
    { name: 'a space before it', change: (token) => ` ${token}` },
    { name: 'a fourth part', change: (token) => `${token}.e30` },
    { name: 'two parts', change: (token) => token.slice(0, token.lastIndexOf('.')) },
  ])('is three parts of base64url: $name', async ({ change }) => {
    expect(await judge(change(claiming({})))).toEqual(refusedUnread('token_malformed'));
  });

  it('may be as long as a body, and not longer', async () => {
    const token = claiming({ data: 'x'.repeat(20_000) });

    await expect(verify(token, {}, token.length)).resolves.toHaveProperty('name');
    expect(await judge(token, {}, token.length - 1)).toEqual(refusedUnread('token_too_large'));
  });

  it('may be longer than a session token may', async () => {
    const token = claiming({ data: 'x'.repeat(100_000) });

    await expect(verify(token, { maxTokenBytes: 1_024 })).resolves.toHaveProperty('name');
  });
});

describe('keys that cannot be had', () => {
  const SECRET = 'https://user:hunter2@login.example.test/jwks.json';

  it('are no fault of the delivery: the server is down', async () => {
    const token = claiming({});
    const refusal = await refusalOf(
      verify(token, { fetch: () => Promise.reject(new TypeError(SECRET)) }),
      SECRET,
    );

    expect(refusal).toMatchObject({ code: 'hanko_unavailable', status: 503, leaks: [] });
  });

  it.each<[string, () => never | Promise<never>]>([
    ['throws', () => thrown()],
    ['rejects', () => Promise.reject(new Error(SECRET))],
  ])('are no fault of the delivery: a provider %s', async (_, getKey) => {
    expect(await refusalOf(verify(claiming({}), { jwks: { getKey } }), SECRET)).toEqual(
      unavailableRefusal(30),
    );
  });

  it('are unknown where a provider knows none', async () => {
    expect(await refusalOf(verify(claiming({}), { jwks: { getKey: () => undefined } }))).toEqual(
      tokenRefusal('token_key_unknown'),
    );
  });

  function thrown(): never {
    throw new Error(SECRET);
  }
});

it('the search for leaks finds one', () => {
  const token = claiming({});

  expect(leaksOf(new HankoTokenError('token_expired', token.slice(60, 90)), token)).not.toEqual([]);
});
