import { Injectable } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import { OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, PLATFORMS, recordChannel } from '../../support/app.js';
import { expectRevoked } from '../../support/session-spy.js';
import {
  expectAnswer,
  expectDone,
  expectFailed,
  expectInvalid,
  Gate,
  nextWebhook,
  type ReceiverApp,
  type ReceiverSetup,
  Relay,
  startReceiver,
} from '../../support/webhooks.js';
import { sessionIdIn } from '../../support/claims-in.js';

const MINUTE = 60;

let clock: FakeClock;
let relay: Relay;
/** Tells of everything, as a server built from main does. */
let hanko: FakeHanko;

beforeAll(async () => {
  clock = new FakeClock();
  relay = await Relay.start();
  hanko = await FakeHanko.start({
    now: clock.now,
    sessionLimit: 2,
    idleTimeoutSeconds: 30 * MINUTE,
    onboarding: 'skipped',
    rateLimits: 'off',
    webhooks: [{ url: relay.url }],
  });
});
beforeEach(() => {
  // Events of one test are not those of another.
  clock.advanceSeconds(10);
});
afterEach(async () => {
  relay.target = null;
  relay.statuses.length = 0;
  await hanko.recover();
  await hanko.webhooksSettled();
});
afterAll(async () => {
  await hanko.stop();
  await relay[Symbol.asyncDispose]();
});

const namesOf = (app: ReceiverApp): string[] => app.events.map(({ name }) => name);

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = ({ options: others, ...setup }: Omit<ReceiverSetup, 'hanko'> = {}) =>
    startReceiver(platform, { hanko, options: { now: clock.now, ...others }, ...setup });

  describe('a replay', () => {
    it('is answered 200 and has no effect, one after another', async () => {
      using webhooks = recordChannel('nestjs-hanko:webhook');
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {});
      for (let i = 0; i < 5; i++) expectDone(await app.post({ token, event: 'user.create' }));

      expect(app.events).toHaveLength(1);
      expect(webhooks.messages).toEqual([
        { outcome: 'done', event: 'user.create' },
        ...Array.from({ length: 4 }, () => ({ outcome: 'replay', event: 'user.create' })),
      ]);
      // Two events may say the same: only their time tells them apart.
      clock.advanceSeconds(1);
      expectDone(await app.deliver('user.create', {}));
      expect(app.events).toHaveLength(2);
    });

    it('at the same time has no effect either, also before the keys are there', async () => {
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {});
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => app.post({ token, event: 'user.create' })),
      );

      for (const answer of answers) expectDone(answer);
      expect(app.events).toHaveLength(1);
    });

    it('waits for the first delivery, and shares its fate', async () => {
      const gate = new Gate();
      const started = new Gate();
      let calls = 0;
      @Injectable()
      class Slow {
        @OnHankoEvent('user.create')
        async work(): Promise<void> {
          calls += 1;
          started.open();
          await gate.isOpen;
          throw new Error('not today');
        }
      }
      await using app = await start({ providers: [Slow] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };
      const first = app.post(body);
      await started.isOpen;
      const replayed = nextWebhook('replay');
      const second = app.post(body);
      await replayed;
      gate.open();

      expectFailed(await first);
      expectFailed(await second);
      expect(calls).toBe(1);
    });

    it('has no effect for as long as the token is good', async () => {
      await using app = await start({ options: { clockToleranceSeconds: 0 } });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };
      expectDone(await app.post(body));
      for (let i = 0; i < 3; i++) {
        clock.advanceSeconds(100);
        expectDone(await app.deliver('user.login', {}));
        expectDone(await app.post(body));
      }
      clock.advanceSeconds(40);

      expectInvalid(await app.post(body));
      expect(namesOf(app).filter((name) => name === 'user.create')).toHaveLength(1);
    });
  });

  describe("while Hanko's keys cannot be had", () => {
    it.each(['down', 'error', 'hang', 'garbage'] as const)(
      'is 503 with Retry-After and no effect, and good later: %s',
      async (fault) => {
        await hanko.fault(fault);
        using webhooks = recordChannel('nestjs-hanko:webhook');
        await using app = await start({ options: { jwksTimeoutMs: 200 } });
        const token = await hanko.token();
        const sessionId = sessionIdIn(token);
        const event = 'session.delete.explicit.logout';
        const body = { token: await hanko.webhookToken(event, { id: sessionId }), event };
        const refused = await app.post(body);

        expectAnswer(refused, 503, 'hanko_unavailable');
        expect(app.events).toEqual([]);
        expect(webhooks.messages).toEqual([{ outcome: 'refused', reason: expect.any(String) }]);
        await hanko.recover();
        clock.advanceSeconds(Number(refused.headers['retry-after']));
        expect((await app.get('/closed', bearer(token))).text).toBe(sessionId);
        expectDone(await app.post(body));
        expectDone(await app.post(body));
        expect(namesOf(app)).toEqual([event]);
        expectRevoked(await app.get('/closed', bearer(token)));
      },
    );

    it('what is bad in itself is 400 all the same', async () => {
      await hanko.fault('down');
      await using app = await start();

      expectInvalid(await app.post({ token: 'garbage', event: 'user.create' }));
      expectInvalid(await app.deliver('user.create', {}, { ageSeconds: 336 }));
      expectInvalid(await app.post({ token: await hanko.token(), event: 'user.create' }));
    });

    it('a new key is fetched for a webhook as for a session', async () => {
      await using app = await start();
      expectDone(await app.deliver('user.create', { n: 1 }));
      await hanko.rotateKey();

      expectDone(await app.deliver('user.create', { n: 2 }));
    });
  });

  describe('a webhook that is late', () => {
    it.each([
      [330, true],
      [334, true],
      [335, false],
      [-34, true],
      [-36, false],
    ])('by %i seconds is taken: %s', async (ageSeconds, isTaken) => {
      await using app = await start();
      const token = await hanko.webhookToken('user.create', {}, { ageSeconds });
      const answer = await app.post({ token, event: 'user.create' });

      if (isTaken) expectDone(answer);
      else expectInvalid(answer);
      expect(app.events).toHaveLength(isTaken ? 1 : 0);
    });
  });
});
