import { inspect } from 'node:util';
import { Controller, Get } from '@nestjs/common';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoHealth,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko, type FaultKind } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type Answer, FakeClock, recordChannel } from './app.js';
import { CapturedLog } from './log.js';
import { VALIDATE } from './session-spy.js';

@Controller()
export class NotesController {
  constructor(private readonly health: HankoHealth) {}

  @Public()
  @Get('health')
  report(): unknown {
    return this.health.report();
  }

  @Get('unmarked')
  unmarked(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ session: 'offline' })
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

  @RequireAuth({ session: { refreshSeconds: 0, onUnavailable: 'reject' } })
  @Get('reject')
  reject(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ session: { refreshSeconds: 60 } })
  @Get('minute')
  minute(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ session: { refreshSeconds: 60, keepAlive: false, onUnavailable: 'accept' } })
  @Get('minute-accept')
  minuteAccept(@CurrentUser('id') id: string): string {
    return id;
  }
}

@RequireAuth({ session: 'online' })
@Controller('strict')
export class StrictController {
  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }
}

/** What both servers put into tokens, and the apps ask for. */
export const AUDIENCE = 'notes-service';

// Everything that leaves the apps of this file, and what must not be in it.
export const logs: CapturedLog[] = [];
export const answers: Answer[] = [];
export const tokens: string[] = [];
export const addresses = ['127.0.0.1', 'localhost', 'http:'];
export let messages: ReturnType<typeof recordChannel>[] = [];

export let clock: FakeClock;
export let hanko: FakeHanko;
/** It stays away: while it is, somebody else may be given its port. */
export let gone: FakeHanko;
/** The one that the app asks. */
export let server: FakeHanko;
export let userId: string;
export let token: string;

export const newToken = async (by = server, user = by.createUser().id): Promise<string> => {
  const made = await by.token({ user });
  tokens.push(made);
  return made;
};

export const asked = (): number => hanko.countRequests(VALIDATE);

/** Makes questions about sessions fail, and nothing else. */
export const fail = (kind: Exclude<FaultKind, 'refuse'>, times?: number): Promise<void> =>
  hanko.fault(kind, { path: VALIDATE, ...(times !== undefined && { times }) });

export interface Health {
  readonly status: string;
  readonly sessions: {
    readonly state: string;
    readonly lastAnswerAt: string | null;
    readonly lastFailure: { readonly at: string; readonly reason: string } | null;
    readonly retryAt: string | null;
  };
}

/** From now on the app asks the server that is gone, of a session that was started there. */
export async function askGone(): Promise<FakeHanko> {
  server = gone;
  userId = gone.createUser().id;
  token = await newToken(gone, userId);
  return gone;
}

/** The last test of a file: nothing that left the apps holds a token, an address or a stack. */
export function expectNoLeaks(): void {
  const lines = logs.flatMap((log) => log.lines.map(({ text }) => text));
  const published = messages.flatMap((channel) => channel.messages);
  const collected = [
    ...lines,
    ...published.map((message) => inspect(message, { depth: 10 })),
    ...answers.map(({ headers, text }) => `${inspect(headers)} ${text}`),
  ];
  // A token is also recognizable by its claims, its signature, or half of either.
  const parts = tokens.flatMap((each) => each.split('.').slice(1));
  const secrets = [...tokens, ...parts.map((part) => part.slice(0, part.length / 2))];

  expect(lines.join('\n')).toContain('Hanko cannot validate sessions');
  expect(published).toContainEqual(expect.objectContaining({ outcome: 'failed' }));
  expect(published).toContainEqual(expect.objectContaining({ code: 'hanko_unavailable' }));
  expect(answers.length).toBeGreaterThan(20);
  expect(Math.min(...secrets.map(({ length }) => length))).toBeGreaterThan(20);
  for (const forbidden of [...secrets, ...addresses, '    at ']) {
    expect(collected.filter((text) => text.includes(forbidden))).toEqual([]);
  }
}

/** To be called once in a file of tests. */
export function useFailingHanko(): void {
  beforeAll(async () => {
    for (const kept of [logs, answers, tokens]) kept.length = 0;
    messages = [HANKO_CHANNELS.authentication, HANKO_CHANNELS.jwks, HANKO_CHANNELS.session].map(
      recordChannel,
    );
    const settings = { now: () => clock.now(), audience: AUDIENCE };
    hanko = await FakeHanko.start(settings);
    gone = await FakeHanko.start(settings);
    addresses.push(...[hanko, gone].map(({ url }) => `:${new URL(url).port}`));
    await gone.fault('refuse');
  });
  beforeEach(async () => {
    clock = new FakeClock();
    server = hanko;
    userId = hanko.createUser().id;
    token = await newToken(hanko, userId);
  });
  afterEach(async () => {
    await hanko.recover();
    hanko.clearRequests();
  });
  afterAll(async () => {
    for (const channel of messages) channel[Symbol.dispose]();
    await hanko.stop();
  });
}
