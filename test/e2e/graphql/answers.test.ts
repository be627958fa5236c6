import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeHanko } from 'fake-hanko';
import '../../support/to-be-refused.js';
import { bearer, cookie, recordChannel, type RunningApp } from '../../support/app.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import {
  codesOf,
  type Credential,
  over,
  overSocket,
  post,
  postBody,
  socketTo,
  WAYS,
} from '../../support/graphql-client.js';
import { hanko, token, userId, useGuardedHanko } from '../../support/guarded-app.js';
import { ran } from '../../support/graphql-notes.js';

useGuardedHanko();

const unauthenticated = (code: string, message: string) => ({
  code: 'UNAUTHENTICATED',
  originalError: { statusCode: 401, code, message },
});
const MISSING = unauthenticated('credentials_missing', 'Authentication is required');

describe.each(DRIVERS)('$name', (driver) => {
  let app: RunningApp;
  let expired: string;
  let passkey: string;
  let unverified: string;
  let foreign: string;
  beforeAll(async () => {
    app = await startGraphqlApp(driver);
    expired = await hanko.expiredToken();
    passkey = await hanko.token({ user: userId, amr: ['passkey'] });
    unverified = await hanko.token({ email: 'eve@example.test', emailVerified: false });
    foreign = await hanko.token({ audience: 'elsewhere' });
  });
  afterAll(() => app[Symbol.asyncDispose]());
  beforeEach(() => void ran.splice(0));

  describe.each(Object.entries(WAYS))('over %s', (way, ask) => {
    it.each<[string, () => Credential]>([
      ['bearer token', () => ({ headers: bearer(token) })],
      ['cookie', () => ({ headers: cookie(token) })],
    ])('knows a caller by a %s', async (_, credential) => {
      expect(await ask(app, '{ whoAmI sessionToken optional open }', credential())).toMatchObject({
        data: { whoAmI: userId, sessionToken: token, optional: userId, open: 'nobody' },
      });
      expect(await ask(app, 'mutation { rename(name: "x") }', credential())).toMatchObject({
        data: { rename: `x by ${userId}` },
      });
    });

    it('says in one form what is wrong with a credential', async () => {
      for (const [bad, code, message] of [
        ['garbage', 'token_malformed', 'The session token is malformed'],
        [expired, 'token_expired', 'The session token has expired'],
        [foreign, 'token_audience_mismatch', 'The session token is not meant for this service'],
        [
          `${token.slice(0, -8)}AAAAAAAA`,
          'token_signature_invalid',
          'The signature of the session token is invalid',
        ],
        ['x'.repeat(9000), 'token_too_large', 'The session token is too large'],
      ] as const) {
        const { errors, data } = await ask(app, '{ whoAmI }', { headers: bearer(bad) });
        expect(data).toEqual({ whoAmI: null });
        expect(errors).toEqual([
          expect.objectContaining({
            message,
            path: ['whoAmI'],
            extensions: unauthenticated(code, message),
          }),
        ]);
      }
      expect(ran).toEqual([]);
    });

    it('answers the open fields beside a closed one', async () => {
      const { data, errors } = await ask(app, '{ whoAmI open optional }');

      expect(data).toEqual({ whoAmI: null, open: 'nobody', optional: 'nobody' });
      expect(errors).toMatchObject([{ path: ['whoAmI'], extensions: MISSING }]);
      expect(codesOf(await ask(app, 'mutation { rename(name: "x") }'))).toEqual([
        'credentials_missing',
      ]);
      expect(ran).toEqual([]);
    });

    it('says which requirements are not met', async () => {
      const weak = { headers: bearer(unverified) };
      const { errors = [] } = await ask(app, '{ safe admin }', weak);

      expect(errors.map(({ extensions }) => extensions)).toEqual([
        {
          code: 'UNAUTHENTICATED',
          originalError: {
            statusCode: 401,
            code: 'step_up_required',
            message: 'A stronger or more recent login is required',
            unmet: [{ requirement: 'mfa', needed: true, actual: ['pwd'] }],
            authenticatedAt: expect.any(String) as unknown,
          },
        },
        {
          code: 'FORBIDDEN',
          originalError: {
            statusCode: 403,
            code: 'requirement_not_met',
            message: 'The user does not meet a requirement of this resource',
            unmet: [{ requirement: 'verifiedEmail', needed: true, actual: false }],
          },
        },
      ]);
      expect(ran).toEqual([]);
      expect(await ask(app, '{ safe admin }', { headers: bearer(passkey) })).toMatchObject({
        data: { safe: 'safe', admin: 'admin' },
      });
    });

    it('lets everybody read what is public, and a bad cookie read what is optional', async () => {
      for (const headers of [{}, bearer('garbage'), cookie('garbage'), cookie(expired)]) {
        expect(await ask(app, '{ open }', { headers })).toMatchObject({ data: { open: 'nobody' } });
      }
      expect(await ask(app, '{ optional }', { headers: cookie(expired) })).toMatchObject({
        data: { optional: 'nobody' },
      });
      expect(codesOf(await ask(app, '{ optional }', { headers: bearer(expired) }))).toEqual([
        'token_expired',
      ]);
    });

    it('answers each alias, and tells operators of it once', async () => {
      using told = recordChannel('nestjs-hanko:authentication');
      const { errors = [], data } = await ask(app, '{ a: whoAmI b: whoAmI c: open }');

      expect(data).toEqual({ a: null, b: null, c: 'nobody' });
      expect(errors.map(({ path, extensions }) => [path, extensions])).toEqual([
        [['a'], MISSING],
        [['b'], MISSING],
      ]);
      expect(told.messages).toMatchObject([
        { outcome: 'refused', code: 'credentials_missing', handler: 'NotesResolver.whoAmI' },
      ]);
      expect(await ask(app, '{ a: whoAmI b: whoAmI }', { headers: bearer(token) })).toMatchObject({
        data: { a: userId, b: userId },
      });
      expect(told.messages.slice(1)).toMatchObject([{ outcome: 'authenticated', userId }]);
    });

    it('shows no token and nothing of the transport', async () => {
      const mark = 'eyJsecret';
      const before = app.log.lines.length;
      const result = await ask(app, '{ whoAmI safe }', {
        headers: { ...bearer(mark), cookie: `hanko=${mark}` },
        params: way === 'HTTP' ? undefined : { headers: { cookie: `hanko=${mark}` } },
      });

      expect(codesOf(result)).toEqual(['token_malformed', 'token_malformed']);
      expect(JSON.stringify(result.errors)).not.toMatch(/eyJsecret|"http"|stack/);
      expect(JSON.stringify(app.log.lines.slice(before))).not.toContain(mark);
    });
  });

  it('sets the header fields of a refusal on a response over HTTP', async () => {
    const { status, headers, text } = await post(app, '{ whoAmI open }', bearer('garbage'));

    expect([status, headers['www-authenticate']]).toEqual([
      200,
      'Bearer error="invalid_token", error_description="The session token is malformed"',
    ]);
    expect(text).not.toContain('"http"');
    expect((await post(app, '{ open }')).headers).not.toHaveProperty('www-authenticate');
  });

  it('answers each operation of a batch', async () => {
    const batch = [{ query: '{ whoAmI }' }, { query: '{ open }' }, { query: '{ safe }' }];

    expect((await postBody(app, batch, bearer(token))).body).toMatchObject([
      { data: { whoAmI: userId } },
      { data: { open: 'nobody' } },
      { errors: [{ extensions: { originalError: { code: 'step_up_required' } } }] },
    ]);
    expect((await postBody(app, batch)).body).toMatchObject([
      { errors: [{ extensions: MISSING }] },
      { data: { open: 'nobody' } },
      { errors: [{ extensions: MISSING }] },
    ]);
  });

  it('writes no user on the request', async () => {
    const { data } = await post(app, '{ whoAmI requestUser }', bearer(token));

    expect(data).toEqual({ whoAmI: userId, requestUser: 'undefined' });
  });

  it.each<[string, () => unknown]>([
    ['token', () => ({ token })],
    ['authorization', () => ({ authorization: `Bearer ${token}` })],
    ['Authorization', () => ({ Authorization: `bearer ${token}` })],
    ['headers.authorization', () => ({ headers: { authorization: `Bearer ${token}` } })],
    ['headers.Authorization', () => ({ headers: { Authorization: `Bearer ${token}` } })],
    ['token, twice', () => ({ token, headers: { authorization: `Bearer ${token}` } })],
  ])('takes a token from connectionParams: %s', async (_, params) => {
    const client = socketTo(app, { params: params() });
    try {
      expect(await over(client, '{ whoAmI sessionToken }')).toMatchObject([
        { data: { whoAmI: userId, sessionToken: token } },
      ]);
      expect(await over(client, 'subscription { ticks }')).toMatchObject([
        { data: { ticks: userId } },
      ]);
      expect(await over(client, 'subscription { optionalTicks }')).toMatchObject([
        { data: { optionalTicks: userId } },
      ]);
    } finally {
      await client.dispose();
    }
  });

  it('refuses a subscription as it begins, and goes on with the connection', async () => {
    const client = socketTo(app);
    try {
      const [refused] = await over(client, 'subscription { ticks }');
      expect(refused).toMatchObject({ errors: [{ path: ['ticks'], extensions: MISSING }] });
      expect(await over(client, 'subscription { openTicks }')).toMatchObject([
        { data: { openTicks: 'nobody' } },
      ]);
      expect(await over(client, 'subscription { optionalTicks }')).toMatchObject([
        { data: { optionalTicks: 'nobody' } },
      ]);
    } finally {
      await client.dispose();
    }
    const weak = await overSocket(app, 'subscription { safeTicks }', { params: { token } });
    expect(codesOf(weak)).toEqual(['step_up_required']);
    expect(ran).toEqual([]);
  });

  const other = (): Promise<string> => hanko.token({ email: 'bob@example.test' });
  it.each<[string, string, () => Promise<Credential> | Credential]>([
    [
      'two tokens in connectionParams',
      'credentials_ambiguous',
      async () => ({ params: { token, authorization: `Bearer ${await other()}` } }),
    ],
    [
      'one in a header field, another one in connectionParams',
      'credentials_ambiguous',
      async () => ({ headers: bearer(token), params: { token: await other() } }),
    ],
    [
      'a bad one beside a good cookie',
      'token_malformed',
      () => ({ headers: cookie(token), params: { token: 'garbage' } }),
    ],
    ['a number', 'token_malformed', () => ({ headers: cookie(token), params: { token: 1 } })],
    ['an object', 'token_malformed', () => ({ params: { token: { token } } })],
    ['a list', 'token_malformed', () => ({ params: { token: [token] } })],
    [
      'an authorization that is no text',
      'token_malformed',
      () => ({ headers: cookie(token), params: { authorization: { token } } }),
    ],
    ['a huge one', 'token_too_large', () => ({ params: { token: 'x'.repeat(100_000) } })],
    [
      'what looks like a request',
      'credentials_missing',
      () => ({
        params: {
          req: { headers: bearer(token) },
          extra: { request: { rawHeaders: ['Upgrade', 'websocket', 'Authorization', token] } },
        },
      }),
    ],
    [
      'a cookie that is said, not sent',
      'credentials_missing',
      () => ({ params: { cookie: `hanko=${token}`, headers: { cookie: `hanko=${token}` } } }),
    ],
  ])('refuses over a socket: %s', async (_, code, credential) => {
    const given = await credential();
    for (const query of ['{ whoAmI }', 'subscription { ticks }']) {
      expect(codesOf(await overSocket(app, query, given))).toEqual([code]);
    }
    expect(ran).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['a list', () => [token]],
    ['a text', () => `Bearer ${token}`],
    ['a prototype', () => JSON.parse(`{"__proto__":{"token":"${token}"}}`) as unknown],
  ])('runs nothing for connectionParams that are %s', async (_, params) => {
    // Some drivers end the connection.
    const result = await overSocket(app, '{ whoAmI }', { params: params() }).catch(() => null);

    expect(result?.data?.['whoAmI'] ?? null).toBe(null);
    expect(ran).toEqual([]);
  });
});

describe.each(DRIVERS)('$name, when Hanko is down', (driver) => {
  let down: FakeHanko;
  let app: RunningApp;
  beforeAll(async () => {
    down = await FakeHanko.start();
    await down.fault('down');
    app = await startGraphqlApp(driver, { hanko: { apiUrl: down.url } });
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await down.stop();
  });

  it.each(Object.entries(WAYS))(
    'says so over %s, and stays open where it is public',
    async (_, ask) => {
      const { data, errors } = await ask(app, '{ whoAmI optional open }', {
        headers: bearer(token),
      });

      const extensions = {
        code: 'INTERNAL_SERVER_ERROR',
        status: 503,
        originalError: {
          statusCode: 503,
          code: 'hanko_unavailable',
          message: 'The login server cannot be reached, try again later',
        },
      };
      expect(data).toEqual({ whoAmI: null, optional: null, open: 'nobody' });
      expect(errors?.map((error) => error.extensions)).toEqual([extensions, extensions]);
    },
  );

  it('says when to try again', async () => {
    const { headers } = await post(app, '{ whoAmI }', bearer(token));

    expect(headers['retry-after']).toMatch(/^\d+$/);
  });
});
