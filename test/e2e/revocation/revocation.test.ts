import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APP_GUARD } from '@nestjs/core';
import { Keyv } from 'keyv';
import { KeyvDirStore } from 'keyv-dir-store';
import { HankoAuthGuard, HankoModule, type RevocationOptions } from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, type RunningApp, send, startApp } from '../../support/app.js';
import { FaultyStore } from '../../support/faulty-store.js';
import {
  useRevocationHanko,
  closed,
  token,
  healthOf,
  userId,
  revocationOf,
  expectOut,
  sessionId,
  LOGOUT,
  delivery,
  hanko,
  post,
  expectIn,
  NotesController,
  clock,
} from '../../support/revocation-app.js';
import { sessionIdIn } from '../../support/claims-in.js';

useRevocationHanko();

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
        await revocationOf(b).revoke(sessionIdIn(second));
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
});
