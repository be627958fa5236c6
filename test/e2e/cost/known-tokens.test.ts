import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  HankoAuthService,
  HankoCredentialsError,
  HankoModule,
  HankoRequirementError,
  HankoTokenError,
  OptionalAuth,
  Public,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  bearer,
  cookie,
  type HeaderFields,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { type Bill, CostMeter, CountingClock, MeteredGuard, totalOf } from '../../support/cost.js';

@Controller()
class NotesController {
  @Get('closed')
  closed(): string {
    return 'closed';
  }

  @Get('also-closed')
  alsoClosed(): string {
    return 'also closed';
  }

  @RequireAuth({
    mfa: true,
    amr: ['passkey', 'totp'],
    maxAgeSeconds: 300,
    verifiedEmail: true,
    claims: {
      'org.plan': ['pro', 'team'],
      'org.roles': { includes: 'admin' },
      seats: 3,
      'org.owner': (owner: unknown) => owner === undefined,
    },
  } as RequireAuthOptions)
  @Get('demanding')
  demanding(): string {
    return 'demanding';
  }

  @OptionalAuth()
  @Get('optional')
  optional(): string {
    return 'optional';
  }

  @Public()
  @Get('open')
  open(): string {
    return 'open';
  }
}

/** What a request must not cost where there is nothing to find out. */
const NOTHING = {
  promises: 0,
  signatures: 0,
  jsonParses: 0,
  metadataReads: 0,
  clockReadings: 0,
} satisfies Partial<Bill>;

let hanko: FakeHanko;
let clock: CountingClock;
let meter: CostMeter;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => clock.peek() });
});
afterAll(() => hanko.stop());
beforeEach(async () => {
  clock = new CountingClock();
  meter = new CostMeter(clock);
  token = await hanko.token();
});

describe.each(PLATFORMS)('on %s', (platform) => {
  /** An app whose guard is metered, and that has the keys. */
  async function start(): Promise<RunningApp> {
    const app = await startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: clock.now })],
      controllers: [NotesController],
      providers: [
        { provide: CostMeter, useValue: meter },
        { provide: APP_GUARD, useClass: MeteredGuard },
      ],
    });
    await app.app.get(HankoAuthService).verifyToken(await hanko.token());
    return app;
  }

  const carriers: readonly { name: string; carry: (good: string) => HeaderFields }[] = [
    { name: 'bearer', carry: bearer },
    { name: 'cookie', carry: cookie },
    {
      name: 'cookie among others',
      carry: (good) => ({ Cookie: `_ga=GA1.1.1; theme="dark"; hanko=${good}; lang=en` }),
    },
  ];

  describe.each(carriers)('the guard, for a known token by $name,', ({ carry }) => {
    it('returns true itself, at the cost of two looks at the clock: for the token, and for its key', async () => {
      await using app = await start();
      expect((await app.get('/closed', carry(token))).text).toBe('closed');

      for (let n = 0; n < 3; n += 1) {
        expect((await app.get('/closed', carry(token))).text).toBe('closed');
        expect(meter.last).toMatchObject({ ...NOTHING, result: true, clockReadings: 2 });
      }
      expect(meter.last?.headerReads).toBeGreaterThan(0);
    });

    it('verifies it on its first request only: one signature, no fetch', async () => {
      await using app = await start();
      const request = () => app.get('/closed', carry(token));

      expect(await totalOf({ hanko, clock }, request)).toEqual({
        signatures: 1,
        fetches: 0,
        clockReadings: 2,
      });
      const [first] = meter.bills;
      expect(first?.result).toBeInstanceOf(Promise);
      // The meter does count.
      expect(first?.promises).toBeGreaterThan(0);
      expect(first?.jsonParses).toBeGreaterThan(0);
      expect(first?.metadataReads).toBeGreaterThan(0);

      expect(await totalOf({ hanko, clock }, request)).toEqual({
        signatures: 0,
        fetches: 0,
        clockReadings: 2,
      });
    });
  });

  it('the guard reads what a handler asks for once, whoever comes', async () => {
    await using app = await start();
    for (const path of ['/closed', '/also-closed', '/optional', '/open']) {
      await app.get(path, bearer(await hanko.token()));
      expect(meter.last?.metadataReads).toBeGreaterThan(0);
      await app.get(path, bearer(await hanko.token()));
      expect(meter.last?.metadataReads).toBe(0);
      await app.get(path);
      expect(meter.last?.metadataReads).toBe(0);
    }
  });

  it('demands cost a known token one more look at the clock, met or not', async () => {
    await using app = await startApp(platform, {
      imports: [
        HankoModule.forRoot({
          apiUrl: hanko.url,
          audience: 'localhost',
          now: clock.now,
          claimsSchema: z.object({ seats: z.coerce.number() }),
        }),
      ],
      controllers: [NotesController],
      providers: [
        { provide: CostMeter, useValue: meter },
        { provide: APP_GUARD, useClass: MeteredGuard },
      ],
    });
    const claims = { seats: '3', org: { plan: 'pro', roles: ['admin'] } };
    const rich = bearer(await hanko.token({ amr: ['passkey'], claims }));
    const poor = bearer(await hanko.token({ claims: { seats: '1' } }));
    await app.get('/demanding', rich);
    await app.get('/demanding', poor);

    for (let n = 0; n < 3; n += 1) {
      meter.bills.length = 0;
      const total = await totalOf({ hanko, clock }, () => app.get('/demanding', rich));
      expect(meter.bills).toHaveLength(1);
      expect(meter.last).toMatchObject({ ...NOTHING, result: true, clockReadings: 3 });
      expect(total).toMatchObject({ signatures: 0, fetches: 0 });
      // The demand binds a guard of its own beside the metered one.
      expect(total.clockReadings).toBeLessThanOrEqual(5);

      expect((await app.get('/demanding', poor)).status).toBe(403);
      expect(meter.last).toMatchObject({ ...NOTHING, clockReadings: 3 });
      expect(meter.last?.result).toBeInstanceOf(HankoRequirementError);
    }
  });

  it('a public route reads neither header nor clock, whatever is sent', async () => {
    await using app = await start();
    await app.get('/open');

    for (const headers of [{}, bearer(token), cookie(token), bearer('garbage'), cookie('x', 'y')]) {
      expect(await totalOf({ hanko, clock }, () => app.get('/open', headers))).toEqual({
        signatures: 0,
        fetches: 0,
        clockReadings: 0,
      });
      expect(meter.last).toEqual({ ...NOTHING, result: true, headerReads: 0 });
    }
  });

  it('an optional route without a credential is open at once, without a look at the clock', async () => {
    await using app = await start();
    await app.get('/optional');
    await app.get('/optional');

    expect(meter.last).toMatchObject({ ...NOTHING, result: true });
    await app.get('/optional', bearer(token));
    await app.get('/optional', bearer(token));
    expect(meter.last).toMatchObject({ ...NOTHING, result: true, clockReadings: 2 });
  });

  it('what cannot be good is refused at once, without a signature', async () => {
    await using app = await start();
    const expired = await hanko.expiredToken();
    await app.get('/closed');

    expect((await app.get('/closed')).status).toBe(401);
    expect(meter.last).toMatchObject(NOTHING);
    expect(meter.last?.result).toBeInstanceOf(HankoCredentialsError);
    for (const bad of ['garbage', expired, await hanko.forgedToken('alg-none')]) {
      expect((await app.get('/closed', bearer(bad))).status).toBe(401);
      expect(meter.last?.result).toBeInstanceOf(HankoTokenError);
      expect(meter.last).toMatchObject({ promises: 0, signatures: 0 });
    }
  });
});
