import { APP_GUARD } from '@nestjs/core';
import { HANKO_CHANNELS, HankoAuthGuard, HankoModule, type HankoModuleOptions } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  type HeaderFields,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { expectRevoked, HeldFetch } from '../../support/session-spy.js';
import {
  useFailingHanko,
  expectNoLeaks,
  asked,
  hanko,
  type Health,
  answers,
  fail,
  newToken,
  token,
  userId,
  addresses,
  StrictController,
  NotesController,
  clock,
  AUDIENCE,
  logs,
} from '../../support/session-outage.js';

useFailingHanko();

describe('the circuit of sessions', { shuffle: false }, () => {
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

    describe('after five failures in a row', () => {
      it('Hanko is left alone until the time of Retry-After is over, then tried once', async () => {
        await using app = await startWarm();
        await fail('error');
        await open(app);
        expect(asked()).toBe(5);
        for (let i = 0; i < 20; i++) {
          const answer = await get(app, '/online');
          expect(answer).toBeRefused('hanko_unavailable');
          expect(answer.headers['retry-after']).toBe('1');
        }
        expect((await get(app, '/accept')).text).toBe(userId);
        expect(asked()).toBe(5);

        clock.advanceSeconds(1);
        expect(await get(app, '/online', await another())).toBeRefused('hanko_unavailable');
        expect(await get(app, '/online', await another())).toBeRefused('hanko_unavailable');
        expect(asked()).toBe(6);
      });

      it('the wait doubles up to 30 seconds', async () => {
        await using app = await startWarm();
        await fail('unavailable');
        await open(app);
        const waits: number[] = [];
        for (let i = 0; i < 8; i++) {
          const { headers } = await get(app, '/online');
          waits.push(Number(headers['retry-after']));
          clock.advanceSeconds(waits.at(-1) ?? 0);
          await get(app, '/online', await another());
        }

        expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
        expect(asked()).toBe(5 + 8);
      });

      it('all recovers without a restart, also after a long outage', async () => {
        await using app = await startWarm();
        await fail('down');
        await open(app);
        for (let i = 0; i < 7; i++) {
          clock.advanceSeconds(30);
          expect(await get(app, '/online', await another())).toBeRefused('hanko_unavailable');
        }
        await hanko.recover();
        expect(await get(app, '/online')).toBeRefused('hanko_unavailable');
        const before = asked();
        clock.advanceSeconds(30);

        expect((await get(app, '/online')).text).toBe(userId);
        expect((await get(app, '/online')).text).toBe(userId);
        expect(asked()).toBe(before + 2);
        hanko.revoke(token);
        expectRevoked(await get(app, '/online'));
      });

      it('many sessions at the same time make one try', async () => {
        await using app = await startWarm();
        await fail('error');
        await open(app);
        const many = await Promise.all(Array.from({ length: 20 }, () => newToken()));
        clock.advanceSeconds(1);
        const before = asked();
        const refused = await Promise.all(many.map((each) => get(app, '/online', bearer(each))));

        for (const answer of refused) expect(answer).toBeRefused('hanko_unavailable');
        expect(asked()).toBe(before + 1);
      });

      it('the next outage starts anew', async () => {
        await using app = await startWarm();
        await fail('error');
        await open(app);
        await hanko.recover();
        clock.advanceSeconds(1);
        expect((await get(app, '/online')).text).toBe(userId);
        hanko.clearRequests();
        await fail('error');
        await open(app);

        expect(asked()).toBe(5);
        expect((await get(app, '/online')).headers['retry-after']).toBe('1');
      });
    });

    it('four failures and an answer, again and again, leave nobody alone', async () => {
      await using app = await startWarm();
      for (let i = 0; i < 3; i++) {
        await fail('error', 4);
        for (let j = 0; j < 4; j++) {
          const answer = await get(app, '/online');
          expect(answer).toBeRefused('hanko_unavailable');
          expect(answer.headers['retry-after']).toBe('1');
        }
        expect((await get(app, '/online')).text).toBe(userId);
      }

      expect(asked()).toBe(15);
      expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
    });

    it('the log says once that an outage begins, and once that it is over', async () => {
      await using app = await startWarm();
      await fail('error');
      await open(app);
      for (let i = 0; i < 5; i++) {
        await get(app, '/accept');
        await get(app, '/online', await another());
        clock.advanceSeconds(30);
      }
      await hanko.recover();
      expect((await get(app, '/online')).text).toBe(userId);
      expect((await get(app, '/online')).text).toBe(userId);

      expect(app.log.messages('warn', 'HankoSessions')).toEqual([
        'Hanko cannot validate sessions: status 500. ' +
          'Until it can, policies with onUnavailable: "accept" accept any valid token, and the others respond with 503.',
      ]);
      expect(app.log.messages('log', 'HankoSessions')).toEqual(['Hanko validates sessions again']);
    });

    it('each question is published, and no refusal to ask', async () => {
      using sessions = recordChannel(HANKO_CHANNELS.session);
      await using app = await startWarm();
      await get(app, '/online');
      await fail('error');
      await open(app);
      await get(app, '/online');
      await hanko.recover();
      hanko.revoke(token);
      clock.advanceSeconds(1);
      await get(app, '/online');

      const failed = { outcome: 'failed', reason: 'status 500', errorType: '500' };
      expect(sessions.messages).toEqual([
        { outcome: 'alive' },
        ...Array.from({ length: 4 }, () => ({ ...failed, retryInMs: 0 })),
        { ...failed, retryInMs: 1_000 },
        { outcome: 'ended' },
      ]);
    });

    describe('HankoHealth over HTTP', () => {
      const UNUSED = { state: 'unused', lastAnswerAt: null, lastFailure: null, retryAt: null };
      const at = (): string => new Date(clock.now()).toISOString();

      it('says how the questions go, before, during and after an outage', async () => {
        await using app = await startWarm({ session: 'online' });
        expect(await health(app)).toMatchObject({ status: 'up', sessions: UNUSED });

        await get(app, '/unmarked');
        const answeredAt = at();
        const good = { state: 'answering', lastAnswerAt: answeredAt, lastFailure: null };
        clock.advanceSeconds(10);
        expect(await health(app)).toMatchObject({
          status: 'up',
          sessions: { ...good, retryAt: null },
        });

        await fail('error');
        await get(app, '/unmarked');
        const lastFailure = { at: at(), reason: 'status 500' };
        // One question that failed is no outage.
        expect(await health(app)).toMatchObject({
          status: 'up',
          sessions: { state: 'answering', lastAnswerAt: answeredAt, lastFailure, retryAt: null },
        });
        await open(app, '/unmarked');
        const bad = { state: 'failing', lastAnswerAt: answeredAt, lastFailure };
        const retryAt = new Date(clock.now() + 1_000).toISOString();
        expect(await health(app)).toMatchObject({ status: 'down', sessions: { ...bad, retryAt } });
        // The wait is over: the next request is asked about.
        clock.advanceSeconds(1);
        expect(await health(app)).toMatchObject({
          status: 'up',
          sessions: { state: 'answering', lastFailure, retryAt: null },
        });

        await hanko.recover();
        await get(app, '/unmarked');
        expect(await health(app)).toMatchObject({
          status: 'up',
          sessions: { state: 'answering', lastAnswerAt: at(), lastFailure, retryAt: null },
        });
      });

      it.each<[string, HankoModuleOptions, string]>([
        ["'accept' for all", { session: 'online', onUnavailable: 'accept' }, 'degraded'],
        [
          "a policy that says 'accept' itself",
          { session: { refreshSeconds: 60, onUnavailable: 'accept' } },
          'degraded',
        ],
        [
          "a policy that says 'reject' itself",
          { session: { refreshSeconds: 60, onUnavailable: 'reject' }, onUnavailable: 'accept' },
          'down',
        ],
        ["'offline', and a route that asks", {}, 'degraded'],
        ["'online'", { session: 'online' }, 'down'],
      ])('with %s', async (_, options, status) => {
        await using app = await startWarm(options);
        await fail('error');
        await open(app, '/reject');

        expect(await health(app)).toMatchObject({ status, sessions: { state: 'failing' } });
      });

      it('asks nobody', async () => {
        await using app = await startWarm({ session: 'online' });
        for (let i = 0; i < 5; i++) await health(app);

        expect(hanko.requests).toEqual([]);
      });

      it('a session that has ended is an answer', async () => {
        await using app = await startWarm({ session: 'online' });
        hanko.revoke(token);
        await get(app, '/unmarked');

        expect(await health(app)).toMatchObject({ status: 'up', sessions: { state: 'answering' } });
      });
    });

    it('a question that hangs does not hold up the end of the app', async () => {
      const held = new HeldFetch();
      const app = await startWarm({ validateTimeoutMs: 60_000, fetch: held.fetch });
      await fail('hang');
      const hanging = get(app, '/online').catch(() => undefined);
      await held.isAsked;
      held.release();
      await app[Symbol.asyncDispose]();
      await hanging;

      // Nothing of it is an outage.
      expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
    });
  });

  it('no log line, published message or answer of this file holds a token, an address or a stack', () => {
    expectNoLeaks();
  });
});
