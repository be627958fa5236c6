import { Controller, Get, UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  HankoAuthGuard,
  HankoLiveSessions,
  HankoModule,
  HankoRevocation,
  OptionalAuth,
  SessionSignal,
} from 'nestjs-hanko';
import { HankoStub } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import { connect, type Library, SERVERS, useLibrary } from '../../support/gateways.js';
import { hanko, liveOptions, useLiveHanko } from '../../support/live-streams.js';

useLiveHanko();

/** What handlers were given, and what waits for the next of it. */
let signals: (AbortSignal | null)[] = [];
let given: (() => void)[] = [];
beforeEach(() => {
  signals = [];
  given = [];
});
const take = (signal: AbortSignal | null): void => {
  signals.push(signal);
  for (const resolve of given.splice(0)) resolve();
};
const taken = (): Promise<void> => new Promise((resolve) => given.push(resolve));

/** Long polling: replies when the session ends. */
const reasonOf = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve((signal.reason as { code: string }).code)),
  );

@Controller()
@UseGuards(HankoAuthGuard)
class LongController {
  @Get('long')
  async long(@SessionSignal() signal: AbortSignal): Promise<unknown> {
    take(signal);
    return { code: await reasonOf(signal) };
  }

  @Get('short')
  short(@SessionSignal() signal: AbortSignal): boolean {
    take(signal);
    return signal.aborted;
  }

  @Get('twice')
  twice(@SessionSignal() one: AbortSignal, @SessionSignal() other: AbortSignal): boolean {
    return one === other;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@SessionSignal() signal: AbortSignal | null): boolean {
    take(signal);
    return signal === null;
  }
}

@WebSocketGateway()
@UseGuards(HankoAuthGuard)
class LongGateway {
  @SubscribeMessage('short')
  short(@SessionSignal() signal: AbortSignal): unknown {
    take(signal);
    return { event: 'reply', data: signal.aborted };
  }
}

/** Nothing is watched any more: a closed connection takes some turns to be known. */
async function expectNothingHeld({ app }: RunningApp): Promise<void> {
  await expect.poll(() => app.get(HankoLiveSessions).size, { interval: 5 }).toBe(0);
}

describe.each(PLATFORMS)('@SessionSignal() over HTTP on %s', (platform) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(platform, {
      imports: [HankoModule.forRoot(liveOptions())],
      controllers: [LongController],
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('aborts with the reason when the session ends', async () => {
    const token = await hanko.token();
    const called = taken();
    const reply = app.get('/long', bearer(token));
    await called;
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));

    expect((await reply).body).toEqual({ code: 'session_revoked' });
    expect(signals[0]?.aborted).toBe(true);
    await expectNothingHeld(app);
  });

  it('is forgotten with the response, and is one for each call', async () => {
    const token = await hanko.token();
    await app.get('/short', bearer(token));
    await app.get('/short', bearer(token));
    await expectNothingHeld(app);
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));

    expect(new Set(signals).size).toBe(2);
    expect(signals.some((signal) => signal?.aborted)).toBe(false);
  });

  it('is one for all that asks in one call: fields of GraphQL are as many as a client likes', async () => {
    expect((await app.get('/twice', bearer(await hanko.token()))).text).toBe('true');
    await expectNothingHeld(app);
  });

  it('is null for an anonymous caller', async () => {
    expect((await app.get('/optional')).text).toBe('true');
  });
});

describe.each(SERVERS)(
  '@SessionSignal() in a gateway: $library on $platform',
  ({ library, platform }) => {
    it('is one for all messages of a connection, goes with it, and aborts with the session', async () => {
      await using app = await startApp(
        platform,
        { imports: [HankoModule.forRoot(liveOptions())], providers: [LongGateway] },
        { configure: useLibrary(library) },
      );
      const token = await hanko.token();
      const client = await connect(library, app.url, { headers: bearer(token) });
      for (let n = 0; n < 5; n += 1) await client.ask('short');
      expect([new Set(signals).size, app.app.get(HankoLiveSessions).size]).toEqual([1, 2]);
      await client[Symbol.asyncDispose]();
      await expectNothingHeld(app);
      expect(signals[0]?.aborted).toBe(false);

      await using other = await connect(library, app.url, { headers: bearer(token) });
      await other.ask('short');
      await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
      expect(signals.at(-1)?.reason).toMatchObject({ code: 'session_revoked' });
      await expectNothingHeld(app);
    });
  },
);

describe('HankoStub', () => {
  it('has signals and connections that end by revocation', async () => {
    const stub = new HankoStub();
    const library: Library = 'ws';
    await using app = await startApp(
      'Express',
      { imports: [stub.forRoot()], providers: [LongGateway] },
      { configure: useLibrary(library) },
    );
    const user = stub.signIn();
    await using client = await connect(library, app.url);
    await client.ask('short');
    await app.app.get(HankoRevocation).revoke(user.sessionId);

    expect(signals[0]?.reason).toMatchObject({ code: 'session_revoked' });
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });
});
