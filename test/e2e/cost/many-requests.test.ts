import { randomUUID } from 'node:crypto';
import { Controller, Get, type ModuleMetadata, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoModule,
  type HankoUser,
  OptionalAuth,
  Public,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { CountingClock, type Total, totalOf } from '../../support/cost.js';

@Controller()
@UseGuards(HankoAuthGuard)
class TwiceGuardedController {
  @Get('who')
  @UseGuards(HankoAuthGuard)
  who(
    @CurrentUser() one: HankoUser,
    @CurrentUser() other: HankoUser,
    @CurrentUser('id') id: string,
    @SessionToken() token: string,
  ): unknown {
    return { id, isSame: one === other && one.id === id, length: token.length };
  }
}

/** One handler for every class that inherits it. */
abstract class InheritedController {
  @Get('list')
  list(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }
}

@Controller('closed')
class ClosedController extends InheritedController {}

@Public()
@Controller('open')
class OpenController extends InheritedController {}

@OptionalAuth()
@Controller('optional')
class OptionalController extends InheritedController {}

let hanko: FakeHanko;
let clock: CountingClock;
let userId: string;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => clock.peek(), sessionLimit: 1_000 });
});
afterAll(() => hanko.stop());
beforeEach(async () => {
  clock = new CountingClock();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});

const total = (act: () => Promise<unknown>): Promise<Total> => totalOf({ hanko, clock }, act);

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (controllers: ModuleMetadata['controllers'] & object): Promise<RunningApp> =>
    startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: clock.now })],
      controllers,
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  /** With the keys. */
  async function startWarm(...controllers: Parameters<typeof start>[0]): Promise<RunningApp> {
    const app = await start(controllers);
    await app.app.get(HankoAuthService).verifyToken(await hanko.token());
    return app;
  }

  it.each([
    { name: 'bearer', carry: bearer },
    { name: 'cookie', carry: cookie },
  ])('a guard bound three times and four parameters verify once: $name', async ({ carry }) => {
    await using app = await startWarm(TwiceGuardedController);
    const who = async (): Promise<void> => {
      const { body } = await app.get('/who', carry(token));
      expect(body).toEqual({ id: userId, isSame: true, length: token.length });
    };

    expect(await total(who)).toEqual({ signatures: 1, fetches: 0, clockReadings: 2 });
    for (let n = 0; n < 3; n += 1) {
      expect(await total(who)).toEqual({ signatures: 0, fetches: 0, clockReadings: 2 });
    }
  });

  it('32 requests at once with one new token cost one signature', async () => {
    await using app = await startWarm(TwiceGuardedController);
    const burst = async (): Promise<void> => {
      const answers = await Promise.all(
        Array.from({ length: 32 }, () => app.get('/who', bearer(token))),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    };

    expect(await total(burst)).toEqual({ signatures: 1, fetches: 0, clockReadings: 64 });
    expect(await total(burst)).toEqual({ signatures: 0, fetches: 0, clockReadings: 64 });
  });

  it('32 requests at once on a cold start cost one signature and one fetch', async () => {
    await hanko.fault('error', { times: 1 });
    await using app = await start([TwiceGuardedController]);
    await app.app
      .get(HankoAuthService)
      .verifyToken(token)
      .catch(() => undefined);
    clock.advanceSeconds(2);

    const { signatures, fetches } = await total(() =>
      Promise.all(Array.from({ length: 32 }, () => app.get('/who', bearer(token)))),
    );

    expect({ signatures, fetches }).toEqual({ signatures: 1, fetches: 1 });
  });

  it('2,000 requests with unknown kids cost one fetch per cooldown, and no signature', async () => {
    await using app = await startWarm(TwiceGuardedController);
    const auth = app.app.get(HankoAuthService);
    const [, claims, signature] = token.split('.') as [string, string, string];
    const unknown = (): string => {
      const header = JSON.stringify({ alg: 'RS256', kid: randomUUID(), typ: 'JWT' });
      return `${Buffer.from(header).toString('base64url')}.${claims}.${signature}`;
    };
    const codes = new Set<unknown>();
    const ask = async (): Promise<void> => {
      const authorization = `Bearer ${unknown()}`;
      await auth
        .authenticate({ method: 'GET', headers: { authorization } })
        .then(() => codes.add('accepted'))
        .catch((error: unknown) => codes.add((error as { code: unknown }).code));
    };
    const flood = async (): Promise<void> => {
      for (let n = 0; n < 2_000; n += 100) await Promise.all(Array.from({ length: 100 }, ask));
    };

    for (let cooldown = 0; cooldown < 3; cooldown += 1) {
      expect(await total(flood)).toMatchObject({ signatures: 0, fetches: 1 });
      clock.advanceSeconds(29);
      expect(await total(ask)).toMatchObject({ signatures: 0, fetches: 0 });
      clock.advanceSeconds(1);
    }
    expect([...codes]).toEqual(['token_key_unknown']);
    expect(await total(() => app.get('/who', bearer(token)))).toMatchObject({ signatures: 1 });
  });

  it.each([
    { first: 'the closed one', order: ['closed', 'optional', 'open'] },
    { first: 'the open one', order: ['open', 'optional', 'closed'] },
  ])('classes that inherit a handler keep their own mark: asked first is $first', async (asked) => {
    await using app = await startWarm(ClosedController, OptionalController, OpenController);
    for (const { prototype } of [ClosedController, OptionalController, OpenController]) {
      expect(Object.hasOwn(prototype, 'list')).toBe(false);
    }

    for (const path of [...asked.order, ...asked.order]) {
      const anonymous = await app.get(`/${path}/list`);
      const known = await app.get(`/${path}/list`, bearer(token));
      const forged = await app.get(`/${path}/list`, bearer(`${token}x`));

      expect({ path, answers: [anonymous, known, forged].map(({ status }) => status) }).toEqual({
        path,
        answers: { closed: [401, 200, 401], optional: [200, 200, 401], open: [200, 200, 200] }[
          path
        ],
      });
      expect(known.text).toBe(path === 'open' ? 'nobody' : userId);
    }
  });
});
