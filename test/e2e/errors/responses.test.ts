import { inspect } from 'node:util';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoModule,
  type HankoUser,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnswerCode, DOCUMENTED_ANSWERS } from '../../support/documented-answers.js';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  cookie,
  type HeaderFields,
  type Platform,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { REFUSED_TOKENS } from '../../support/refused-tokens.js';

@Controller()
class ProtectedController {
  @UseGuards(HankoAuthGuard)
  @Get('guard')
  byGuard(): string {
    return 'in';
  }

  @UseGuards(HankoAuthGuard)
  @Post('guard')
  postByGuard(): string {
    return 'in';
  }

  @Get('parameter')
  byParameter(@CurrentUser() user: HankoUser): HankoUser {
    return user;
  }

  @Post('parameter')
  postByParameter(@CurrentUser() user: HankoUser): HankoUser {
    return user;
  }
}

/** What the servers put into tokens, and the apps ask for. */
const SAYS = { audience: 'notes-service', issuer: 'https://issuer.test' };

// Everything that leaves the apps of this file, and what must not be in it.
const log = new CapturedLog();
const authentications = recordChannel(HANKO_CHANNELS.authentication);
const fetches = recordChannel(HANKO_CHANNELS.jwks);
const answers: Answer[] = [];
const tokens: string[] = [];
const addresses: string[] = ['127.0.0.1', 'localhost'];

const used = (token: string): string => {
  tokens.push(token);
  return token;
};

const startServing = async (
  platform: Platform,
  hanko: FakeHanko,
  jwksTimeoutMs = 5_000,
): Promise<RunningApp> => {
  const app = await startApp(
    platform,
    {
      imports: [
        HankoModule.forRoot({
          apiUrl: hanko.url,
          ...SAYS,
          jwksTimeoutMs,
          session: 'online',
        }),
      ],
      controllers: [ProtectedController],
    },
    { log },
  );
  addresses.push(`:${new URL(app.url).port}`, `:${new URL(hanko.url).port}`);
  return app;
};

const ask = async (
  app: RunningApp,
  path: string,
  { headers, method = 'GET' }: { headers: HeaderFields; method?: string },
): Promise<Answer> => {
  const answer = await app.request(method, path, headers);
  answers.push(answer);
  return answer;
};

interface Situation {
  readonly what: string;
  readonly code: AnswerCode;
  readonly method?: string;
  readonly headers: () => Promise<HeaderFields> | HeaderFields;
}

const SITUATIONS: readonly Situation[] = [
  {
    what: 'a session that was ended',
    code: 'session_revoked',
    headers: async () => {
      const token = used(await hanko.token());
      hanko.revoke(token);
      return bearer(token);
    },
  },
  { what: 'no credential', code: 'credentials_missing', headers: () => ({}) },
  {
    what: 'an empty Authorization header and an empty cookie',
    code: 'credentials_missing',
    headers: () => ({ Authorization: '', Cookie: 'hanko=' }),
  },
  {
    what: 'another scheme only',
    code: 'credentials_missing',
    headers: () => ({ Authorization: 'Basic YTpi' }),
  },
  {
    what: 'two different bearers',
    code: 'credentials_ambiguous',
    headers: async () => [
      ['Authorization', `Bearer ${used(await hanko.token())}`],
      ['Authorization', `Bearer ${used(await hanko.token())}`],
    ],
  },
  {
    what: 'cookies of two users',
    code: 'credentials_ambiguous',
    headers: async () => cookie(used(await hanko.token()), used(await hanko.token())),
  },
  {
    what: 'a bare Bearer',
    code: 'token_malformed',
    headers: () => ({ Authorization: 'Bearer' }),
  },
  {
    what: 'a malformed cookie',
    code: 'token_malformed',
    headers: () => cookie(used('tell-nobody-this-cookie')),
  },
  ...REFUSED_TOKENS.map(({ what, code, make }) => ({
    what,
    code,
    headers: async () => bearer(used(await make(hanko))),
  })),
  {
    what: 'a cookie on a cross-site POST',
    code: 'cross_site_request',
    method: 'POST',
    headers: async () => ({
      ...cookie(used(await hanko.token())),
      Origin: 'https://evil.test',
      'Sec-Fetch-Site': 'cross-site',
    }),
  },
];

let hanko: FakeHanko;
let unreachable: FakeHanko;
/** It stays away: while it is, somebody else may be given its port. */
let gone: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start(SAYS);
  unreachable = await FakeHanko.start(SAYS);
  gone = await FakeHanko.start(SAYS);
  await gone.fault('refuse');
});

afterAll(async () => {
  authentications[Symbol.dispose]();
  fetches[Symbol.dispose]();
  await Promise.all([hanko.stop(), unreachable.stop()]);
});

/** `contexts.test.ts` and `requirements.test.ts` have these: their answers say more. */
const ELSEWHERE = [
  'context_unsupported',
  'step_up_required',
  'requirement_not_met',
  'tenant_unknown',
];

// The last test looks at what the others saw.
describe('what callers get', { shuffle: false }, () => {
  it('answers with every code there is, except those that other tests are about', () => {
    const here = SITUATIONS.map(({ code }) => code);
    expect(new Set([...here, 'hanko_unavailable', ...ELSEWHERE])).toEqual(
      new Set(Object.keys(DOCUMENTED_ANSWERS)),
    );
  });

  describe.each(PLATFORMS)('on %s', (platform) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await startServing(platform, hanko);
    });
    afterAll(() => app[Symbol.asyncDispose]());

    describe.each(['guard', 'parameter'])('the %s', (path) => {
      it('lets a good bearer and a good cookie in, without a challenge', async () => {
        for (const headers of [
          bearer(used(await hanko.token())),
          cookie(used(await hanko.token())),
          { Authorization: `bEARER   ${used(await hanko.token())}` },
        ]) {
          const answer = await ask(app, `/${path}`, { headers });

          expect(answer.status).toBe(200);
          expect(answer.headers).not.toHaveProperty('www-authenticate');
        }
      });

      it.each(SITUATIONS)('answers $what with $code', async ({ code, method, headers }) => {
        const answer = await ask(app, `/${path}`, {
          headers: await headers(),
          ...(method && { method }),
        });

        expect(answer).toBeRefused(code);
      });

      it.each(['down', 'refuse', 'hang', 'error', 'garbage', 'wrong-json', 'redirect'] as const)(
        'answers with hanko_unavailable when the keys cannot be fetched: %s',
        async (fault) => {
          const server = fault === 'refuse' ? gone : unreachable;
          const token = used(await server.token());
          if (fault !== 'refuse') await unreachable.fault(fault);
          const timeoutMs = fault === 'hang' ? 50 : undefined;
          await using lonely = await startServing(platform, server, timeoutMs);

          const first = await ask(lonely, `/${path}`, { headers: bearer(token) });
          const second = await ask(lonely, `/${path}`, { headers: cookie(token) });
          await unreachable.recover();

          expect(first).toBeRefused('hanko_unavailable');
          expect(second).toBeRefused('hanko_unavailable');
        },
      );
    });

    it('answers a HEAD request with the same status and challenge, and no body', async () => {
      const answer = await ask(app, '/guard', { headers: {}, method: 'HEAD' });

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.text).toBe('');
    });

    it('leaves routes that do not exist to Nest', async () => {
      const answer = await ask(app, '/nowhere', { headers: bearer('garbage') });

      expect(answer.status).toBe(404);
      expect(answer.headers).not.toHaveProperty('www-authenticate');
    });
  });

  it('no log line, published message or answer of this file holds a token, an address or a stack', () => {
    const collected = [
      // Two addresses are told in the log: of the page that a browser came from, to be written into trustedOrigins,
      // and of the keys while they were never fetched, to be mended.
      ...log.lines.map(({ text }) =>
        text
          .replace(/(Origin|Host) is "[^"]*"/g, '')
          .replace(/^Hanko's keys cannot be fetched from \S+\/\.well-known\/jwks\.json: /, '')
          .replace('In a container, localhost is the container.', ''),
      ),
      ...[...authentications.messages, ...fetches.messages].map((message) => inspect(message)),
      ...answers.map(({ headers, text }) => `${inspect(headers)} ${text}`),
    ];
    // A token is also recognizable by its claims, its signature, or half of either.
    const parts = tokens.flatMap((token) => token.split('.').slice(1));
    const secrets = [...tokens, ...parts.map((part) => part.slice(0, part.length / 2))].filter(
      (secret) => secret.length > 20,
    );

    expect(log.lines.length).toBeGreaterThan(PLATFORMS.length);
    expect(authentications.messages.length).toBeGreaterThan(SITUATIONS.length);
    expect(fetches.messages).toContainEqual(expect.objectContaining({ outcome: 'failed' }));
    expect(answers.length).toBeGreaterThan(SITUATIONS.length);
    expect(secrets.length).toBeGreaterThan(SITUATIONS.length);
    for (const forbidden of [...secrets, ...addresses, '    at ', 'tell-nobody']) {
      expect(collected.filter((text) => text.includes(forbidden))).toEqual([]);
    }
  });
});
