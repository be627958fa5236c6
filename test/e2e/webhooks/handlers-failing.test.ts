import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import { OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, PLATFORMS, recordChannel } from '../../support/app.js';
import { expectRevoked } from '../../support/session-spy.js';
import {
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

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = ({ options: others, ...setup }: Omit<ReceiverSetup, 'hanko'> = {}) =>
    startReceiver(platform, { hanko, options: { now: clock.now, ...others }, ...setup });

  /** Takes a good delivery once, and no bad one. */
  const expectReceiving = async (app: ReceiverApp): Promise<void> => {
    const data = { id: randomUUID() };
    const token = await hanko.webhookToken('user.create', data);

    expectDone(await app.post({ token, event: 'user.create' }));
    expectDone(await app.post({ token, event: 'user.create' }));
    expect(app.events.filter((event) => event.name === 'user.create')).toEqual([
      { name: 'user.create', data, issuedAt: new Date(Math.floor(clock.now() / 1000) * 1000) },
    ]);
    expectInvalid(await app.post({ token: `${token.slice(0, -4)}AAAA`, event: 'user.create' }));
    expectInvalid(await app.post({ token, event: 'user.delete' }));
    expectInvalid(await app.post({}));
    expect(app.events).toHaveLength(1);
  };

  describe('handlers that fail', () => {
    it('are answered 500, and the same delivery is processed when it comes again', async () => {
      let calls = 0;
      @Injectable()
      class FailsOnce {
        @OnHankoEvent('user.create')
        fail(): void {
          calls += 1;
          if (calls === 1) throw new Error('not today');
        }
      }
      using webhooks = recordChannel('nestjs-hanko:webhook');
      await using app = await start({ providers: [FailsOnce] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      expectDone(await app.post(body));
      expectDone(await app.post(body));
      expect(calls).toBe(2);
      expect(webhooks.messages).toEqual([
        { outcome: 'failed', event: 'user.create' },
        { outcome: 'done', event: 'user.create' },
        { outcome: 'replay', event: 'user.create' },
      ]);
      expect(app.log.messages('error', 'HankoWebhooks')).toEqual([
        expect.stringMatching(/^FailsOnce\.fail failed for user\.create: Error, whose message/),
      ]);
    });

    it('do not hide one another', async () => {
      const calls: string[] = [];
      @Injectable()
      class First {
        @OnHankoEvent('user.create')
        throws(): void {
          calls.push('throws');
          throw new Error('not today');
        }
      }
      @Injectable()
      class Second {
        @OnHankoEvent('user.create')
        async rejects(): Promise<void> {
          calls.push('rejects');
          return Promise.reject(new TypeError('nor tomorrow'));
        }

        @OnHankoEvent('user.create')
        works(): void {
          calls.push('works');
        }
      }
      await using app = await start({ providers: [First, Second] });

      expectFailed(await app.deliver('user.create', {}));
      expect(calls.toSorted()).toEqual(['rejects', 'throws', 'works']);
      expect(app.events).toHaveLength(1);
      expect(
        app.log
          .messages('error', 'HankoWebhooks')
          .map((line) => line.split(', ')[0])
          .toSorted(),
      ).toEqual([
        'First.throws failed for user.create: Error',
        'Second.rejects failed for user.create: TypeError',
      ]);
    });

    it('by hanging are answered 500 after handlerTimeoutMs, and may get it again', async () => {
      let calls = 0;
      @Injectable()
      class HangsOnce {
        @OnHankoEvent('user.create')
        async hang(): Promise<void> {
          calls += 1;
          if (calls === 1) await new Promise(() => undefined);
        }
      }
      using webhooks = recordChannel('nestjs-hanko:webhook');
      await using app = await start({
        providers: [HangsOnce],
        webhooks: { handlerTimeoutMs: 20 },
      });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      expect(webhooks.messages).toEqual([{ outcome: 'failed', event: 'user.create' }]);
      expect(app.log.messages('error', 'HankoWebhooks')).toEqual([
        'Handlers of user.create did not finish within 20 ms',
      ]);
      expectDone(await app.post(body));
      expect(calls).toBe(2);
    });

    it.each([
      ['nothing', undefined],
      ['null', null],
      ['text', 'not today'],
      ['an object', { why: 'not today' }],
      ['a bare object', Object.create(null) as object],
      ['an error without a stack', Object.assign(new Error('x'), { stack: undefined })],
    ])('may throw %s', async (_what, thrown) => {
      let isGood = false;
      @Injectable()
      class Odd {
        @OnHankoEvent('user.create')
        throws(): void {
          if (!isGood) throw thrown as Error;
        }
      }
      await using app = await start({ providers: [Odd] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      isGood = true;
      expectDone(await app.post(body));
    });

    it.each([
      [
        'a stack that cannot be read',
        Object.defineProperty(new Error('x'), 'stack', {
          get: () => {
            throw new Error('unreadable');
          },
        }),
      ],
      ['a stack that is no text', { stack: Object.create(null) as object }],
    ])('may throw an error with %s', async (_what, thrown) => {
      let isGood = false;
      @Injectable()
      class Odd {
        @OnHankoEvent('user.create')
        throws(): void {
          if (!isGood) throw thrown as Error;
        }
      }
      await using app = await start({ providers: [Odd] });
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectFailed(await app.post(body));
      isGood = true;
      expectDone(await app.post(body));
    });
  });

  describe("respond: 'beforeHandlers'", () => {
    it('is 200 although a handler throws', async () => {
      @Injectable()
      class Throwing {
        @OnHankoEvent('user.create')
        throws(): void {
          throw new Error('not today');
        }
      }
      await using app = await start({
        providers: [Throwing],
        webhooks: { respond: 'beforeHandlers' },
      });
      const failed = nextWebhook('failed');
      const body = { token: await hanko.webhookToken('user.create', {}), event: 'user.create' };

      expectDone(await app.post(body));
      expect(await failed).toEqual({ outcome: 'failed', event: 'user.create' });
      expectDone(await app.post(body));
      expect(app.events).toHaveLength(1);
    });

    it('is 200 although a handler throws what cannot be read, and no rejection gets lost', async () => {
      @Injectable()
      class Odd {
        @OnHankoEvent('user.create')
        throws(): void {
          throw Object.defineProperty(new Error('x'), 'stack', {
            get: () => {
              throw new Error('unreadable');
            },
          });
        }
      }
      await using app = await start({ providers: [Odd], webhooks: { respond: 'beforeHandlers' } });
      const failed = nextWebhook('failed');
      const lost = new Gate();
      process.once('unhandledRejection', lost.open);
      expectDone(await app.deliver('user.create', {}));

      expect(await Promise.race([failed, lost.isOpen])).toEqual({
        outcome: 'failed',
        event: 'user.create',
      });
      process.off('unhandledRejection', lost.open);
    });

    it('is 200 while a handler hangs', async () => {
      const gate = new Gate();
      const calls: string[] = [];
      @Injectable()
      class Hanging {
        @OnHankoEvent('user.create')
        async hang(): Promise<void> {
          calls.push('began');
          await gate.isOpen;
          calls.push('ended');
        }
      }
      await using app = await start({
        providers: [Hanging],
        webhooks: { respond: 'beforeHandlers' },
      });
      expectDone(await app.deliver('user.create', {}));

      expect(calls).toEqual(['began']);
      const done = nextWebhook('done');
      gate.open();
      expect(await done).toEqual({ outcome: 'done', event: 'user.create' });
      expect(calls).toEqual(['began', 'ended']);
    });

    it('is 200 and revokes first', async () => {
      await using app = await start({ webhooks: { respond: 'beforeHandlers' } });
      const token = await hanko.token();
      const sessionId = (await app.get('/closed', bearer(token))).text;
      expectDone(await app.deliver('session.delete.explicit.logout', { id: sessionId }));

      expectRevoked(await app.get('/closed', bearer(token)));
    });

    it('is 400 for a bad delivery nevertheless', async () => {
      await using app = await start({ webhooks: { respond: 'beforeHandlers' } });

      await expectReceiving(app);
    });
  });
});
