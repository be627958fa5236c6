import { Controller, Get, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { HankoAuthGuard, HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type Platform, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';

// Nest 12 alone: of @nestjs/throttler there is one copy here, and that is bound to it.

const LIMIT = 3;

const THROTTLER: Provider = { provide: APP_GUARD, useClass: ThrottlerGuard };
const HANKO: Provider = { provide: APP_GUARD, useExisting: HankoAuthGuard };

@Controller()
class NotesController {
  @Get('notes')
  notes(): string {
    return 'notes';
  }
}

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const start = (platform: Platform, providers: Provider[]): Promise<RunningApp> =>
  startApp(platform, {
    imports: [
      ThrottlerModule.forRoot([{ ttl: 60_000, limit: LIMIT }]),
      HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' }),
    ],
    controllers: [NotesController],
    providers,
  });

/** Statuses of as many forged tokens as are allowed, and of a good one after them. */
async function attempts(app: RunningApp): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < LIMIT; i += 1) {
    const token = await hanko.forgedToken('changed-payload');
    statuses.push((await app.get('/notes', bearer(token))).status);
  }
  statuses.push((await app.get('/notes', bearer(await hanko.token()))).status);
  return statuses;
}

describe.each(PLATFORMS)('a throttler on %s', (platform) => {
  it('counts failed attempts when its guard comes first', async () => {
    await using app = await start(platform, [THROTTLER, HANKO]);
    expect(await attempts(app)).toEqual([401, 401, 401, 429]);
    expect((await app.get('/notes')).headers).toHaveProperty('retry-after');
  });

  it('does not see them when it comes second (nestjs/throttler#522)', async () => {
    await using app = await start(platform, [HANKO, THROTTLER]);
    expect(await attempts(app)).toEqual([401, 401, 401, 200]);
  });
});
