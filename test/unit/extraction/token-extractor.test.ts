import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  type HankoAuthService,
  type HankoUser,
  type IncomingRequest,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeRequest } from '../../support/node-headers.js';
import {
  createService,
  type Refusal,
  refusalOf,
  thrownRefusalOf,
  tokenRefusal,
} from '../../support/verifier.js';

const ambiguous: Refusal = {
  name: 'HankoCredentialsError',
  code: 'credentials_ambiguous',
  status: 400,
  body: {
    statusCode: 400,
    code: 'credentials_ambiguous',
    message: 'The request carries more than one credential',
  },
  headers: {
    'WWW-Authenticate':
      'Bearer error="invalid_request", error_description="The request carries more than one credential"',
  },
  leaks: [],
};

const missing: Refusal = {
  name: 'HankoCredentialsError',
  code: 'credentials_missing',
  status: 401,
  body: { statusCode: 401, code: 'credentials_missing', message: 'Authentication is required' },
  headers: { 'WWW-Authenticate': 'Bearer' },
  leaks: [],
};

/** A request as each platform shows it. */
const platforms: readonly {
  platform: string;
  request: (name: string, values: readonly string[]) => IncomingRequest;
}[] = [
  {
    platform: 'Node and Express',
    request: (name, values) => ({
      headers: values[0] === undefined ? {} : { [name]: values[0] },
      rawHeaders: values.flatMap((value) => [name, value]),
    }),
  },
  {
    platform: 'Fastify',
    request: (name, values) => ({
      headers: values[0] === undefined ? {} : { [name]: values[0] },
      raw: { rawHeaders: values.flatMap((value) => [name.toUpperCase(), value]) },
    }),
  },
  {
    platform: 'only parsed headers',
    request: (name, values) => ({ headers: { [name]: values.length === 1 ? values[0] : values } }),
  },
];

describe.each(platforms)('a bearer on $platform', ({ request }) => {
  const extract = (...values: readonly string[]): unknown =>
    bearerTokenExtractor().extract(request('authorization', values));

  it.each([
    { name: 'as written in the RFC', value: 'Bearer t0k.en' },
    { name: 'in lower case', value: 'bearer t0k.en' },
    { name: 'in upper case', value: 'BEARER t0k.en' },
    { name: 'in any case', value: 'bEaReR t0k.en' },
    { name: 'with several spaces', value: 'Bearer    t0k.en' },
    { name: 'with spaces around it', value: '  Bearer t0k.en  ' },
    { name: 'with a tab after it', value: 'Bearer t0k.en\t' },
  ])('is found $name', ({ value }) => {
    expect(extract(value)).toEqual({ tokens: ['t0k.en'], ambient: false });
  });

  it.each(['Bearer', 'bearer', 'Bearer ', 'Bearer     ', ' Bearer', 'Bearer\t', 'Bearer \t '])(
    'without a token is malformed: %j',
    (value) => {
      expect(thrownRefusalOf(() => extract(value))).toEqual(tokenRefusal('token_malformed'));
    },
  );

  it.each([
    '',
    ' ',
    'Basic YTpi',
    'Basic Bearer',
    'Basic Bearer t0k.en',
    'DPoP t0k.en',
    'Token t0k.en',
    'Bearert0k.en',
    'BearerToken t0k.en',
    'XBearer t0k.en',
    'Bear er t0k.en',
    't0k.en',
  ])('is not another scheme: %j', (value) => {
    expect(extract(value)).toBeUndefined();
  });

  it.each([
    { name: 'two tokens', value: 'Bearer a b', token: 'a b' },
    { name: 'two bearers in one field', value: 'Bearer a, Bearer b', token: 'a, Bearer b' },
    { name: 'a quoted token', value: 'Bearer "a"', token: '"a"' },
    { name: 'a tab before the token', value: 'Bearer \ta', token: '\ta' },
    { name: 'the scheme twice', value: 'Bearer Bearer a', token: 'Bearer a' },
  ])('is handed on as it stands, to be refused: $name', ({ value, token }) => {
    expect(extract(value)).toEqual({ tokens: [token], ambient: false });
  });

  // RFC 9110 §11.4: the scheme is a token (§5.6.2), so none of these belongs to a longer name.
  it.each(['Bearer\tt0k.en', 'Bearer:t0k.en', 'Bearer: t0k.en', 'Bearer,t0k.en', 'Bearer=t0k.en'])(
    'that is badly separated is bad, not absent: %j',
    (value) => {
      const outcome = ((): unknown => {
        try {
          return extract(value) ?? 'absent';
        } catch {
          return 'refused';
        }
      })();

      expect(outcome).not.toBe('absent');
    },
  );

  it.each([
    { name: 'the same twice', values: ['Bearer a', 'Bearer a'] },
    { name: 'the same in other words', values: ['Bearer a', 'bearer   a '] },
    { name: 'the same three times', values: ['Bearer a', 'Bearer a', 'Bearer a'] },
    { name: 'another scheme first', values: ['Basic YTpi', 'Bearer a'] },
    { name: 'another scheme after it', values: ['Bearer a', 'Basic YTpi'] },
    { name: 'an empty field first', values: ['', 'Bearer a'] },
  ])('may stand beside other fields: $name', ({ values }) => {
    expect(extract(...values)).toEqual({ tokens: ['a'], ambient: false });
  });

  it.each([
    { name: 'two', values: ['Bearer a', 'Bearer b'] },
    { name: 'two that differ in case', values: ['Bearer a', 'Bearer A'] },
    { name: 'two, another scheme between', values: ['Bearer a', 'Basic YTpi', 'Bearer b'] },
    { name: 'the last of three', values: ['Bearer a', 'Bearer a', 'Bearer b'] },
    { name: 'one without a token first', values: ['Bearer', 'Bearer a'] },
    { name: 'one without a token last', values: ['Bearer a', 'Bearer '] },
  ])('is ambiguous beside a different one: $name', ({ values }) => {
    expect(thrownRefusalOf(() => extract(...values))).toEqual(ambiguous);
  });

  it('is not there without the header', () => {
    expect(extract()).toBeUndefined();
  });
});

describe('the header fields of a request', () => {
  const bearer = bearerTokenExtractor();

  it('are the raw ones where there are both: `headers` keeps only the first', () => {
    const request = {
      headers: { authorization: 'Bearer a' },
      rawHeaders: ['Authorization', 'Bearer a', 'authorization', 'Bearer b'],
    };

    expect(thrownRefusalOf(() => bearer.extract(request))).toEqual(ambiguous);
  });

  it('are found in any case', () => {
    const request = nodeRequest([
      'Host',
      'x',
      'AUTHORIZATION',
      'Bearer a',
      'AUTHORIZATION',
      'Bearer a',
    ]);

    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  it.each(['Proxy-Authorization', 'X-Authorization', 'Authorization-', 'Authorizatio'])(
    'are not those of a similar name: %s',
    (name) => {
      const request = nodeRequest([name, 'Bearer a', 'X', 'Authorization']);

      expect(bearer.extract(request)).toBeUndefined();
    },
  );

  it('are not their values: only every other entry is a name', () => {
    const request = {
      headers: { authorization: 'Bearer a' },
      rawHeaders: ['Authorization', 'Bearer a', 'X', 'Authorization', 'Y', 'Bearer b'],
    };

    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  // serverless-http 4.0.0 lib/request.js assigns `headers` to an IncomingMessage and leaves `rawHeaders` empty.
  it.each([
    {
      name: 'serverless adapters',
      request: { headers: { authorization: 'Bearer a' }, rawHeaders: [] },
    },
    {
      name: 'serverless adapters under Fastify',
      request: { headers: { authorization: 'Bearer a' }, raw: { rawHeaders: [] } },
    },
    {
      name: 'a middleware that set it',
      request: { headers: { host: 'x', authorization: 'Bearer a' }, rawHeaders: ['Host', 'x'] },
    },
  ])('are the parsed ones where the raw ones do not have it: $name', ({ request }) => {
    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  it('are the parsed ones where Fastify has no raw ones', () => {
    const request = { headers: { authorization: 'Bearer a' }, raw: {} };

    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  it('come from the wire: two different bearers are seen', async () => {
    const request = await received(['Authorization: Bearer a', 'Authorization: Bearer b']);

    expect(request.headers.authorization).toBe('Bearer a');
    expect(thrownRefusalOf(() => bearer.extract(request))).toEqual(ambiguous);
  });

  it('come from the wire: two cookie fields are seen', async () => {
    const request = await received(['Cookie: hanko=a', 'cookie: x=1; hanko=b']);

    expect(cookieTokenExtractor().extract(request)).toEqual({ tokens: ['a', 'b'], ambient: true });
  });
});

/** The request as Node's server parsed it, sent byte by byte as given. */
async function received(fields: readonly string[]): Promise<IncomingMessage> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const request = new Promise<IncomingMessage>((resolve) => {
    server.once('request', (message, response) => {
      response.end();
      resolve(message);
    });
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(['GET / HTTP/1.1', 'Host: x', ...fields, '', ''].join('\r\n'));
  const message = await request;
  socket.destroy();
  server.close();
  return message;
}

const EIGHT = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('the cookie', () => {
  const extract = (cookie: string | string[], name?: string): readonly string[] =>
    cookieTokenExtractor(name).extract({ headers: { cookie } })?.tokens ?? [];

  it('is ambient: a browser sends it by itself', () => {
    expect(cookieTokenExtractor().extract({ headers: { cookie: 'hanko=a' } })).toEqual({
      tokens: ['a'],
      ambient: true,
    });
  });

  it.each([
    { name: 'alone', cookie: 'hanko=a', tokens: ['a'] },
    { name: 'between others', cookie: 'x=1; hanko=a; y=2', tokens: ['a'] },
    { name: 'without spaces', cookie: 'x=1;hanko=a;y=2', tokens: ['a'] },
    { name: 'with spaces', cookie: '  hanko = a  ;', tokens: ['a'] },
    { name: 'with tabs', cookie: '\thanko\t=\ta\t', tokens: ['a'] },
    { name: 'quoted', cookie: 'hanko="a"', tokens: ['a'] },
    { name: 'quoted and spaces', cookie: 'hanko= "a" ', tokens: ['a'] },
    { name: 'half quoted', cookie: 'hanko="a', tokens: ['"a'] },
    { name: 'one quote', cookie: 'hanko="', tokens: ['"'] },
    { name: 'quotes inside', cookie: 'hanko=a"b"c', tokens: ['a"b"c'] },
    { name: 'an equals sign in it', cookie: 'hanko=a=b==', tokens: ['a=b=='] },
    { name: 'per cent encoding left alone', cookie: 'hanko=%61%2E', tokens: ['%61%2E'] },
    { name: 'empty', cookie: 'hanko=', tokens: [] },
    { name: 'empty in quotes', cookie: 'hanko=""', tokens: [] },
    { name: 'only spaces', cookie: 'hanko=   ; x=1', tokens: [] },
    { name: 'no equals sign', cookie: 'hanko; x=1', tokens: [] },
    { name: 'no equals sign, then a good one', cookie: 'hanko; hanko=a', tokens: ['a'] },
    { name: 'only separators', cookie: ';;;; ; ;', tokens: [] },
    { name: 'an empty header', cookie: '', tokens: [] },
    { name: 'a nameless one', cookie: '=hanko; =a', tokens: [] },
    { name: 'the name as a value', cookie: 'x=hanko=a', tokens: [] },
    { name: 'another case', cookie: 'Hanko=a; HANKO=b', tokens: [] },
    { name: 'longer names', cookie: 'hanko2=a; xhanko=b; hanko-token=c; hanko.x=d', tokens: [] },
    { name: 'prefixes', cookie: '__Host-hanko=a; __Secure-hanko=b', tokens: [] },
    { name: 'a shorter name', cookie: 'hank=a', tokens: [] },
    { name: 'an old-style attribute', cookie: '$Version=1; hanko=a; $Path=/', tokens: ['a'] },
  ])('is read from the header: $name', ({ cookie, tokens }) => {
    expect(extract(cookie)).toEqual(tokens);
  });

  it.each([
    { name: 'two', cookie: 'hanko=a; hanko=b', tokens: ['a', 'b'] },
    {
      name: 'three, others between',
      cookie: 'hanko=a; x=1; hanko=b; hanko=c',
      tokens: ['a', 'b', 'c'],
    },
    {
      name: 'eight',
      cookie: EIGHT.map((value) => `hanko=${value}`).join('; '),
      tokens: EIGHT,
    },
    { name: 'the same twice', cookie: 'hanko=a; hanko=a', tokens: ['a'] },
    { name: 'the same, once quoted', cookie: 'hanko=a; hanko="a"', tokens: ['a'] },
    {
      name: 'empty ones between',
      cookie: 'hanko=; hanko=a; hanko=""; hanko=b',
      tokens: ['a', 'b'],
    },
    {
      name: 'repetitions do not use up the eight',
      cookie: ['a', 'a', 'a', ...EIGHT].map((value) => `hanko=${value}`).join('; '),
      tokens: EIGHT,
    },
  ])('may come several times, up to eight different ones: $name', ({ cookie, tokens }) => {
    expect(extract(cookie)).toEqual(tokens);
  });

  it('is ambiguous if more than eight different ones come', () => {
    const nine = [...EIGHT, 'i'].map((value) => `hanko=${value}`);

    expect(thrownRefusalOf(() => extract(nine.join('; ')))).toEqual(ambiguous);
    expect(thrownRefusalOf(() => extract(nine))).toEqual(ambiguous);
  });

  it('is read from every field of a list', () => {
    expect(extract(['x=1; hanko=a', 'hanko=b'])).toEqual(['a', 'b']);
  });

  it('costs little in a header of a megabyte', () => {
    expect(extract(`${'x=1;'.repeat(250_000)}hanko=a`)).toEqual(['a']);
    expect(extract('hanko='.repeat(150_000))).toHaveLength(1);
  });

  it.each([
    { name: 'app.session', cookie: 'appXsession=b; app.session=a' },
    { name: '__Host-hanko', cookie: 'hanko=b; __Host-hanko=a' },
    { name: '$a+b*', cookie: '$aab=b; $a+b*=a' },
    { name: '__proto__', cookie: 'hanko=b; __proto__=a' },
    { name: 'constructor', cookie: 'constructor=a' },
  ])('may have another name: $name', ({ name, cookie }) => {
    expect(extract(cookie, name)).toEqual(['a']);
  });
});

describe('the cookie that a parser made', () => {
  const extract = (cookies: unknown, name?: string, cookie?: string): readonly string[] =>
    cookieTokenExtractor(name).extract({ headers: { cookie }, cookies })?.tokens ?? [];

  it.each([
    { name: 'an object', cookies: { hanko: 'a' } },
    {
      name: 'an object without prototype',
      cookies: Object.assign(Object.create(null), { hanko: 'a' }) as object,
    },
  ])('counts where there is no Cookie header: $name', ({ cookies }) => {
    expect(extract(cookies)).toEqual(['a']);
  });

  it('does not count beside a Cookie header', () => {
    expect(extract({ hanko: 'a' }, undefined, 'hanko=b')).toEqual(['b']);
    expect(extract({ hanko: 'a' }, undefined, 'x=1')).toEqual([]);
  });

  it.each([
    { name: 'none', cookies: undefined },
    { name: 'null', cookies: null },
    { name: 'text', cookies: 'hanko=a' },
    { name: 'a list', cookies: ['hanko=a'] },
    { name: 'a function', cookies: Object.assign(() => 'a', { hanko: 'a' }) },
    { name: 'another name', cookies: { Hanko: 'a' } },
    { name: 'an inherited one', cookies: Object.create({ hanko: 'a' }) as object },
    { name: 'an empty one', cookies: { hanko: '' } },
    { name: 'undefined', cookies: { hanko: undefined } },
    { name: 'null', cookies: { hanko: null } },
    { name: 'false, as for a bad signature', cookies: { hanko: false } },
    { name: 'a number', cookies: { hanko: 1 } },
    { name: 'a list', cookies: { hanko: ['a'] } },
    { name: 'JSON, as cookie-parser makes it', cookies: { hanko: { toString: () => 'a' } } },
  ])('does not count: $name', ({ cookies }) => {
    expect(extract(cookies)).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'is not a member of every object: %s',
    (name) => {
      expect(extract({}, name)).toEqual([]);
    },
  );

  it.each(['__proto__', 'constructor'])('may have the name of one: %s', (name) => {
    expect(extract(JSON.parse(`{"${name}":"a"}`), name)).toEqual(['a']);
  });
});

describe('which credential counts', () => {
  let hanko: FakeHanko;
  let service: HankoAuthService;
  let ada: string;
  let adaAgain: string;
  let bob: string;
  let expired: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    hanko = await FakeHanko.start();
    ({ service } = await createService({ jwks: hanko.jwks() }));
    const user = hanko.createUser({ email: 'ada@example.test' });
    ada = await hanko.token({ user });
    adaAgain = await hanko.token({ user });
    bob = await hanko.token({ email: 'bob@example.test' });
    expired = await hanko.expiredToken({ user });
  });

  afterAll(() => hanko.stop());

  const idOf = (token: string): unknown =>
    (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: unknown })
      .sub;

  const authenticate = (
    authorization: string | undefined,
    ...cookies: readonly string[]
  ): Promise<HankoUser> =>
    service.authenticate({
      method: 'GET',
      headers: {
        authorization,
        cookie: cookies.length === 0 ? undefined : cookies.map((c) => `hanko=${c}`).join('; '),
      },
    });

  it('is none without any', async () => {
    expect(await refusalOf(authenticate(undefined))).toEqual(missing);
  });

  it('is none with another scheme alone', async () => {
    expect(await refusalOf(authenticate('Basic YTpi'))).toEqual(missing);
  });

  it('is the bearer, not the cookie', async () => {
    expect((await authenticate(`Bearer ${ada}`, bob)).id).toBe(idOf(ada));
  });

  it.each([
    { name: 'bare', value: () => 'Bearer', code: 'token_malformed' as const },
    { name: 'garbage', value: () => 'Bearer garbage', code: 'token_malformed' as const },
    {
      name: 'two in one field',
      value: () => `Bearer ${ada}, Bearer ${bob}`,
      code: 'token_malformed' as const,
    },
    { name: 'expired', value: () => `Bearer ${expired}`, code: 'token_expired' as const },
    { name: 'after a tab', value: () => `Bearer\t${bob}`, code: 'token_malformed' as const },
  ])('is the bearer though it is bad and the cookie is good: $name', async ({ value, code }) => {
    expect(await refusalOf(authenticate(value(), ada))).toEqual(tokenRefusal(code));
  });

  it('is the cookie beside another scheme', async () => {
    expect((await authenticate('Basic YTpi', ada)).id).toBe(idOf(ada));
  });

  it('is the first good cookie', async () => {
    const user = await authenticate(undefined, 'garbage', expired, ada);

    expect(user.id).toBe(idOf(ada));
  });

  it('is the first good cookie of two sessions of one user', async () => {
    const user = await authenticate(undefined, expired, adaAgain, ada);

    expect(user.sessionId).not.toBe((await authenticate(`Bearer ${ada}`)).sessionId);
    expect(user.sessionId).toBe((await authenticate(`Bearer ${adaAgain}`)).sessionId);
  });

  it('is ambiguous for good cookies of two users', async () => {
    expect(await refusalOf(authenticate(undefined, ada, bob))).toEqual(ambiguous);
    expect(await refusalOf(authenticate(undefined, expired, bob, ada))).toEqual(ambiguous);
  });

  it("answers with the first one's code if no cookie is good", async () => {
    expect(await refusalOf(authenticate(undefined, expired, 'garbage'))).toEqual(
      tokenRefusal('token_expired'),
    );
    expect(await refusalOf(authenticate(undefined, 'garbage', expired))).toEqual(
      tokenRefusal('token_malformed'),
    );
  });

  it.each([0, 3, 7])(
    'is a good cookie wherever it stands among eight: behind %d',
    async (before) => {
      const garbage = Array.from({ length: 7 }, () => randomUUID());
      const cookies = [...garbage.slice(0, before), ada, ...garbage.slice(before)];

      expect((await authenticate(undefined, ...cookies)).id).toBe(idOf(ada));
    },
  );

  it.each([0, 3, 6])(
    'is ambiguous for two users wherever they stand: behind %d',
    async (before) => {
      const garbage = Array.from({ length: 6 }, () => randomUUID());
      const cookies = [...garbage.slice(0, before), ada, ...garbage.slice(before), bob];

      expect(await refusalOf(authenticate(undefined, ...cookies))).toEqual(ambiguous);
      expect(await refusalOf(authenticate(undefined, ...cookies.toReversed()))).toEqual(ambiguous);
    },
  );

  it('is ambiguous for more than eight different cookies, good ones among them or not', async () => {
    const garbage = Array.from({ length: 8 }, () => randomUUID());

    expect(await refusalOf(authenticate(undefined, ...garbage, ada))).toEqual(ambiguous);
    expect(await refusalOf(authenticate(undefined, ada, ...garbage))).toEqual(ambiguous);
    expect(
      (await authenticate(undefined, ...garbage.slice(1), ada, ada, ...garbage.slice(1))).id,
    ).toBe(idOf(ada));
  });
});
