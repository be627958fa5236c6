import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoHealth,
  HankoModule,
  type HankoModuleOptions,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { expectRevoked, SessionSpy, VALIDATE } from '../../support/session-spy.js';

@Controller()
class RoutesController {
  constructor(private readonly health: HankoHealth) {}

  @Public()
  @Get('health')
  report(): unknown {
    return this.health.report();
  }

  @Get('offline')
  offline(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ session: { refreshSeconds: 0, onUnavailable: 'accept' } })
  @Get('accept')
  accept(@CurrentUser('id') id: string): string {
    return id;
  }
}

let hanko: FakeHanko;
beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterEach(async () => {
  await hanko.recover();
  hanko.clearRequests();
});
afterAll(() => hanko.stop());

const asked = (): number => hanko.countRequests(VALIDATE);

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (options: HankoModuleOptions = {}, log = new CapturedLog()): Promise<RunningApp> =>
    startApp(
      platform,
      {
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: null, ...options })],
        controllers: [RoutesController],
        providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
      },
      { log },
    );

  const status = async (app: RunningApp): Promise<unknown> =>
    ((await app.get('/health', {})).body as { status: unknown }).status;

  describe('that a session has ended', () => {
    it('is known to all routes once one has learned it, whatever their policy', async () => {
      await using app = await start();
      const user = hanko.createUser().id;
      const token = await hanko.token({ user });
      expect((await app.get('/offline', bearer(token))).text).toBe(user);
      hanko.revoke(token);
      expect((await app.get('/offline', bearer(token))).text).toBe(user);

      expectRevoked(await app.get('/online', bearer(token)));
      expectRevoked(await app.get('/offline', bearer(token)));
      expectRevoked(await app.get('/accept', bearer(token)));
      expectRevoked(await app.get('/offline', cookie(token)));
    });

    it('is asked once, however often the token comes', async () => {
      await using app = await start();
      const token = await hanko.token();
      hanko.revoke(token);
      for (let n = 0; n < 5; n += 1) expectRevoked(await app.get('/online', bearer(token)));

      expect(asked()).toBe(1);
    });

    it('is no news of the same user elsewhere', async () => {
      await using app = await start();
      const user = hanko.createUser().id;
      const [one, other] = [await hanko.token({ user }), await hanko.token({ user })];
      hanko.revoke(one);
      expectRevoked(await app.get('/online', bearer(one)));

      expect((await app.get('/offline', bearer(other))).text).toBe(user);
      expect((await app.get('/online', bearer(other))).text).toBe(user);
    });

    it('stays known while Hanko is down', async () => {
      await using app = await start();
      const token = await hanko.token();
      hanko.revoke(token);
      expectRevoked(await app.get('/online', bearer(token)));
      await hanko.fault('down', { path: VALIDATE });

      expectRevoked(await app.get('/accept', bearer(token)));
    });
  });

  describe('one session whose question fails by itself', () => {
    it.each([400, 413, 431, 500])('is 503 for itself alone: status %i', async (code) => {
      await using spy = await SessionSpy.start(hanko.url);
      const poison = await hanko.token();
      const ended = await hanko.token();
      hanko.revoke(ended);
      spy.change = (reply) => {
        const { headers, body } = spy.questions.at(-1) ?? { headers: {}, body: '' };
        const isPoison = `${headers.authorization ?? ''}${body}`.includes(poison);
        return isPoison ? { status: code, body: '<html>' } : reply;
      };
      await using app = await start({ apiUrl: spy.url, validateTimeoutMs: 60_000 });
      for (let n = 0; n < 8; n += 1) {
        expect(await app.get('/online', bearer(poison))).toBeRefused('hanko_unavailable');
      }

      const others = await Promise.all(Array.from({ length: 20 }, () => hanko.token()));
      const answers = await Promise.all(others.map((token) => app.get('/online', bearer(token))));
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
      // The failures of one make nobody accept unasked.
      expectRevoked(await app.get('/accept', bearer(ended)));
      expect(await status(app)).toBe('up');
    });
  });

  describe('HankoHealth, without a request', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], shouldAdvanceTime: true });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    /** Resolves when the app says so; only time passes. */
    const until = (app: RunningApp, wanted: string): Promise<void> =>
      vi.waitFor(async () => expect(await status(app)).toBe(wanted), { timeout: 20_000 });

    it('recovers from a Hanko that was away when the app started', async () => {
      await hanko.fault('down');
      await using app = await start();
      await until(app, 'down');
      await hanko.recover();

      await until(app, 'up');
      expect((await app.get('/offline', bearer(await hanko.token()))).status).toBe(200);
    });

    it('recovers from an outage that sessions noticed', async () => {
      await using app = await start({ session: 'online' });
      const tokens = await Promise.all(Array.from({ length: 6 }, () => hanko.token()));
      await app.get('/offline', bearer(tokens[0] as string));
      await hanko.fault('error', { path: VALIDATE });
      for (const token of tokens) await app.get('/online', bearer(token));
      expect(await status(app)).toBe('down');
      await hanko.recover();

      await until(app, 'up');
      expect((await app.get('/online', bearer(tokens[0] as string))).status).toBe(200);
    });
  });

  describe('a wrong apiUrl', () => {
    const warnings = async (app: RunningApp, log: CapturedLog): Promise<readonly string[]> => {
      await vi.waitFor(() => expect(log.messages('warn', 'HankoJwks')).toHaveLength(1));
      expect(await status(app)).toBe('down');
      return log.messages('warn', 'HankoJwks');
    };

    it.each<{ name: string; url: () => string; says: RegExp }>([
      {
        name: 'with a path too much',
        url: () => `${hanko.url}/api/v1`,
        says: /: status 404\. Is apiUrl the base address of Hanko's public API/,
      },
      {
        name: 'of the Admin API',
        url: () => `${hanko.adminUrl}/nothing`,
        says: /: (status 404|the reply is).*It is not the Admin API/,
      },
      {
        name: 'where nobody listens',
        url: () => 'http://127.0.0.1:9',
        says: /: ECONNREFUSED\. Nothing listens there/,
      },
      {
        name: 'with https where http is spoken',
        url: () => hanko.url.replace('http:', 'https:'),
        says: /The port does not speak https/,
      },
    ])('is told when the app starts: $name', async ({ url, says }) => {
      const log = new CapturedLog();
      await using app = await start({ apiUrl: url() }, log);
      const [warning] = await warnings(app, log);

      expect(warning).toContain(`cannot be fetched from ${url()}/.well-known/jwks.json: `);
      expect(warning).toMatch(says);
      const { keys } = (await app.get('/health', {})).body as {
        keys: { lastFailure: { reason: string } };
      };
      expect(warning).toContain(keys.lastFailure.reason);
      // Whoever may see the health of the app need not know where Hanko is.
      expect(keys.lastFailure.reason).not.toContain(new URL(url()).host);
    });
  });
});
