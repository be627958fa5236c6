import { Agent } from 'node:http';
import fastifyCookie from '@fastify/cookie';
import { type INestApplication } from '@nestjs/common';
import cookieParser from 'cookie-parser';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import '../../support/to-be-refused.js';
import type { AnswerCode } from '../../support/documented-answers.js';
import {
  bearer,
  cookie,
  type HeaderFields,
  type Platform,
  PLATFORMS,
  type RunningApp,
  send,
} from '../../support/app.js';
import {
  useCredentialsHanko,
  bob,
  ada,
  forged,
  expired,
  startWith,
} from '../../support/credentials-app.js';

interface Row {
  readonly what: string;
  readonly headers: () => HeaderFields;
}

const authorization = (...values: string[]): [string, string][] =>
  values.map((value) => ['Authorization', value]);

/** What the default extractors accept, and as whom. */
const ACCEPTED: readonly (Row & { readonly user: () => { readonly id: string } })[] = [
  { what: 'a bearer', headers: () => bearer(ada.token), user: () => ada },
  { what: 'a cookie', headers: () => cookie(ada.token), user: () => ada },
  {
    what: 'the bearer, which goes before the cookie',
    headers: () => ({ ...cookie(bob.token), ...bearer(ada.token) }),
    user: () => ada,
  },
  {
    what: 'Basic beside a good cookie',
    headers: () => ({ Authorization: 'Basic YTpi', ...cookie(ada.token) }),
    user: () => ada,
  },
  {
    what: 'a scheme that only begins with Bearer, beside a good cookie',
    headers: () => ({ Authorization: `BearerToken ${bob.token}`, ...cookie(ada.token) }),
    user: () => ada,
  },
  {
    what: 'the same bearer twice, in different case',
    headers: () => authorization(`Bearer ${ada.token}`, `bearer   ${ada.token}`),
    user: () => ada,
  },
  {
    what: 'Basic first and a bearer second',
    headers: () => authorization('Basic YTpi', `Bearer ${ada.token}`),
    user: () => ada,
  },
  {
    what: 'a dead cookie first and a good one second',
    headers: () => cookie(expired, ada.token),
    user: () => ada,
  },
  {
    what: 'a forged cookie of another user and a good one',
    headers: () => cookie(forged, ada.token),
    user: () => ada,
  },
  {
    what: 'a good cookie behind seven dead ones',
    headers: () => cookie(expired, forged, ...Array.from('abcde'), ada.token),
    user: () => ada,
  },
  {
    what: 'a good cookie first and rubbish second',
    headers: () => cookie(ada.token, 'garbage'),
    user: () => ada,
  },
  {
    what: 'two good cookies of one user',
    headers: () => cookie(ada.token, ada.other),
    user: () => ada,
  },
  {
    what: 'the same cookie three times',
    headers: () => cookie(ada.token, ada.token, ada.token),
    user: () => ada,
  },
  {
    what: 'cookies in two header fields',
    headers: () => [
      ['Cookie', `other=1; hanko=${expired}`],
      ['Cookie', `hanko=${ada.token}`],
    ],
    user: () => ada,
  },
  {
    what: 'a cookie among others, quoted',
    headers: () => ({ Cookie: `a=b; hanko="${ada.token}"; hankox=1; =; x` }),
    user: () => ada,
  },
  {
    what: 'an empty cookie and a good one',
    headers: () => ({ Cookie: `hanko=; hanko=${bob.token}` }),
    user: () => bob,
  },
];

/** What they refuse. */
const REFUSED: readonly (Row & { readonly code: AnswerCode })[] = [
  {
    what: 'a bad bearer beside a good cookie: it does not fall through',
    headers: () => ({ ...bearer('garbage'), ...cookie(ada.token) }),
    code: 'token_malformed',
  },
  {
    what: 'an expired bearer beside a good cookie',
    headers: () => ({ ...bearer(expired), ...cookie(ada.token) }),
    code: 'token_expired',
  },
  {
    what: 'a bare Bearer beside a good cookie',
    headers: () => ({ Authorization: 'Bearer', ...cookie(ada.token) }),
    code: 'token_malformed',
  },
  {
    what: 'two different bearers',
    headers: () => authorization(`Bearer ${ada.token}`, `Bearer ${bob.token}`),
    code: 'credentials_ambiguous',
  },
  {
    what: 'two different bearers of one user',
    headers: () => authorization(`Bearer ${ada.token}`, `Bearer ${ada.other}`),
    code: 'credentials_ambiguous',
  },
  {
    what: 'a good bearer and a bad one',
    headers: () => authorization(`Bearer ${ada.token}`, 'Bearer garbage'),
    code: 'credentials_ambiguous',
  },
  {
    what: 'a good bearer and a bare one',
    headers: () => authorization(`Bearer ${ada.token}`, 'Bearer'),
    code: 'credentials_ambiguous',
  },
  {
    what: 'two bearers in one header field',
    headers: () => authorization(`Bearer ${ada.token}, Bearer ${bob.token}`),
    code: 'token_malformed',
  },
  {
    what: 'good cookies of two users',
    headers: () => cookie(ada.token, bob.token),
    code: 'credentials_ambiguous',
  },
  {
    what: 'good cookies of two users with a dead one in between',
    headers: () => cookie(ada.token, expired, bob.token),
    code: 'credentials_ambiguous',
  },
  {
    what: 'a forged and an expired cookie: the first answers',
    headers: () => cookie(forged, expired),
    code: 'token_signature_invalid',
  },
  {
    what: 'an expired and a forged cookie: the first answers',
    headers: () => cookie(expired, forged),
    code: 'token_expired',
  },
  {
    what: 'good cookies of two users, seven others before and between them',
    headers: () => cookie('x', 'y', expired, ada.token, forged, 'z', 'garbage', bob.token),
    code: 'credentials_ambiguous',
  },
  {
    what: 'more than eight different cookies',
    headers: () => cookie(ada.token, ...Array.from('abcdefgh')),
    code: 'credentials_ambiguous',
  },
  {
    what: 'cookies whose names are only similar',
    headers: () => ({
      Cookie: ['Hanko', 'hanko2', 'xhanko', '__Host-hanko', 'hanko%20', 'hanko.sig']
        .map((name) => `${name}=${ada.token}`)
        .join('; '),
    }),
    code: 'credentials_missing',
  },
  {
    what: 'a token in the query, the body and other headers',
    headers: () => ({ 'X-Access-Token': ada.token, 'Proxy-Authorization': `Bearer ${ada.token}` }),
    code: 'credentials_missing',
  },
];

/** What an app may do with cookies before we look. */
const COOKIE_PARSERS: readonly {
  readonly parser: string;
  readonly configure: (platform: Platform, app: INestApplication) => unknown;
}[] = [
  { parser: 'no cookie parser', configure: () => undefined },
  {
    parser: 'a cookie parser',
    configure: (platform, app) =>
      platform === 'Express' ? app.use(cookieParser()) : registerFastifyCookie(app),
  },
  {
    parser: 'a cookie parser that verifies signatures',
    configure: (platform, app) =>
      platform === 'Express'
        ? app.use(cookieParser('secret'))
        : registerFastifyCookie(app, { secret: 'secret' }),
  },
];

const registerFastifyCookie = (app: INestApplication, options: object = {}): unknown =>
  (app as unknown as { register(plugin: unknown, options: object): unknown }).register(
    fastifyCookie,
    options,
  );

useCredentialsHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  describe.each(COOKIE_PARSERS)('with $parser', ({ configure }) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await startWith(platform, {}, { configure: (nest) => configure(platform, nest) });
    });
    afterAll(() => app[Symbol.asyncDispose]());

    it.each(ACCEPTED)('accepts $what', async ({ headers, user }) => {
      const { status, text } = await app.get('/who', headers());

      expect([status, text]).toEqual([200, user().id]);
    });

    it.each(REFUSED)('refuses $what', async ({ headers, code }) => {
      // What stands in the URL is no credential.
      const answer = await app.get(`/who?hanko=${ada.token}&access_token=${ada.token}`, headers());

      expect(answer).toBeRefused(code);
    });
  });

  it("reads a parser's cookies where the request has no Cookie header", async () => {
    let parsed: unknown;
    await using app = await startWith(
      platform,
      {},
      {
        configure: (nest) => {
          const set = (request: object): void => {
            Object.defineProperty(request, 'cookies', { value: parsed, configurable: true });
          };
          if (platform === 'Express') {
            nest.use((request: object, _response: unknown, next: () => void) => {
              set(request);
              next();
            });
          } else {
            (nest.getHttpAdapter().getInstance() as FastifyLike).addHook(
              'preHandler',
              async (request) => set(request),
            );
          }
        },
      },
    );

    parsed = { hanko: ada.token };
    expect((await app.get('/who')).text).toBe(ada.id);
    // The header is what counts where there is one.
    expect((await app.get('/who', cookie(bob.token))).text).toBe(bob.id);
    expect(await app.get('/who', { Cookie: 'other=1' })).toBeRefused('credentials_missing');
    parsed = Object.create({ hanko: ada.token });
    expect(await app.get('/who')).toBeRefused('credentials_missing');
    parsed = { hanko: [ada.token] };
    expect(await app.get('/who')).toBeRefused('credentials_missing');
    parsed = null;
    expect(await app.get('/who')).toBeRefused('credentials_missing');
  });

  describe('a renamed cookie', () => {
    const renamed = (token: string): HeaderFields => ({ Cookie: `__Host-session=${token}` });

    it.each(['option', 'HANKO_COOKIE_NAME'])('is read by its new name only: %s', async (how) => {
      if (how !== 'option') vi.stubEnv('HANKO_COOKIE_NAME', '__Host-session');
      await using app = await startWith(
        platform,
        how === 'option' ? { cookieName: '__Host-session' } : {},
      );

      expect((await app.get('/who', renamed(ada.token))).text).toBe(ada.id);
      expect(await app.get('/who', cookie(ada.token))).toBeRefused('credentials_missing');
    });

    it('the option goes before the environment', async () => {
      vi.stubEnv('HANKO_COOKIE_NAME', 'other');
      await using app = await startWith(platform, { cookieName: '__Host-session' });

      expect((await app.get('/who', renamed(ada.token))).text).toBe(ada.id);
    });
  });

  it('verifies again for each request of one connection', async () => {
    await using app = await startWith(platform);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = (headers: HeaderFields) => send(`${app.url}/who`, headers, { agent });
    const answers = [await get(bearer(ada.token)), await get(bearer(bob.token)), await get({})];
    agent.destroy();

    expect(answers.map(({ text }) => text).slice(0, 2)).toEqual([ada.id, bob.id]);
    expect(answers[2]).toBeRefused('credentials_missing');
  });
});

interface FastifyLike {
  addHook(name: 'preHandler', hook: (request: object) => Promise<void>): unknown;
}
