import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  type HankoModuleOptions,
  HankoModule,
  type HankoUser,
  OptionalAuth,
  Public,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  FakeClock,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  send,
  startApp,
} from '../../support/app.js';

@Controller()
class NotesController {
  @Public()
  @Get('health')
  health(@CurrentUser() user: HankoUser | null): string {
    return user === null ? 'alive' : 'known';
  }

  @Get('closed')
  closed(@CurrentUser('id') id: string): string {
    return id;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }
}

@Controller('local')
@UseGuards(HankoAuthGuard)
class GuardedController {
  @Public()
  @Get('health')
  health(): string {
    return 'alive';
  }
}

const JWKS = '/.well-known/jwks.json';

let clock: FakeClock;
let hanko: FakeHanko;
/** It stays away: while it is, somebody else may be given its port. */
let gone: FakeHanko;
let userId: string;
let token: string;

beforeAll(async () => {
  const settings = { now: () => clock.now(), lifespanSeconds: 30 * 86_400 };
  hanko = await FakeHanko.start(settings);
  gone = await FakeHanko.start(settings);
  await gone.fault('refuse');
});
beforeEach(async () => {
  clock = new FakeClock();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});
afterEach(async () => {
  await hanko.recover();
  hanko.clearRequests();
});
afterAll(() => hanko.stop());

/** Good in form and claims, of a key that nobody has. */
const withForgedKid = (kid = randomUUID()): string => {
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid, typ: 'JWT' }));
  return token.replace(/^[^.]+/, header.toString('base64url'));
};

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (options: HankoModuleOptions = {}): Promise<RunningApp> =>
    startApp(platform, {
      imports: [
        HankoModule.forRoot({
          apiUrl: hanko.url,
          audience: 'localhost',
          now: clock.now,
          ...options,
        }),
      ],
      controllers: [NotesController, GuardedController],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  /** An app that has the keys already. */
  const startWarm = async (options: HankoModuleOptions = {}): Promise<RunningApp> => {
    const app = await start(options);
    expect((await app.get('/closed', bearer(token))).text).toBe(userId);
    return app;
  };

  const ok = async (app: RunningApp, good = token): Promise<boolean> =>
    (await app.get('/closed', bearer(good))).text === userId;

  describe('while Hanko cannot be reached', () => {
    it('public health route answers 200 with Hanko down and a garbage token', async () => {
      await hanko.fault('down');
      await using app = await start();
      for (const path of ['/health', '/local/health']) {
        for (const headers of [
          {},
          bearer('garbage'),
          bearer(token),
          cookie('garbage'),
          cookie(token),
          { Authorization: 'Bearer' },
        ]) {
          const answer = await app.get(path, headers);

          expect([answer.status, answer.text]).toEqual([200, 'alive']);
        }
      }
    });

    it('public routes cause no fetch, message or log line', async () => {
      await using app = await startWarm();
      await hanko.fault('down');
      clock.advanceSeconds(86_400 * 2);
      hanko.clearRequests();
      const lines = app.log.lines.length;
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await app.get('/health', bearer(token));

      expect(hanko.requests).toEqual([]);
      expect(authentications.messages).toEqual([]);
      expect(app.log.lines).toHaveLength(lines);
    });

    it.each(['refuse', 'down', 'hang', 'drip', 'error', 'unavailable', 'oversized'] as const)(
      '503 with Retry-After and without an address: %s',
      async (fault) => {
        if (fault !== 'refuse') await hanko.fault(fault);
        const server = fault === 'refuse' ? gone : hanko;
        await using app = await start({ apiUrl: server.url, jwksTimeoutMs: 200 });
        const good = await server.token();
        const answers = [
          await app.get('/closed', bearer(good)),
          await app.get('/closed', cookie(good)),
          await app.get('/optional', bearer(good)),
          await app.get('/optional', cookie(good)),
        ];

        for (const answer of answers) {
          expect(answer).toBeRefused('hanko_unavailable');
          expect(answer.text + inspect(answer.headers)).not.toMatch(/127\.0\.0\.1|localhost|http:/);
        }
      },
    );

    it('a token that is dead in itself is 401 all the same', async () => {
      await hanko.fault('down');
      await using app = await start();

      expect(await app.get('/closed')).toBeRefused('credentials_missing');
      expect(await app.get('/closed', bearer('garbage'))).toBeRefused('token_malformed');
      expect(await app.get('/closed', bearer(await hanko.expiredToken()))).toBeRefused(
        'token_expired',
      );
      expect(await app.get('/closed', cookie(await hanko.expiredToken()))).toBeRefused(
        'token_expired',
      );
      expect(
        await app.get('/closed', bearer(await hanko.token({ audience: 'other' }))),
      ).toBeRefused('token_audience_mismatch');
      expect(await app.get('/closed', bearer(await hanko.forgedToken('ps256')))).toBeRefused(
        'token_algorithm_not_allowed',
      );
      expect(
        await app.get('/closed', bearer(await hanko.webhookToken('user.create', {}))),
      ).toBeRefused('token_not_a_session');
    });

    it('optional routes are null where that can be told, and 503 where it cannot', async () => {
      await hanko.fault('down');
      await using app = await start();
      const expired = await hanko.expiredToken();

      expect((await app.get('/optional')).text).toBe('nobody');
      expect((await app.get('/optional', cookie(expired))).text).toBe('nobody');
      expect(await app.get('/optional', bearer(expired))).toBeRefused('token_expired');
      expect((await app.get('/optional', cookie('garbage'))).text).toBe('nobody');
      expect(await app.get('/optional', cookie(token))).toBeRefused('hanko_unavailable');
      expect(await app.get('/optional', cookie(expired, token))).toBeRefused('hanko_unavailable');
      expect(await app.get('/optional', cookie(token, expired))).toBeRefused('hanko_unavailable');
    });

    it('everyone who is known stays known for jwksStaleIfErrorSeconds, and no longer', async () => {
      await using app = await startWarm({ jwksStaleIfErrorSeconds: 3_600 });
      await hanko.fault('down');

      for (const [seconds, isKnown] of [
        [599, true],
        [1, true],
        [2_999, true],
        [1, false],
      ] as const) {
        clock.advanceSeconds(seconds);
        expect([seconds, await ok(app)]).toEqual([seconds, isKnown]);
      }
      expect(await app.get('/closed', bearer(token))).toBeRefused('hanko_unavailable');
    });

    it('a key that is not among the last good ones is 503, not 401', async () => {
      await using app = await startWarm();
      await hanko.fault('down');
      clock.advanceSeconds(601);
      expect(await ok(app)).toBe(true);

      expect(await app.get('/closed', bearer(withForgedKid()))).toBeRefused('hanko_unavailable');
      expect(await ok(app)).toBe(true);
    });

    it('a refresh that hangs holds up nobody', async () => {
      await using app = await startWarm();
      await hanko.fault('hang');
      clock.advanceSeconds(500);
      hanko.clearRequests();

      expect(await ok(app)).toBe(true);
      expect(await ok(app)).toBe(true);
      expect(hanko.requests.length).toBeLessThanOrEqual(1);
    });

    it('the log says so once, and once when it is over', async () => {
      await hanko.fault('down');
      await using app = await start();
      for (let i = 0; i < 5; i++) {
        const { headers } = await app.get('/closed', bearer(token));
        clock.advanceSeconds(Number(headers['retry-after']));
      }
      await hanko.recover();

      expect(await ok(app)).toBe(true);
      expect(app.log.messages('warn', 'HankoJwks')).toEqual([
        expect.stringMatching(
          /^Hanko's keys cannot be fetched from http\S+\/jwks\.json: [A-Z_]+\. Requests with a token get 503\.$/,
        ),
      ]);
      expect(app.log.messages('log', 'HankoJwks')).toEqual(["Hanko's keys could be fetched again"]);
    });
  });

  describe('started while Hanko is down', () => {
    it('recovers by itself when the time of Retry-After is over', async () => {
      await hanko.fault('down');
      await using app = await start();
      const refused = await app.get('/closed', bearer(token));
      await hanko.recover();
      hanko.clearRequests();

      expect(refused).toBeRefused('hanko_unavailable');
      // Within the back-off nothing is asked.
      expect(await app.get('/closed', bearer(token))).toBeRefused('hanko_unavailable');
      expect(hanko.requests).toEqual([]);
      clock.advanceSeconds(Number(refused.headers['retry-after']));
      expect(await ok(app)).toBe(true);
      expect(hanko.countRequests(JWKS)).toBe(1);
    });

    it('backs off up to 30 seconds, and recovers after a long outage as well', async () => {
      await hanko.fault('error');
      await using app = await start();
      const waits: number[] = [];
      for (let i = 0; i < 8; i++) {
        const { headers } = await app.get('/closed', bearer(token));
        waits.push(Number(headers['retry-after']));
        clock.advanceSeconds(waits.at(-1) ?? 0);
      }
      await hanko.recover();

      expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
      expect(hanko.countRequests(JWKS)).toBe(8);
      expect(await ok(app)).toBe(true);
    });

    it('many requests at a time share one fetch', async () => {
      await hanko.fault('down');
      await using app = await start();
      const refused = await app.get('/closed', bearer(token));
      await hanko.recover();
      hanko.clearRequests();
      clock.advanceSeconds(Number(refused.headers['retry-after']));
      const answers = await Promise.all(Array.from({ length: 50 }, () => ok(app)));

      expect(answers).not.toContain(false);
      expect(hanko.countRequests(JWKS)).toBe(1);
    });
  });

  describe('forged kids', () => {
    const agent = new Agent({ keepAlive: true });
    afterAll(() => agent.destroy());

    /** Sends forged kids in waves, and a good token after each. @returns whether those were let in. */
    const flood = async (app: RunningApp, count: number): Promise<boolean[]> => {
      const good: boolean[] = [];
      for (let sent = 0; sent < count; sent += 50) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, () =>
            send(`${app.url}/closed`, bearer(withForgedKid()), { agent }),
          ),
        );
        for (const answer of answers) expect(answer).toBeRefused('token_key_unknown');
        good.push(await ok(app));
      }
      return good;
    };

    it('1,000 cause one fetch per cooldown and never reject a good token', async () => {
      await using app = await startWarm();
      hanko.clearRequests();
      const good = await flood(app, 1_000);

      expect(hanko.countRequests(JWKS)).toBe(1);
      expect(good).not.toContain(false);
      clock.advanceSeconds(29);
      await flood(app, 50);
      expect(hanko.countRequests(JWKS)).toBe(1);
      clock.advanceSeconds(1);
      await flood(app, 100);
      expect(hanko.countRequests(JWKS)).toBe(2);
    });

    it('a new key is accepted at once in calm, and within one cooldown during a flood', async () => {
      await using app = await startWarm();
      await hanko.rotateKey();
      expect(await ok(app, await hanko.token({ user: userId }))).toBe(true);

      clock.advanceSeconds(30);
      await flood(app, 50);
      await hanko.rotateKey();
      const newest = await hanko.token({ user: userId });
      expect(await app.get('/closed', bearer(newest))).toBeRefused('token_key_unknown');
      expect(await ok(app)).toBe(true);
      clock.advanceSeconds(30);
      expect(await ok(app, newest)).toBe(true);
    });

    it('a key that Hanko removed stops working at the next refresh', async () => {
      await using app = await startWarm();
      const removed = hanko.signingKid;
      await hanko.rotateKey();
      hanko.removeKey(removed);
      const newest = await hanko.token({ user: userId });

      expect(await ok(app)).toBe(true);
      clock.advanceSeconds(600);
      expect(await app.get('/closed', bearer(token))).toBeRefused('token_key_unknown');
      expect(await ok(app, newest)).toBe(true);
    });
  });

  describe('the reason of a refusal', () => {
    it('is coarse to clients and precise on the diagnostics channel', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await start();
      const early = await hanko.token({ ageSeconds: -3_600 });

      expect(await app.get('/closed', bearer(early))).toBeRefused('token_not_yet_valid');
      expect(authentications.messages).toEqual([
        {
          outcome: 'refused',
          code: 'token_not_yet_valid',
          reason: 'iat or nbf is 3600 s in the future: check the clocks',
          handler: 'NotesController.closed',
        },
      ]);
    });

    it('is precise in the log at level debug', async () => {
      await using app = await start();
      await app.get('/closed', bearer(await hanko.token({ ageSeconds: -3_600 })));

      expect(app.log.messages('debug', 'HankoAuth')).toEqual([
        'token_not_yet_valid at NotesController.closed: iat or nbf is 3600 s in the future: check the clocks',
      ]);
    });

    it('says where a credential was looked for, if there is none', async () => {
      await using app = await start();
      await app.get('/closed');

      expect(app.log.messages('debug', 'HankoAuth')).toEqual([
        expect.stringMatching(
          /^credentials_missing at NotesController\.closed: looked for a token/,
        ),
      ]);
    });

    it('is published for each finished fetch', async () => {
      using fetches = recordChannel(HANKO_CHANNELS.jwks);
      await hanko.fault('error', { times: 1 });
      await using app = await start();
      const { headers } = await app.get('/closed', bearer(token));
      clock.advanceSeconds(Number(headers['retry-after']));
      await app.get('/closed', bearer(token));

      expect(fetches.messages).toEqual([
        {
          outcome: 'failed',
          reason: 'status 500',
          errorType: '500',
          retryInMs: 1_000,
          servesStale: false,
        },
        { outcome: 'refreshed', kids: hanko.jwks().keys.map(({ kid }) => kid) },
      ]);
    });
  });

  describe('optional routes while Hanko answers', () => {
    it('tell nobody, somebody and a bad credential apart', async () => {
      await using app = await start();
      const expired = await hanko.expiredToken({ user: userId });
      const forged = await hanko.forgedToken('other-key-same-kid', { user: userId });

      expect((await app.get('/optional')).text).toBe('nobody');
      expect((await app.get('/optional', { Authorization: 'Basic YTpi' })).text).toBe('nobody');
      expect((await app.get('/optional', cookie(expired))).text).toBe('nobody');
      expect((await app.get('/optional', cookie(expired, token))).text).toBe(userId);
      expect((await app.get('/optional', cookie(token))).text).toBe(userId);
      expect((await app.get('/optional', bearer(token))).text).toBe(userId);
      expect(await app.get('/optional', bearer(expired))).toBeRefused('token_expired');
      expect((await app.get('/optional', cookie(forged))).text).toBe('nobody');
      expect((await app.get('/optional', cookie(forged, expired))).text).toBe('nobody');
      expect(await app.get('/optional', bearer(forged))).toBeRefused('token_signature_invalid');
      expect(await app.get('/optional', bearer('garbage'))).toBeRefused('token_malformed');
      const elsewhere = await hanko.token({ audience: 'other' });
      expect((await app.get('/optional', cookie(elsewhere))).text).toBe('nobody');
      expect(await app.get('/optional', bearer(elsewhere))).toBeRefused('token_audience_mismatch');
    });
  });
});
