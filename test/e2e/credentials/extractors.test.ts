import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  type ExtractedCredential,
  HANKO_CHANNELS,
  HankoCredentialsError,
  HankoTokenError,
  type IncomingRequest,
  type TokenExtractor,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, PLATFORMS, recordChannel } from '../../support/app.js';
import { useCredentialsHanko, bob, ada, startWith } from '../../support/credentials-app.js';

useCredentialsHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  describe('extractors of the app', () => {
    const custom = (
      extract: (request: IncomingRequest) => unknown,
      name = 'x-session',
    ): TokenExtractor => ({
      name,
      extract: (request) => extract(request) as ExtractedCredential | undefined,
    });
    const fromHeader = custom(({ headers }) =>
      typeof headers['x-session'] === 'string'
        ? { tokens: [headers['x-session']], ambient: false }
        : undefined,
    );

    it('are asked in their order, and named in the diagnostics', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await startWith(platform, {
        extractors: [fromHeader, cookieTokenExtractor('session')],
      });
      const answers = [
        await app.get('/who', { 'X-Session': ada.token, Cookie: `session=${bob.token}` }),
        await app.get('/who', { Cookie: `session=${bob.token}` }),
      ];

      expect(answers.map(({ text }) => text)).toEqual([ada.id, bob.id]);
      expect(authentications.messages).toMatchObject([
        { source: 'x-session' },
        { source: 'cookie' },
      ]);
      expect(await app.get('/who', bearer(ada.token))).toBeRefused('credentials_missing');
      expect(await app.get('/who', cookie(ada.token))).toBeRefused('credentials_missing');
      expect(
        await app.get('/who', { 'X-Session': 'garbage', Cookie: `session=${bob.token}` }),
      ).toBeRefused('token_malformed');
    });

    it.each([
      { what: 'undefined', found: undefined },
      { what: 'null', found: null },
      { what: 'no tokens', found: { tokens: [], ambient: false } },
    ])('that find $what let the next one look', async ({ found }) => {
      await using app = await startWith(platform, {
        extractors: [custom(() => found), bearerTokenExtractor()],
      });

      expect((await app.get('/who', bearer(ada.token))).text).toBe(ada.id);
      expect(await app.get('/who')).toBeRefused('credentials_missing');
      expect((await app.get('/maybe')).text).toBe('nobody');
    });

    it('that find the empty text are refused', async () => {
      await using app = await startWith(platform, {
        extractors: [custom(() => ({ tokens: [''], ambient: false })), bearerTokenExtractor()],
      });

      expect(await app.get('/who', bearer(ada.token))).toBeRefused('token_malformed');
      expect(await app.get('/maybe', bearer(ada.token))).toBeRefused('token_malformed');
    });

    it.each([
      { what: 'a promise', extract: async () => ({ tokens: [ada.token], ambient: false }) },
      { what: 'text', extract: () => ada.token },
      {
        what: 'an exception',
        extract: () => {
          throw new Error('broken');
        },
      },
    ])('that break their contract with $what are 500 and let nobody in', async ({ extract }) => {
      await using app = await startWith(platform, {
        extractors: [custom(extract), bearerTokenExtractor()],
      });

      for (const path of ['/who', '/maybe']) {
        const answer = await app.get(path, bearer(ada.token));
        expect(answer.status).toBe(500);
        expect(answer.body).toEqual({ statusCode: 500, message: 'Internal server error' });
      }
    });

    it.each([
      {
        code: 'token_malformed' as const,
        make: () => new HankoTokenError('token_malformed', 'not what we want'),
      },
      {
        code: 'credentials_ambiguous' as const,
        make: () => new HankoCredentialsError('credentials_ambiguous', 'not what we want'),
      },
      {
        code: 'credentials_missing' as const,
        make: () => new HankoCredentialsError('credentials_missing', 'not what we want'),
      },
    ])('that throw our error $code answer with it', async ({ code, make }) => {
      await using app = await startWith(platform, {
        extractors: [
          custom(() => {
            throw make();
          }),
        ],
      });

      expect(await app.get('/who')).toBeRefused(code);
    });

    it('protect cross-site requests unless they say that no browser sends it by itself', async () => {
      let ambient: unknown;
      await using app = await startWith(platform, {
        extractors: [custom(({ headers }) => ({ tokens: [headers['x-session']], ambient }))],
      });
      const post = () =>
        app.request('POST', '/who', { 'X-Session': ada.token, 'Sec-Fetch-Site': 'cross-site' });

      for (ambient of [true, undefined, null, 0]) {
        expect(await post()).toBeRefused('cross_site_request');
      }
      ambient = false;
      expect((await post()).text).toBe(ada.id);
    });

    it('with several good tokens of two users are ambiguous', async () => {
      await using app = await startWith(platform, {
        extractors: [custom(() => ({ tokens: [ada.token, bob.token], ambient: false }))],
      });

      expect(await app.get('/who')).toBeRefused('credentials_ambiguous');
    });
  });
});
