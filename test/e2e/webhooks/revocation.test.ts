import { Injectable } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import { OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, recordChannel, cookie, FakeClock, PLATFORMS, send } from '../../support/app.js';
import { expectRevoked } from '../../support/session-spy.js';
import {
  expectDone,
  expectInvalid,
  type ReceiverApp,
  type ReceiverSetup,
  Relay,
  startReceiver,
} from '../../support/webhooks.js';
import { FlowClient } from '../../../fake-hanko/test/support/flow-client.js';

const PASSWORD = 'Correct-Horse-1';
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

  describe('sessions end at once, without a question to Hanko', () => {
    /** An app that FakeHanko tells of everything. */
    const startTold = async (setup: Omit<ReceiverSetup, 'hanko'> = {}): Promise<ReceiverApp> => {
      const app = await start(setup);
      relay.target = app.hook;
      return app;
    };

    const isIn = async (app: ReceiverApp, token: string): Promise<boolean> =>
      (await app.get('/closed', bearer(token))).status === 200;

    const logout = async (token: string): Promise<void> => {
      const answer = await send(`${hanko.url}/logout`, cookie(token), { method: 'POST' });
      expect(answer.status).toBe(204);
      await hanko.webhooksSettled();
    };

    const expectGone = async (app: ReceiverApp, token: string): Promise<void> => {
      expectRevoked(await app.get('/closed', bearer(token)));
      expectRevoked(await app.get('/closed', cookie(token)));
      expectRevoked(await app.get('/optional', bearer(token)));
      expect((await app.get('/optional', cookie(token))).text).toBe('nobody');
    };

    const validate = (token: string) =>
      send(
        `${hanko.url}/sessions/validate`,
        { 'Content-Type': 'application/json' },
        { method: 'POST', body: JSON.stringify({ session_token: token }) },
      );

    it('with a logout: the very next request is refused', async () => {
      await using app = await startTold();
      const user = hanko.createUser();
      const [token, other] = [await hanko.token({ user }), await hanko.token({ user })];
      expect([await isIn(app, token), await isIn(app, other)]).toEqual([true, true]);
      hanko.clearRequests();
      await logout(token);

      await expectGone(app, token);
      expect(await isIn(app, other)).toBe(true);
      expect((await app.get('/optional')).text).toBe('nobody');
      // Keys at most: nobody asked about the session.
      expect(hanko.countRequests('/sessions/validate')).toBe(0);
      expect(namesOf(app)).toContain('session.delete.explicit.logout');
      expect(new Set(relay.statuses)).toEqual(new Set([200]));
    });

    it('with a logout by somebody whom the app has never seen', async () => {
      await using app = await startTold();
      const token = await hanko.token();
      await logout(token);

      await expectGone(app, token);
    });

    it('and stay so until the token has expired', async () => {
      await using app = await startTold();
      const token = await hanko.token({ lifespanSeconds: 600 });
      await logout(token);
      clock.advanceSeconds(604);

      expectRevoked(await app.get('/closed', bearer(token)));
      clock.advanceSeconds(1);
      expect(await app.get('/closed', bearer(token))).toBeRefused('token_expired');
    });

    it('with an Admin DELETE of the session', async () => {
      await using app = await startTold();
      const user = hanko.createUser();
      const [token, other] = [await hanko.token({ user }), await hanko.token({ user })];
      const sessionId = (await app.get('/closed', bearer(token))).text;
      const path = `/users/${user.id}/sessions/${sessionId}`;
      expect((await send(hanko.adminUrl + path, {}, { method: 'DELETE' })).status).toBe(204);
      await hanko.webhooksSettled();

      await expectGone(app, token);
      expect(await isIn(app, other)).toBe(true);
    });

    it('with a revocation on the profile', async () => {
      await using app = await startTold();
      const email = `profile-${platform}@example.test`;
      hanko.createUser({ email, password: PASSWORD });
      const client = new FlowClient(hanko.url);
      await client.signIn(email, PASSWORD);
      const other = await hanko.token({ email });
      const sessionId = (await app.get('/closed', bearer(other))).text;
      await client.start('profile');
      await client.act('session_delete', { session_id: sessionId });
      await hanko.webhooksSettled();

      await expectGone(app, other);
      expect(await isIn(app, client.token ?? '')).toBe(true);
      expect(namesOf(app)).toContain('session.delete.explicit.revoke');
    });

    it('with an idle timeout, as soon as Hanko notices', async () => {
      await using app = await startTold();
      const token = await hanko.token();
      clock.advanceSeconds(30 * MINUTE + 1);
      await hanko.webhooksSettled();
      expect(await isIn(app, token)).toBe(true);
      await validate(token);
      await hanko.webhooksSettled();

      await expectGone(app, token);
      expect(namesOf(app)).toContain('session.delete.passive.expire');
    });

    it('with one login more than the session limit', async () => {
      await using app = await startTold();
      const user = hanko.createUser();
      const tokens = [];
      for (let i = 0; i < 3; i++) {
        tokens.push(await hanko.token({ user }));
        clock.advanceSeconds(1);
      }
      await hanko.webhooksSettled();
      const [first = '', ...younger] = tokens;

      await expectGone(app, first);
      for (const token of younger) expect(await isIn(app, token)).toBe(true);
    });

    it('with their user, all of them; a user who is made again is another one', async () => {
      await using app = await startTold();
      const { id } = hanko.createUser();
      const tokens = [await hanko.token({ user: id }), await hanko.token({ user: id })];
      const bystander = await hanko.token();
      hanko.deleteUser(id);
      await hanko.webhooksSettled();

      for (const token of tokens) await expectGone(app, token);
      expect(await isIn(app, bystander)).toBe(true);
      clock.advanceSeconds(1);
      hanko.createUser({ id });
      const later = await hanko.token({ user: id });
      expect(await isIn(app, later)).toBe(true);
      for (const token of tokens) await expectGone(app, token);
    });

    it('with a user whom an administrator deletes', async () => {
      await using app = await startTold();
      const { id } = hanko.createUser();
      const token = await hanko.token({ user: id });
      await send(`${hanko.adminUrl}/users/${id}`, {}, { method: 'DELETE' });
      await hanko.webhooksSettled();

      await expectGone(app, token);
    });

    it('with a user whose event comes late: what began since stays', async () => {
      await using app = await start();
      const { id } = hanko.createUser();
      const before = await hanko.token({ user: id });
      clock.advanceSeconds(60);
      const after = await hanko.token({ user: id });
      expectDone(await app.deliver('user.delete', { id }, { ageSeconds: 30 }));

      await expectGone(app, before);
      expect(await isIn(app, after)).toBe(true);
    });

    it.each([
      { revokeOnPasswordChange: true, sessions: 'all end, the present one too' },
      { revokeOnPasswordChange: false, sessions: 'all stay' },
    ])(
      'revokeOnPasswordChange: $revokeOnPasswordChange: $sessions',
      async ({ revokeOnPasswordChange }) => {
        await using app = await startTold({ webhooks: { revokeOnPasswordChange } });
        const email = `changes-${String(revokeOnPasswordChange)}-${platform}@example.test`;
        hanko.createUser({ email, password: PASSWORD });
        const client = new FlowClient(hanko.url);
        await client.signIn(email, PASSWORD);
        const tokens = [await hanko.token({ email }), client.token ?? ''];
        await client.start('profile');
        await client.act('password_update', { password: 'Correct-Horse-2' });
        await hanko.webhooksSettled();

        expect(namesOf(app)).toContain('user.update.password.update');
        for (const token of tokens) expect(await isIn(app, token)).toBe(!revokeOnPasswordChange);
        clock.advanceSeconds(1);
        expect(await isIn(app, await hanko.token({ email }))).toBe(true);
      },
    );

    it('but not with what else happens to a session or a user', async () => {
      await using app = await start({ webhooks: { revokeOnPasswordChange: true } });
      const user = hanko.createUser();
      const token = await hanko.token({ user });
      const sessionId = (await app.get('/closed', bearer(token))).text;
      for (const [event, data] of [
        ['session.create.flow', { id: sessionId, user_id: user.id }],
        ['session.deleted', { id: sessionId }],
        ['session', { id: sessionId }],
        ['session.delete.passive.limit', { id: user.id }],
        ['user.login', { id: user.id }],
        ['user.update', { id: user.id }],
        ['user.update.passwords', { id: user.id }],
        ['user.deleted', { id: user.id }],
        ['user.delete', { id: sessionId }],
      ] as const) {
        expectDone(await app.deliver(event, data));
      }

      expect(await isIn(app, token)).toBe(true);
    });

    it.each([
      ['session.delete.passive.limit', null],
      ['session.delete.explicit.logout', {}],
      ['session.delete.explicit.logout', 'text'],
      ['session.delete.admin.revoke', ['5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10']],
      ['session.delete.admin.revoke', { id: ['5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10'] }],
      ['session.delete', { id: ' 5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10' }],
      ['session.delete', { id: '{5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10}' }],
      ['user.delete', { id: 7 }],
      ['user.update.password.update', { user_id: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10' }],
    ])(
      'a %s that does not say whose it is (%j) is refused, and warned of once',
      async (event, data) => {
        using webhooks = recordChannel('nestjs-hanko:webhook');
        await using app = await start({ webhooks: { revokeOnPasswordChange: true } });
        for (let n = 0; n < 3; n += 1) {
          expectInvalid(await app.deliver(event, data));
          clock.advanceSeconds(1);
        }

        expect(
          app.log.messages('warn', 'HankoWebhooks').filter((line) => line.includes(event)),
        ).toEqual([
          `A ${event} event has no UUID in data.id, so nothing was revoked. This version of Hanko may use another format.`,
        ]);
        expect(app.events).toEqual([]);
        expect(webhooks.messages).toHaveLength(3);
      },
    );

    it('a password that was changed says whose it is, or is nobody’s matter', async () => {
      await using app = await start();

      expectDone(await app.deliver('user.update.password.update', {}));
    });

    it.each(['soon', 5, {}, '0001-01-01T00:00:00Z', ''])(
      'an end that cannot be read (%j) is warned of once, and the session has ended',
      async (expires_at) => {
        await using app = await start();
        for (let n = 0; n < 2; n += 1) {
          const token = await hanko.token();
          const id = (await app.get('/closed', bearer(token))).text;
          expectDone(await app.deliver('session.delete.explicit.logout', { id, expires_at }));
          await expectGone(app, token);
        }

        expect(
          app.log.messages('warn', 'HankoWebhooks').filter((line) => line.includes('expires_at')),
        ).toHaveLength(1);
      },
    );

    it('also where the id is written in capitals, or its time is no time', async () => {
      await using app = await start();
      for (const more of [{}, { expires_at: 'soon' }, { expires_at: null }, { expires_at: 5 }]) {
        const token = await hanko.token();
        const sessionId = (await app.get('/closed', bearer(token))).text;
        const data = { id: sessionId.toUpperCase(), ...more };
        expectDone(await app.deliver('session.delete.explicit.logout', data));

        await expectGone(app, token);
      }
    });

    it('before handlers are called, and also where they fail', async () => {
      const statuses: number[] = [];
      let app: ReceiverApp | undefined;
      let token = '';
      @Injectable()
      class Failing {
        @OnHankoEvent('session.delete')
        async fail(): Promise<void> {
          statuses.push((await app?.get('/closed', bearer(token)))?.status ?? 0);
          throw new Error('not today');
        }
      }
      app = await startTold({ providers: [Failing] });
      await using running = app;
      token = await hanko.token();
      await logout(token);

      expect(statuses).toEqual([401]);
      expect(relay.statuses).toContain(500);
      await expectGone(running, token);
    });
  });
});
