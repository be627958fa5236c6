import { All, Controller, UseGuards } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  bearerTokenExtractor,
  HankoAuthGuard,
  HankoModule,
  type HankoModuleOptions,
  type TokenExtractor,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  type HeaderFields,
  type Platform,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';

@Controller()
@UseGuards(HankoAuthGuard)
class NotesController {
  @All('notes')
  notes(): string {
    return 'in';
  }
}

let hanko: FakeHanko;
let token: string;
beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

const startWith = async (
  platform: Platform,
  options: HankoModuleOptions = {},
): Promise<
  RunningApp & { linesFor(headers: HeaderFields, method?: string): Promise<string[]> }
> => {
  const log = new CapturedLog();
  const app = await startApp(
    platform,
    {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', ...options })],
      controllers: [NotesController],
    },
    { log },
  );
  return {
    ...app,
    linesFor: async (headers, method = 'GET') => {
      log.lines.length = 0;
      await app.request(method, '/notes', headers);
      const lines = log.messages('debug', 'HankoAuth');
      // Of one line each, without a token.
      expect(lines.filter((line) => /eyJ|[^ -~…]/.test(line))).toEqual([]);
      return lines;
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
};

describe.each(PLATFORMS)('the log of refusals on %s', (platform) => {
  it('says which aud and iss came, and which are accepted', async () => {
    await using app = await startWith(platform, {
      audience: ['localhost', 'api.example.test'],
      issuer: 'https://hanko.example.test',
    });
    const issuer = 'https://hanko.example.test';

    expect(
      await app.linesFor(bearer(await hanko.token({ audience: 'other.test', issuer }))),
    ).toEqual([
      'token_audience_mismatch at NotesController.notes: The aud claim is "other.test"; the option "audience" ' +
        'accepts "localhost", "api.example.test"',
    ]);
    expect(await app.linesFor(bearer(await hanko.token({ issuer: 'https://evil.test' })))).toEqual([
      'token_issuer_mismatch at NotesController.notes: The iss claim is "https://evil.test"; the option "issuer" ' +
        'accepts "https://hanko.example.test"',
    ]);
  });

  it('cuts and cleans what a token says of itself: anybody can write one', async () => {
    await using app = await startWith(platform);
    const audience = ['a\nb\u001b[31m"', 'x'.repeat(500), ...Array.from({ length: 20 }, String)];
    const [line = ''] = await app.linesFor(bearer(await hanko.token({ audience })));

    expect(line).toContain('The aud claim is "a?b?[31m?", "xxx');
    expect(line).toContain('and 17 more');
    expect(line.length).toBeLessThan(500);
  });

  it('says where a cross-site request came from, and the line that would trust it', async () => {
    await using app = await startWith(platform);
    const foreign = { Origin: 'https://app.example.test', Host: 'api.example.org' };

    expect(await app.linesFor({ ...cookie(token), ...foreign }, 'POST')).toEqual([
      'cross_site_request at NotesController.notes: The cookie came with a cross-site request: Origin is ' +
        '"https://app.example.test", Host is "api.example.org". If that site is yours, add it: ' +
        "trustedOrigins: ['https://app.example.test']",
    ]);
    expect(
      await app.linesFor(
        { ...cookie(token), 'Sec-Fetch-Site': 'cross-site', Host: 'a.test' },
        'POST',
      ),
    ).toEqual([
      expect.stringContaining(
        'Sec-Fetch-Site is "cross-site", there is no Origin, Host is "a.test".',
      ),
    ]);
  });

  it.each([
    'null',
    'no-origin',
    `https://${'a'.repeat(300)}.test`,
    "https://evil.test'];//",
    'https://user:s3cret@evil.test',
  ])('offers no line for what is no origin, or too long for one: %s', async (origin) => {
    await using app = await startWith(platform);
    const [line = ''] = await app.linesFor({ ...cookie(token), Origin: origin }, 'POST');

    expect(line).toContain('Origin is "');
    expect(line).not.toContain('trustedOrigins: [');
    expect(line.length).toBeLessThan(400);
  });

  it.each<{ what: string; sent: () => HeaderFields; cause: string }>([
    {
      what: 'the scheme twice',
      sent: () => ({ Authorization: `Bearer Bearer ${token}` }),
      cause: 'it begins with "Bearer": the scheme is written twice',
    },
    {
      what: 'quotes',
      sent: () => ({ Authorization: `Bearer "${token}"` }),
      cause: 'it is in quotes',
    },
    {
      what: 'undefined',
      sent: () => bearer('undefined'),
      cause: 'it is the text "undefined": the caller has no token',
    },
    {
      what: 'no token',
      sent: () => ({ Authorization: 'Bearer' }),
      cause: 'The Authorization header has the scheme Bearer and no token behind it',
    },
  ])('tells the usual mistakes apart: $what', async ({ sent, cause }) => {
    await using app = await startWith(platform);
    const [line] = await app.linesFor(sent());

    expect(line).toMatch(/^token_malformed at NotesController\.notes: /);
    expect(line).toContain(cause);
  });

  it.each<{ what: string; sent: () => HeaderFields; there: string }>([
    { what: 'nothing', sent: () => ({}), there: 'no Authorization and no cookie' },
    {
      what: 'another name of the cookie',
      sent: () => ({ Cookie: `_ga=1; session=${token}; "x"=1` }),
      there: 'no Authorization and the cookies "_ga", "session", "?x?"',
    },
    {
      what: 'a token without its scheme',
      sent: () => ({ Authorization: token }),
      there:
        'Authorization without a scheme (write "Bearer" and a space before the token) and no cookie',
    },
    {
      what: 'another scheme',
      sent: () => ({ Authorization: 'Basic czNjcmV0' }),
      there: 'Authorization with the scheme "Basic" and no cookie',
    },
    {
      what: 'an unknown scheme, which may be a secret',
      sent: () => ({ Authorization: 's3cret key' }),
      there: 'Authorization with another scheme and no cookie',
    },
    {
      what: 'a cookie without a name, which may be a token',
      sent: () => ({ Cookie: `${token}; ${'k'.repeat(60)}=1` }),
      there: 'no Authorization and the cookies "(a long name)"',
    },
  ])('says where it looked and what was there: $what', async ({ sent, there }) => {
    await using app = await startWith(platform);
    const lines = await app.linesFor(sent());

    expect(lines).toEqual([
      'credentials_missing at NotesController.notes: looked for a token in Authorization: Bearer and in the cookie ' +
        `"hanko"; the request has ${there}`,
    ]);
    expect(lines.join()).not.toMatch(/s3cret|czNj/);
  });

  it('names at most ten cookies', async () => {
    await using app = await startWith(platform);
    const cookies = Array.from({ length: 25 }, (_, index) => `c${index}=1`).join('; ');
    const [line] = await app.linesFor({ Cookie: cookies });

    expect(line).toContain('"c9" and 15 more');
  });
});

describe.each(PLATFORMS)('an extractor that breaks its contract, on %s', (platform) => {
  const broken = (extract: () => unknown): TokenExtractor =>
    ({ name: 'x-session', extract }) as unknown as TokenExtractor;

  it.each<{ what: string; extract: () => unknown; said: string }>([
    {
      what: 'a promise',
      extract: () => Promise.resolve({ tokens: ['a'] }),
      said: 'returned a promise.',
    },
    {
      what: 'a promise that fails',
      extract: () => Promise.reject(new Error('s3cret')),
      said: 'returned a promise.',
    },
    { what: 'a text', extract: () => 'a.b.c', said: 'returned a string.' },
    { what: 'a number', extract: () => 42, said: 'returned 42.' },
    { what: 'true', extract: () => true, said: 'returned a boolean.' },
    { what: 'false', extract: () => false, said: 'returned a boolean.' },
    { what: 'the empty text', extract: () => '', said: 'returned a string.' },
    { what: 'a list', extract: () => ['a.b.c'], said: 'returned a list.' },
    {
      what: 'one token',
      extract: () => ({ token: 'a.b.c' }),
      said: 'returned an object without a list of tokens.',
    },
    {
      what: 'a text of tokens',
      extract: () => ({ tokens: 'a.b.c' }),
      said: 'returned an object without a list of tokens.',
    },
    {
      what: 'a number among the tokens',
      extract: () => ({ tokens: ['a', 42] }),
      said: 'returned a list of tokens in which one is 42.',
    },
    {
      what: 'a hole among the tokens',
      // eslint-disable-next-line no-sparse-arrays -- that is the point
      extract: () => ({ tokens: ['a', , 'b'] }),
      said: 'returned a list of tokens in which one is nothing.',
    },
    {
      what: 'an object for a token',
      extract: () => ({ tokens: [{ toString: () => 'a' }] }),
      said: 'returned a list of tokens in which one is an object.',
    },
    {
      what: 'an exception',
      extract: () => {
        throw new TypeError(
          `no such session: ${'k3y'.repeat(20)} at https://u:p@store.test/a?b=s3cret`,
        );
      },
      said: 'threw TypeError (at ',
    },
    {
      what: 'an exception that repeats the credential',
      extract: (): unknown => JSON.parse('s3cret'),
      said: 'threw SyntaxError (at ',
    },
    {
      what: 'a text that is thrown',
      extract: () => {
        throw 's3cret'; // eslint-disable-line no-throw-literal, typescript/only-throw-error -- that is the point
      },
      said: 'threw a value that is not an Error.',
    },
  ])('is 500 and one line that names it and the cure: $what', async ({ extract, said }) => {
    await using app = await startWith(platform, {
      extractors: [broken(extract), bearerTokenExtractor()],
    });
    for (let n = 0; n < 3; n += 1) {
      const answer = await app.get('/notes', bearer(token));
      expect([answer.status, answer.body]).toEqual([
        500,
        { statusCode: 500, message: 'Internal server error' },
      ]);
    }
    const lines = app.log.messages('error', 'HankoAuth');

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('extractors, "x-session": ');
    expect(lines[0]?.replaceAll('?', '…').replaceAll('[…]', '[…]')).toContain(
      said.replaceAll('?', '…'),
    );
    expect(lines[0]).toContain('must return { tokens: [text, …], ambient: true or false }');
    expect(lines[0]).not.toMatch(/s3cret|k3yk3y|u:p/);
  });
});
