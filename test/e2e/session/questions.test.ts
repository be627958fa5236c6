import '../../support/to-be-refused.js';
import { APP_GUARD } from '@nestjs/core';
import { HankoAuthGuard, type HankoModuleOptions, type HankoSessionPolicy } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bearer, cookie, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import {
  ArrivalGuard,
  expectRevoked,
  HeldFetch,
  SessionSpy,
  VALIDATE,
} from '../../support/session-spy.js';
import {
  clock,
  hanko,
  token,
  sessionId,
  asked,
  methodsAsked,
  hankoModule,
  CONTROLLERS,
  useFakeHanko,
  useToken,
} from '../../support/session-policy-app.js';
import { sessionIdIn } from '../../support/claims-in.js';

useFakeHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (options: HankoModuleOptions = {}): Promise<RunningApp> =>
    startApp(platform, {
      imports: [hankoModule(options)],
      controllers: CONTROLLERS,
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  /** Whether this token is let in, and as whom. */
  const isIn = async (app: RunningApp, path: string, good = token): Promise<boolean> =>
    (await app.get(path, bearer(good))).text === sessionIdIn(good);

  describe('requests at the same time', () => {
    interface HeldApp extends AsyncDisposable {
      readonly app: RunningApp;
      readonly arrivals: ArrivalGuard;
      release(): void;
    }

    /** An app whose questions to Hanko wait until they are let go. */
    const startHeld = async (): Promise<HeldApp> => {
      const held = new HeldFetch();
      const arrivals = new ArrivalGuard();
      const app = await startApp(platform, {
        imports: [hankoModule({ fetch: held.fetch, validateTimeoutMs: 60_000 })],
        controllers: CONTROLLERS,
        providers: [
          { provide: APP_GUARD, useValue: arrivals },
          { provide: APP_GUARD, useExisting: HankoAuthGuard },
        ],
      });
      // The keys are there, and the signature is known: nothing else is waited for.
      expect(await isIn(app, '/unmarked')).toBe(true);
      hanko.clearRequests();
      return {
        app,
        arrivals,
        release: () => held.release(),
        [Symbol.asyncDispose]: () => {
          held.release();
          return app[Symbol.asyncDispose]();
        },
      };
    };

    it('1,000 of one session are the question under way, and one or two for those who wait', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      await hanko.fault('slow', { path: VALIDATE, delayMs: 20 });
      const answers: Promise<boolean>[] = [];
      // In waves, or the connections would not fit into the line of the listening socket.
      for (let wave = 1; wave <= 4; wave++) {
        for (let i = 0; i < 250; i++) answers.push(isIn(app, '/online'));
        await arrivals.until(1 + wave * 250);
      }
      held.release();

      expect(new Set(await Promise.all(answers))).toEqual(new Set([true]));
      expect(answers).toHaveLength(1_000);
      expect(asked()).toBeLessThanOrEqual(3);
    });

    it('all of them are refused if that session has ended', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      hanko.revoke(token);
      const answers = Array.from({ length: 50 }, () => app.get('/online', bearer(token)));
      await arrivals.until(51);
      held.release();

      for (const answer of await Promise.all(answers)) expectRevoked(answer);
      expect(asked()).toBe(1);
    });

    it('of different sessions are a question each', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      const others = await Promise.all(Array.from({ length: 9 }, () => hanko.token()));
      const dead = others[3] ?? '';
      hanko.revoke(dead);
      const answers = [token, ...others].map((each) => isIn(app, '/online', each));
      await arrivals.until(11);
      held.release();

      expect(await Promise.all(answers)).toEqual([token, ...others].map((each) => each !== dead));
      expect(asked()).toBe(10);
    });

    it('a question that is no activity does not stand for one that is', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      const passive = isIn(app, '/passive');
      await arrivals.until(2);
      const active = [isIn(app, '/minute'), isIn(app, '/minute'), isIn(app, '/passive')];
      await arrivals.until(5);
      held.release();

      expect(await Promise.all([passive, ...active])).toEqual([true, true, true, true]);
      expect(methodsAsked()).toEqual(['GET', 'POST']);
    });

    it('a question that is activity stands for one that is not', async () => {
      await using held = await startHeld();
      const { app, arrivals } = held;
      const active = isIn(app, '/minute');
      await arrivals.until(2);
      const passive = isIn(app, '/passive');
      await arrivals.until(3);
      held.release();

      expect(await Promise.all([active, passive])).toEqual([true, true]);
      expect(methodsAsked()).toEqual(['POST']);
    });
  });

  describe('two policies for one session', () => {
    it('an answer holds for every route whose time is not over', async () => {
      await using app = await start();
      expect(await isIn(app, '/online')).toBe(true);
      expect(await isIn(app, '/minute')).toBe(true);
      expect(asked()).toBe(1);
      expect(await isIn(app, '/online')).toBe(true);
      expect(asked()).toBe(2);
    });

    it("what 'online' has learned, the others know at once", async () => {
      await using app = await start();
      expect(await isIn(app, '/minute')).toBe(true);
      hanko.revoke(token);
      expect(await isIn(app, '/minute')).toBe(true);
      expectRevoked(await app.get('/online', bearer(token)));

      expectRevoked(await app.get('/minute', bearer(token)));
      expectRevoked(await app.get('/passive', bearer(token)));
      expect(asked()).toBe(2);
      // Also who does not ask.
      expectRevoked(await app.get('/offline', bearer(token)));
      expectRevoked(await app.get('/online', bearer(token)));
      expect(asked()).toBe(2);
    });

    it('an answer by GET does not do for a route that has to keep the session alive', async () => {
      await using app = await start();
      expect(await isIn(app, '/passive')).toBe(true);
      expect(await isIn(app, '/minute')).toBe(true);
      expect(await isIn(app, '/passive')).toBe(true);
      expect(methodsAsked()).toEqual(['GET', 'POST']);
      clock.advanceSeconds(30);
      expect(await isIn(app, '/minute')).toBe(true);
      clock.advanceSeconds(30);
      expect(await isIn(app, '/passive')).toBe(true);
      expect(await isIn(app, '/minute')).toBe(true);
      expect(methodsAsked()).toEqual(['GET', 'POST', 'GET', 'POST']);
    });
  });

  describe('what is asked', () => {
    it('by default a POST with the token in its body alone', async () => {
      await using spy = await SessionSpy.start(hanko.url);
      await using app = await start({ apiUrl: spy.url });

      expect((await app.get('/minute', cookie(token))).text).toBe(sessionId);
      expect(spy.questions).toEqual([
        { method: 'POST', url: VALIDATE, headers: expect.any(Object), body: expect.any(String) },
      ]);
      const [{ headers, body } = { headers: {}, body: '' }] = spy.questions;
      expect(JSON.parse(body)).toEqual({ session_token: token });
      expect(headers['content-type']).toBe('application/json');
      expect(JSON.stringify(headers)).not.toContain(token);
      expect(headers).not.toHaveProperty('cookie');
    });

    it('with keepAlive: false a GET with the token in Authorization alone', async () => {
      await using spy = await SessionSpy.start(hanko.url);
      await using app = await start({ apiUrl: spy.url });

      expect((await app.get('/passive', cookie(token))).text).toBe(sessionId);
      expect(spy.questions).toEqual([
        {
          method: 'GET',
          url: VALIDATE,
          headers: expect.objectContaining({ authorization: `Bearer ${token}` }),
          body: '',
        },
      ]);
      expect(spy.questions[0]?.headers).not.toHaveProperty('cookie');
    });

    it('by GET a session that has ended is refused as well', async () => {
      await using app = await start();
      hanko.revoke(token);

      expectRevoked(await app.get('/passive', bearer(token)));
      expect(methodsAsked()).toEqual(['GET']);
    });
  });

  describe('with an idle timeout of 20 seconds on the server', () => {
    let idle: FakeHanko;
    beforeEach(async () => {
      idle = await FakeHanko.start({ now: clock.now, idleTimeoutSeconds: 20 });
      useToken(await idle.token());
    });
    afterEach(() => idle.stop());

    const startIdle = (session: HankoSessionPolicy): Promise<RunningApp> =>
      start({ apiUrl: idle.url, session });

    it('who calls every 5 seconds stays signed in under { refreshSeconds: 10 }', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      for (let seconds = 0; seconds <= 120; seconds += 5) {
        expect([seconds, await isIn(app, '/unmarked')]).toEqual([seconds, true]);
        clock.advanceSeconds(5);
      }

      expect(idle.countRequests(VALIDATE)).toBe(13);
      expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
    });

    it('who calls every 5 seconds is signed out with keepAlive: false', async () => {
      await using app = await startIdle({ refreshSeconds: 10, keepAlive: false });
      const lasts: boolean[] = [];
      for (let seconds = 0; seconds <= 30; seconds += 5) {
        lasts.push(await isIn(app, '/unmarked'));
        clock.advanceSeconds(5);
      }

      expect(lasts.slice(0, 4)).toEqual([true, true, true, true]);
      expect(lasts.at(-1)).toBe(false);
      expectRevoked(await app.get('/unmarked', bearer(token)));
    });

    it('keepAlive: false is no reason for a warning: it is meant not to keep anybody signed in', async () => {
      await using app = await startIdle({ refreshSeconds: 10, keepAlive: false });
      expect(await isIn(app, '/unmarked')).toBe(true);
      clock.advanceSeconds(15);
      expect(await isIn(app, '/unmarked')).toBe(true);

      expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
    });

    it('who does nothing is signed out', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      expect(await isIn(app, '/unmarked')).toBe(true);
      clock.advanceSeconds(21);

      expectRevoked(await app.get('/unmarked', bearer(token)));
    });

    it('a route that asks nobody is no activity', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      for (let i = 0; i < 5; i++) {
        expect(await isIn(app, '/offline')).toBe(true);
        clock.advanceSeconds(5);
      }

      expectRevoked(await app.get('/unmarked', bearer(token)));
    });

    it('polling by GET in between does not stop the POST that keeps the session alive', async () => {
      await using app = await startIdle({ refreshSeconds: 10 });
      for (let seconds = 0; seconds <= 120; seconds += 5) {
        expect([seconds, await isIn(app, '/passive')]).toEqual([seconds, true]);
        expect([seconds, await isIn(app, '/unmarked')]).toEqual([seconds, true]);
        clock.advanceSeconds(5);
      }
    });

    it('a longer refreshSeconds signs active users out, and the log says so once', async () => {
      await using app = await startIdle({ refreshSeconds: 30 });
      expect(await isIn(app, '/unmarked')).toBe(true);
      expect(await isIn(app, '/unmarked', await idle.token())).toBe(true);
      clock.advanceSeconds(29);
      expect(await isIn(app, '/unmarked')).toBe(true);
      clock.advanceSeconds(1);

      expectRevoked(await app.get('/unmarked', bearer(token)));
      expect(app.log.messages('warn', 'HankoSessions')).toEqual([
        expect.stringMatching(/idle timeout is shorter than the refreshSeconds/),
      ]);
    });
  });
});
