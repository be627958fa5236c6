import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, HankoModule, type HankoModuleOptions } from 'nestjs-hanko';
import { type FaultKind } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  cookie,
  type HeaderFields,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { expectRevoked, VALIDATE } from '../../support/session-spy.js';
import {
  useFailingHanko,
  askGone,
  expectNoLeaks,
  asked,
  hanko,
  type Health,
  answers,
  fail,
  newToken,
  token,
  gone,
  userId,
  addresses,
  StrictController,
  NotesController,
  clock,
  AUDIENCE,
  logs,
} from '../../support/session-outage.js';

/** What operators are told of each way to fail: no address, no token. */
const REASONS = {
  down: /^(UND_ERR_SOCKET|ECONNRESET)$/,
  refuse: /^(ECONNREFUSED|status \d+)$/,
  hang: /^no reply within 50 ms$/,
  drip: /^no reply within 50 ms$/,
  error: /^status 500$/,
  unavailable: /^status 503$/,
  garbage: /^the reply is a web page, not JSON$/,
  'wrong-json': /^the reply does not have the shape of \/sessions\/validate$/,
  redirect: /^status 302$/,
  oversized: /^the reply has more than 65536 bytes$/,
} satisfies Record<Exclude<FaultKind, 'slow'>, RegExp>;

/** Those that say something of Hanko; all others are the failure of one request. */
const OUTAGES: readonly string[] = ['down', 'refuse', 'hang', 'drip', 'error', 'unavailable'];

type Failure = keyof typeof REASONS;
const FAILURES = Object.keys(REASONS) as Failure[];

useFailingHanko();

describe('sessions while Hanko fails', { shuffle: false }, () => {
  describe.each(PLATFORMS)('on %s', (platform) => {
    const start = async (options: HankoModuleOptions = {}): Promise<RunningApp> => {
      const log = new CapturedLog();
      logs.push(log);
      const app = await startApp(
        platform,
        {
          imports: [
            HankoModule.forRoot({
              apiUrl: hanko.url,
              audience: AUDIENCE,
              now: clock.now,
              ...options,
            }),
          ],
          controllers: [NotesController, StrictController],
          providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
        },
        { log },
      );
      addresses.push(`:${new URL(app.url).port}`);
      return app;
    };

    /** An app that has the keys already. */
    const startWarm = async (options: HankoModuleOptions = {}): Promise<RunningApp> => {
      const app = await start(options);
      expect((await get(app, '/offline')).text).toBe(userId);
      hanko.clearRequests();
      return app;
    };

    /** An app whose questions about sessions fail like this, and nothing else. */
    const startFailing = async (
      failure: Failure,
      options: HankoModuleOptions = {},
    ): Promise<RunningApp> => {
      const isSilent = failure === 'hang' || failure === 'drip';
      const timeout = isSilent ? { validateTimeoutMs: 50 } : {};
      if (failure === 'refuse') {
        await askGone();
        return start({ apiUrl: gone.url, jwks: gone.jwks(), ...options });
      }
      const app = await startWarm({ ...timeout, ...options });
      await fail(failure);
      return app;
    };

    const get = async (
      app: RunningApp,
      path: string,
      headers: HeaderFields = bearer(token),
    ): Promise<Answer> => {
      const answer = await app.get(path, headers);
      answers.push(answer);
      return answer;
    };

    const health = async (app: RunningApp): Promise<Health> =>
      (await get(app, '/health', {})).body as Health;

    /** Somebody else. */
    const another = async (): Promise<HeaderFields> => bearer(await newToken());

    /** So many failures in a row, of different sessions, that Hanko is left alone. */
    const open = async (app: RunningApp, path = '/online'): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        expect(await get(app, path, await another())).toBeRefused('hanko_unavailable');
      }
    };

    describe.each(FAILURES)('while /sessions/validate fails: %s', (failure) => {
      it("'online' is 503, never 401, also where anonymous callers are let in", async () => {
        await using app = await startFailing(failure);

        expect(await get(app, '/online')).toBeRefused('hanko_unavailable');
        expect(await get(app, '/online', cookie(token))).toBeRefused('hanko_unavailable');
        expect(await get(app, '/minute')).toBeRefused('hanko_unavailable');
        expect(await get(app, '/strict/optional')).toBeRefused('hanko_unavailable');
        expect(await get(app, '/strict/optional', cookie(token))).toBeRefused('hanko_unavailable');
        expect((await get(app, '/strict/optional', {})).text).toBe('nobody');
      });

      it("onUnavailable: 'accept' goes by the token, on a route", async () => {
        await using app = await startFailing(failure);
        // More than it takes for Hanko to be left alone.
        for (let i = 0; i < 8; i++) {
          const answer = await get(app, '/accept');
          expect([answer.status, answer.text]).toEqual([200, userId]);
        }
        expect((await get(app, '/minute-accept')).text).toBe(userId);
        expect(await get(app, '/accept', bearer('garbage'))).toBeRefused('token_malformed');
      });

      it("onUnavailable: 'accept' goes by the token, on the module, where a route says nothing", async () => {
        await using app = await startFailing(failure, {
          session: 'online',
          onUnavailable: 'accept',
        });

        expect((await get(app, '/unmarked')).text).toBe(userId);
        expect((await get(app, '/online')).text).toBe(userId);
        expect((await get(app, '/minute')).text).toBe(userId);
        expect((await get(app, '/strict/optional', cookie(token))).text).toBe(userId);
        expect(await get(app, '/reject')).toBeRefused('hanko_unavailable');
      });

      it('routes that ask nobody notice nothing', async () => {
        await using app = await startFailing(failure);
        expect(await get(app, '/online')).toBeRefused('hanko_unavailable');

        expect((await get(app, '/offline')).text).toBe(userId);
        expect((await get(app, '/unmarked')).text).toBe(userId);
        expect(await get(app, '/offline', {})).toBeRefused('credentials_missing');
      });

      it('operators are told why, in the log and by HankoHealth', async () => {
        await using app = await startFailing(failure);
        await open(app);
        const { sessions } = await health(app);

        const isOutage = OUTAGES.includes(failure);
        expect(sessions).toEqual({
          state: isOutage ? 'failing' : 'answering',
          lastAnswerAt: null,
          lastFailure: {
            at: new Date(clock.now()).toISOString(),
            reason: expect.stringMatching(REASONS[failure]),
          },
          retryAt: isOutage ? new Date(clock.now() + 1_000).toISOString() : null,
        });
        expect(app.log.messages('warn', 'HankoSessions')).toEqual([
          expect.stringContaining(
            isOutage
              ? `: ${sessions.lastFailure?.reason}. Until it can,`
              : `is unusable: ${sessions.lastFailure?.reason}. Such requests get 503`,
          ),
        ]);
      });
    });

    it('a slow answer is an answer', async () => {
      await using app = await startWarm();
      await hanko.fault('slow', { path: VALIDATE, delayMs: 30 });

      expect((await get(app, '/online')).text).toBe(userId);
      hanko.revoke(token);
      expectRevoked(await get(app, '/online'));
    });

    it.each(['error', 'down', 'garbage'] as const)(
      "a session that is known to have ended stays out with 'accept': %s",
      async (failure) => {
        await using app = await startWarm();
        hanko.revoke(token);
        expectRevoked(await get(app, '/online'));
        await fail(failure);

        for (let i = 0; i < 8; i++) expectRevoked(await get(app, '/accept'));
        clock.advanceSeconds(3_600);
        expectRevoked(await get(app, '/accept'));
        expectRevoked(await get(app, '/minute-accept'));
      },
    );

    it("and with 'reject': what is known needs no Hanko", async () => {
      await using app = await startWarm();
      hanko.revoke(token);
      expectRevoked(await get(app, '/online'));
      await fail('error');
      clock.advanceSeconds(3_600);

      for (let i = 0; i < 8; i++) expectRevoked(await get(app, '/online'));
    });

    it('an anonymous caller whose session is known to have ended stays anonymous', async () => {
      await using app = await startWarm({
        session: { refreshSeconds: 60, onUnavailable: 'accept' },
      });
      hanko.revoke(token);
      expectRevoked(await get(app, '/unmarked'));
      await fail('error');
      clock.advanceSeconds(61);

      expectRevoked(await get(app, '/unmarked'));
      expectRevoked(await get(app, '/unmarked', cookie(token)));
    });

    describe('answers that were given before the outage', () => {
      it('serve on until their time is over', async () => {
        await using app = await startWarm();
        expect((await get(app, '/minute')).text).toBe(userId);
        await fail('down');
        await open(app);
        clock.advanceSeconds(59);
        const before = asked();

        expect((await get(app, '/minute')).text).toBe(userId);
        expect(asked()).toBe(before);
        clock.advanceSeconds(1);
        expect(await get(app, '/minute')).toBeRefused('hanko_unavailable');
        expect((await get(app, '/minute-accept')).text).toBe(userId);
      });

      it('keep those out whose session had ended', async () => {
        await using app = await startWarm();
        hanko.revoke(token);
        expectRevoked(await get(app, '/minute'));
        await fail('down');
        clock.advanceSeconds(59);

        expectRevoked(await get(app, '/minute'));
        expect(asked()).toBe(1);
      });
    });
  });

  it('no log line, published message or answer of this file holds a token, an address or a stack', () => {
    expectNoLeaks();
  });
});
