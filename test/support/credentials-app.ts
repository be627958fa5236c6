import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  CurrentUser,
  HankoAuthGuard,
  type HankoModuleOptions,
  HankoModule,
  OptionalAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { type Platform, type RunningApp, startApp, type StartOptions } from './app.js';

@Controller()
@UseGuards(HankoAuthGuard)
class WhoController {
  @Get('who')
  who(@CurrentUser('id') id: string): string {
    return id;
  }

  @Post('who')
  postWho(@CurrentUser('id') id: string): string {
    return id;
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }
}

let hanko: FakeHanko;
/** Two sessions of Ada, one of Bob. */
export let ada: { id: string; token: string; other: string };
export let bob: { id: string; token: string };
export let expired: string;
export let forged: string;

export const startWith = (
  platform: Platform,
  options: HankoModuleOptions = {},
  start: StartOptions = {},
): Promise<RunningApp> =>
  startApp(
    platform,
    {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', ...options })],
      controllers: [WhoController],
    },
    start,
  );

/** To be called once in a file of tests. */
export function useCredentialsHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    const adaId = hanko.createUser({ email: 'ada@example.test' }).id;
    const bobId = hanko.createUser({ email: 'bob@example.test' }).id;
    ada = {
      id: adaId,
      token: await hanko.token({ user: adaId }),
      other: await hanko.token({ user: adaId }),
    };
    bob = { id: bobId, token: await hanko.token({ user: bobId }) };
    expired = await hanko.expiredToken({ user: bobId });
    forged = await hanko.forgedToken('other-key-same-kid', { user: bobId });
  });
  afterAll(() => hanko.stop());
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}
