import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Keyv } from 'keyv';
import { KeyvDirStore } from 'keyv-dir-store';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoHealth,
  HankoModule,
  HankoRevocation,
  HankoUnavailableError,
  type HankoUser,
  Public,
  type RevocationOptions,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  FakeClock,
  PLATFORMS,
  type RunningApp,
  send,
  startApp,
} from '../../support/app.js';
import { expectStoreDown, FaultyStore, type StoreFault } from '../../support/faulty-store.js';
import { expectRevoked } from '../../support/session-spy.js';

@Controller()
class NotesController {
  @Get('closed')
  closed(@CurrentUser() { sessionId }: HankoUser): string {
    return sessionId;
  }

  @Public()
  @Get('public')
  public(): string {
    return 'public';
  }
}

const FAULTS: readonly StoreFault[] = ['throws', 'emits', 'hangs'];

let clock: FakeClock;
let hanko: FakeHanko;
let userId: string;
let token: string;
let sessionId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => clock.now(), lifespanSeconds: 30 * 86_400 });
});
beforeEach(async () => {
  clock = new FakeClock();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
  sessionId = sessionOf(token);
});
afterAll(() => hanko.stop());

const sessionOf = (good: string): string => {
  const payload = Buffer.from(good.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(payload) as { session_id: string }).session_id;
};

const revocationOf = ({ app }: RunningApp): HankoRevocation => app.get(HankoRevocation);
const healthOf = ({ app }: RunningApp) => app.get(HankoHealth).report();

const closed = (app: RunningApp, good = token): Promise<Answer> => app.get('/closed', bearer(good));

const expectIn = async (app: RunningApp, good = token): Promise<void> => {
  expect((await closed(app, good)).text).toBe(sessionOf(good));
};
const expectOut = async (app: RunningApp, good = token): Promise<void> => {
  expectRevoked(await closed(app, good));
};

/** A delivery that can be sent again as it is. */
const delivery = async (event: string, data: unknown): Promise<string> =>
  JSON.stringify({ event, token: await hanko.webhookToken(event, data) });

const post = (app: RunningApp, body: string): Promise<Answer> =>
  send(
    `${app.url}/webhooks/hanko`,
    { 'Content-Type': 'application/json' },
    { method: 'POST', body },
  );

const LOGOUT = 'session.delete.explicit.logout';

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (revocation?: RevocationOptions): Promise<RunningApp> =>
    startApp(platform, {
      imports: [
        HankoModule.forRoot({
          apiUrl: hanko.url,
          audience: 'localhost',
          now: clock.now,
          ...(revocation && { revocation }),
        }),
        HankoWebhooksModule.forRoot({ path: 'webhooks/hanko' }),
      ],
      controllers: [NotesController],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  describe('two instances that share a folder', () => {
    let directory: string;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'nestjs-hanko-revocation-'));
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    /** Each with a Keyv of its own, as in processes of their own. */
    const startOne = (options: RevocationOptions = {}): Promise<RunningApp> =>
      start({ store: new Keyv(new KeyvDirStore(directory)), ...options });

    it('a logout that one is told of holds there at once, on the other within maxAgeSeconds', async () => {
      await using a = await startOne({ maxAgeSeconds: 5 });
      await using b = await startOne({ maxAgeSeconds: 5 });
      await expectIn(a);
      await expectIn(b);
      const { status } = await post(a, await delivery(LOGOUT, { id: sessionId }));

      expect(status).toBe(200);
      await expectOut(a);
      // The last answer that it has is good so long.
      clock.advanceSeconds(4.999);
      await expectIn(b);
      clock.advanceSeconds(0.001);
      await expectOut(b);
    });

    it('with maxAgeSeconds 0 it holds on the other at once', async () => {
      await using a = await startOne();
      await using b = await startOne({ maxAgeSeconds: 0 });
      await expectIn(b);
      await revocationOf(a).revoke(sessionId);

      await expectOut(b);
    });

    it('a session that the other has not seen yet is refused at once', async () => {
      await using a = await startOne();
      await using b = await startOne({ maxAgeSeconds: 60 });
      await revocationOf(a).revoke(sessionId.toUpperCase());

      await expectOut(b);
    });

    it('other sessions of the user stay, unless the user is revoked', async () => {
      await using a = await startOne();
      await using b = await startOne();
      const second = await hanko.token({ user: userId });
      await revocationOf(a).revoke(sessionId);
      await expectOut(b);
      await expectIn(b, second);

      await revocationOf(a).revokeUser(userId);
      clock.advanceSeconds(1);
      await expectOut(b, second);
      await expectIn(b, await hanko.token());
    });

    it('who was deleted is out everywhere, with every session', async () => {
      await using a = await startOne();
      await using b = await startOne();
      const second = await hanko.token({ user: userId });
      const { status } = await post(a, await delivery('user.delete', { id: userId }));

      expect(status).toBe(200);
      for (const app of [a, b]) {
        await expectOut(app);
        await expectOut(app, second);
      }
    });

    it('a user who signs in after the revocation is let in, by both', async () => {
      await using a = await startOne();
      await using b = await startOne();
      await revocationOf(a).revokeUser(userId);
      // Hanko's clock may be ahead by the tolerance.
      clock.advanceSeconds(6);
      const later = await hanko.token({ user: userId });

      for (const app of [a, b]) {
        await expectIn(app, later);
        await expectOut(app);
      }
    });

    it('a restart of both forgets nothing', async () => {
      const second = await hanko.token();
      const third = await hanko.token();
      {
        await using a = await startOne();
        await using b = await startOne();
        await post(a, await delivery(LOGOUT, { id: sessionId }));
        await revocationOf(b).revoke(sessionOf(second));
        await revocationOf(b).revokeUser(userId);
      }
      await using a = await startOne();
      await using b = await startOne();

      expect(healthOf(a).revocations.known).toBe(0);
      for (const app of [a, b]) {
        await expectOut(app);
        await expectOut(app, second);
        await expectIn(app, third);
      }
    });

    it('of two revocations of a user, the later one survives a restart, whichever came last', async () => {
      const before = new Date(clock.now() - 3_600_000);
      {
        await using a = await startOne();
        await revocationOf(a).revokeUser(userId);
        // A delivery that was late.
        await revocationOf(a).revokeUser(userId, before);
        await expectOut(a);
      }
      await using a = await startOne();

      await expectOut(a);
    });

    it('of two revocations of a session, the longer one survives a restart, whichever came last', async () => {
      {
        await using a = await startOne();
        await revocationOf(a).revoke(sessionId);
        await revocationOf(a).revoke(sessionId, new Date(clock.now() + 1_000));
      }
      clock.advanceSeconds(60);
      await using a = await startOne();

      await expectOut(a);
    });

    it('each learns of it once', async () => {
      await using a = await startOne();
      await using b = await startOne();
      const learned: unknown[] = [];
      revocationOf(b).revoked$.subscribe((revoked) => learned.push(revoked));
      await revocationOf(a).revoke(sessionId);
      for (let i = 0; i < 3; i++) {
        await expectOut(b);
        clock.advanceSeconds(1);
      }

      expect(learned).toEqual([{ kind: 'session', sessionId }]);
    });
  });

  describe('how long a revocation is kept', () => {
    const MINUTES = 60_000;
    const tolerance = 5_000;

    it('as long as the token can live, and the tolerance', async () => {
      const faulty = new FaultyStore();
      await using app = await start({ store: faulty.store });
      const expires_at = new Date(clock.now() + 10 * MINUTES).toISOString();
      await post(app, await delivery(LOGOUT, { id: sessionId, expires_at }));
      await revocationOf(app).revokeUser(userId);

      const user = 2_678_400_000 + 2 * tolerance;
      expect(faulty.ttls).toEqual([10 * MINUTES + tolerance, user, user]);
    });

    it('the longest life of a session where nobody says', async () => {
      const faulty = new FaultyStore();
      await using app = await start({ store: faulty.store, maxSessionLifetimeSeconds: 3_600 });
      await revocationOf(app).revoke(sessionId);
      await post(app, await delivery(LOGOUT, { id: randomUUID(), expires_at: null }));

      expect(faulty.ttls).toEqual([60 * MINUTES + tolerance, 60 * MINUTES + tolerance]);
    });

    it('nothing is kept of what has expired', async () => {
      const faulty = new FaultyStore();
      await using app = await start({ store: faulty.store });
      const expires_at = new Date(clock.now() - tolerance).toISOString();
      const { status } = await post(app, await delivery(LOGOUT, { id: sessionId, expires_at }));

      expect(status).toBe(200);
      expect(faulty.kept.size).toBe(0);
      expect(healthOf(app).revocations.known).toBe(0);
    });

    it('what is over by the clock of the app is not learned from the store', async () => {
      const faulty = new FaultyStore();
      await using a = await start({ store: faulty.store });
      await revocationOf(a).revoke(sessionId, new Date(clock.now() + MINUTES));
      clock.advanceSeconds(66);
      await using b = await start({ store: faulty.store });

      await expectIn(b);
      expect(healthOf(b).revocations.known).toBe(0);
    });
  });

  describe('what it costs', () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    afterAll(() => agent.destroy());

    it('one question per session and second, for its session and its user at once', async () => {
      const faulty = new FaultyStore();
      await using app = await start({ store: faulty.store });
      for (let second = 0; second < 3; second++) {
        for (let i = 0; i < 10; i++) {
          await expectIn(app);
          clock.advanceSeconds(0.1);
        }
      }

      expect(faulty.questions).toHaveLength(3);
      expect(new Set(faulty.questions.map(String))).toEqual(
        new Set([
          `keyv:nestjs-hanko:revoked-session:${sessionId},keyv:nestjs-hanko:revoked-user:${userId},keyv:nestjs-hanko:revoked-user:${userId}:2`,
        ]),
      );
    });

    it('one question for 500 requests of one session that come together', async () => {
      const faulty = new FaultyStore();
      await using app = await start({ store: faulty.store });
      const answers = await Promise.all(
        Array.from({ length: 500 }, () => send(`${app.url}/closed`, bearer(token), { agent })),
      );

      expect(new Set(answers.map(({ text }) => text))).toEqual(new Set([sessionId]));
      expect(faulty.questions).toHaveLength(1);
    });

    it('none for who is known to be revoked, has no token, a bad one, or wants a public route', async () => {
      const faulty = new FaultyStore();
      await using app = await start({ store: faulty.store });
      await revocationOf(app).revoke(sessionId);
      faulty.questions = [];
      await expectOut(app);
      expect(await app.get('/closed')).toBeRefused('credentials_missing');
      expect(await closed(app, 'garbage')).toBeRefused('token_malformed');
      const { text } = await app.get('/public', bearer(await hanko.token()));

      expect(text).toBe('public');
      expect(faulty.questions).toEqual([]);
    });
  });

  describe.each(FAULTS)('a store that %s', (fault) => {
    let faulty: FaultyStore;
    beforeEach(() => {
      faulty = new FaultyStore();
    });

    it('requests are 503 with Retry-After, and health says down', async () => {
      await using app = await start({ store: faulty.store });
      await expectIn(app);
      expect(healthOf(app)).toMatchObject({ status: 'up', revocations: { store: 'answering' } });
      faulty.break(fault);
      // The last answer is good still.
      await expectIn(app);
      clock.advanceSeconds(1);

      expectStoreDown(await closed(app));
      // One failure may be an odd one, three in a row are not.
      expect(healthOf(app)).toMatchObject({
        status: 'up',
        revocations: { store: 'answering', lastStoreFailureAt: new Date(clock.now()) },
      });
      for (let i = 0; i < 2; i++) expectStoreDown(await closed(app));
      expect(healthOf(app)).toMatchObject({
        status: 'down',
        revocations: { store: 'failing', lastStoreFailureAt: new Date(clock.now()) },
      });
      expect((await app.get('/public', bearer(token))).text).toBe('public');
    });

    it("requests pass with onUnavailable: 'accept', and health says degraded", async () => {
      await using app = await start({ store: faulty.store, onUnavailable: 'accept' });
      faulty.break(fault);
      for (let i = 0; i < 3; i++) await expectIn(app);

      expect(healthOf(app)).toMatchObject({
        status: 'degraded',
        revocations: { store: 'failing' },
      });
    });

    it.each(['reject', 'accept'] as const)(
      'what this instance knows is refused all the same: %s',
      async (onUnavailable) => {
        await using app = await start({ store: faulty.store, onUnavailable });
        const ofUser = await hanko.token();
        const { sub } = JSON.parse(
          Buffer.from(ofUser.split('.')[1] ?? '', 'base64url').toString(),
        ) as { sub: string };
        await revocationOf(app).revoke(sessionId);
        await revocationOf(app).revokeUser(sub);
        faulty.break(fault);
        clock.advanceSeconds(60);

        await expectOut(app);
        await expectOut(app, ofUser);
      },
    );

    it('a webhook is answered 503 and, sent again afterwards, done', async () => {
      await using a = await start({ store: faulty.store });
      await using b = await start({ store: faulty.store });
      const body = await delivery(LOGOUT, { id: sessionId });
      faulty.break(fault);
      const refused = await post(a, body);

      expect(refused.status).toBe(503);
      expect(refused.headers['retry-after']).toBe('1');
      // Known here, though not kept.
      await expectOut(a);
      faulty.recover();
      await expectIn(b);
      expect((await post(a, body)).status).toBe(200);
      clock.advanceSeconds(1);
      await expectOut(b);
      // From now on it is a replay.
      const { size } = faulty.kept;
      expect((await post(a, body)).status).toBe(200);
      expect(faulty.kept.size).toBe(size);
    });

    it('revoke() says so, and the instance knows it nevertheless', async () => {
      await using app = await start({ store: faulty.store, onUnavailable: 'accept' });
      faulty.break(fault);

      await expect(revocationOf(app).revoke(sessionId)).rejects.toThrow(HankoUnavailableError);
      await expect(revocationOf(app).revokeUser(userId)).rejects.toThrow(HankoUnavailableError);
      expect(healthOf(app).revocations.known).toBe(2);
      await expectOut(app);
    });

    it('recovers by itself, and the log says once that it was gone, without an address', async () => {
      await using app = await start({ store: faulty.store });
      faulty.break(fault);
      for (let i = 0; i < 3; i++) expectStoreDown(await closed(app));
      faulty.questions = [];
      // It is left alone now.
      expectStoreDown(await closed(app));
      expect(faulty.questions).toEqual([]);
      faulty.recover();
      clock.advanceSeconds(1);
      await expectIn(app);

      expect(healthOf(app)).toMatchObject({ status: 'up', revocations: { store: 'answering' } });
      expect(app.log.messages('warn', 'HankoRevocation')).toEqual([
        'The revocation store does not reply: requests with a token get 503.',
      ]);
      expect(app.log.lines.map(({ text }) => text).join('\n')).not.toMatch(/secret|10\.0\.0\.1/);
    });

    it('500 requests that come together fail as one', async () => {
      await using app = await start({ store: faulty.store });
      faulty.break(fault);
      const answers = await Promise.all(Array.from({ length: 500 }, () => closed(app)));

      for (const answer of answers) expectStoreDown(answer);
      // Those who came after the first one failed asked again, up to the three that open the circuit.
      const asked = faulty.questions.filter((keys) => !String(keys).includes('canary'));
      expect(asked.length).toBeLessThanOrEqual(3);
    });
  });

  describe('a Keyv that does not emit errors', () => {
    it.each(FAULTS)('requests are 503 when its adapter %s', async (fault) => {
      const faulty = new FaultyStore({ emitErrors: false });
      await using app = await start({ store: faulty.store });
      faulty.break(fault);

      expectStoreDown(await closed(app));
    });
  });

  describe.each(FAULTS)('a store whose adapter has no getMany, and %s', (fault) => {
    it('requests are 503, and health says down', async () => {
      const faulty = new FaultyStore({ hasGetMany: false });
      await using app = await start({ store: faulty.store });
      await using other = await start({ store: faulty.store });
      await revocationOf(other).revoke(sessionId);
      faulty.break(fault);

      for (let i = 0; i < 3; i++) expectStoreDown(await closed(app));
      expect(healthOf(app)).toMatchObject({ status: 'down', revocations: { store: 'failing' } });
    });

    it('a webhook is answered 503', async () => {
      const faulty = new FaultyStore({ hasGetMany: false });
      await using app = await start({ store: faulty.store });
      faulty.break(fault);
      const { status } = await post(app, await delivery(LOGOUT, { id: sessionId }));

      expect(status).toBe(503);
    });
  });
});
