import { Controller, Get } from '@nestjs/common';
import { CurrentUser, HankoHealth, HankoRevocation, type HankoUser, Public } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type Answer, bearer, FakeClock, type RunningApp, send } from './app.js';
import { expectRevoked } from './session-spy.js';
import { sessionIdIn } from './claims-in.js';

@Controller()
export class NotesController {
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

export let clock: FakeClock;
export let hanko: FakeHanko;
export let userId: string;
export let token: string;
export let sessionId: string;

export const revocationOf = ({ app }: RunningApp): HankoRevocation => app.get(HankoRevocation);
export const healthOf = ({ app }: RunningApp) => app.get(HankoHealth).report();

export const closed = (app: RunningApp, good = token): Promise<Answer> =>
  app.get('/closed', bearer(good));

export const expectIn = async (app: RunningApp, good = token): Promise<void> => {
  expect((await closed(app, good)).text).toBe(sessionIdIn(good));
};
export const expectOut = async (app: RunningApp, good = token): Promise<void> => {
  expectRevoked(await closed(app, good));
};

/** A delivery that can be sent again as it is. */
export const delivery = async (event: string, data: unknown): Promise<string> =>
  JSON.stringify({ event, token: await hanko.webhookToken(event, data) });

export const post = (app: RunningApp, body: string): Promise<Answer> =>
  send(
    `${app.url}/webhooks/hanko`,
    { 'Content-Type': 'application/json' },
    { method: 'POST', body },
  );

export const LOGOUT = 'session.delete.explicit.logout';

/** To be called once in a file of tests. */
export function useRevocationHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start({ now: () => clock.now(), lifespanSeconds: 30 * 86_400 });
  });
  beforeEach(async () => {
    clock = new FakeClock();
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
    sessionId = sessionIdIn(token);
  });
  afterAll(() => hanko.stop());
}
