import { APP_GUARD } from '@nestjs/core';
import {
  HankoAuthGuard,
  HankoModule,
  HankoUnavailableError,
  type RevocationOptions,
} from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { expectStoreDown, FaultyStore, type StoreFault } from '../../support/faulty-store.js';
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
import { claimsIn } from '../../support/claims-in.js';

const FAULTS: readonly StoreFault[] = ['throws', 'emits', 'hangs'];

useRevocationHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = async (revocation?: RevocationOptions): Promise<RunningApp> => {
    const app = await startApp(platform, {
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
    // Else each request to a store that hangs takes a second.
    const { storeClient } = revocationOf(app);
    if (storeClient !== null) storeClient.timeoutMs = 20;
    return app;
  };

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
        const { sub } = claimsIn(ofUser);
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
