import { inspect } from 'node:util';
import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoHealth,
  HankoModule,
  type HankoModuleOptions,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko, type FaultKind } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  cookie,
  FakeClock,
  type HeaderFields,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { expectRevoked, HeldFetch, VALIDATE } from '../../support/session-spy.js';

@Controller()
class NotesController {
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
class StrictController {
  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }
}

/** What operators are told of each way to fail: no address, no token. */
const REASONS = {
  down: /^(UND_ERR_SOCKET|ECONNRESET)$/,
  refuse: /^(ECONNREFUSED|status \d+)$/,
  hang: /^no reply within 50 ms$/,
  drip: /^no reply within 50 ms$/,
  error: /^status 500$/,
  unavailable: /^status 503$/,
  garbage: /^the reply is a web page, not JSON$/,
  'wrong-json': /^the reply does not have the shape of \/sessions\/validate$/,
  redirect: /^status 302$/,
  oversized: /^the reply has more than 65536 bytes$/,
} satisfies Record<Exclude<FaultKind, 'slow'>, RegExp>;

/** Those that say something of Hanko; all others are the failure of one request. */
const OUTAGES: readonly string[] = ['down', 'refuse', 'hang', 'drip', 'error', 'unavailable'];

type Failure = keyof typeof REASONS;
const FAILURES = Object.keys(REASONS) as Failure[];

/** What both servers put into tokens, and the apps ask for. */
const AUDIENCE = 'notes-service';

// Everything that leaves the apps of this file, and what must not be in it.
const logs: CapturedLog[] = [];
const answers: Answer[] = [];
const tokens: string[] = [];
const addresses = ['127.0.0.1', 'localhost', 'http:'];
const messages = [
  recordChannel(HANKO_CHANNELS.authentication),
  recordChannel(HANKO_CHANNELS.jwks),
  recordChannel(HANKO_CHANNELS.session),
];

let clock: FakeClock;
let hanko: FakeHanko;
/** It stays away: while it is, somebody else may be given its port. */
let gone: FakeHanko;
/** The one that the app asks. */
let server: FakeHanko;
let userId: string;
let token: string;

const newToken = async (by = server, user = by.createUser().id): Promise<string> => {
  const made = await by.token({ user });
  tokens.push(made);
  return made;
};

const asked = (): number => hanko.countRequests(VALIDATE);

/** Makes questions about sessions fail, and nothing else. */
const fail = (kind: Exclude<FaultKind, 'refuse'>, times?: number): Promise<void> =>
  hanko.fault(kind, { path: VALIDATE, ...(times !== undefined && { times }) });

beforeAll(async () => {
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

interface Health {
  readonly status: string;
  readonly sessions: {
    readonly state: string;
    readonly lastAnswerAt: string | null;
    readonly lastFailure: { readonly at: string; readonly reason: string } | null;
    readonly retryAt: string | null;
  };
}

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = async (options: HankoModuleOptions = {}): Promise<RunningApp> => {
    const log = new CapturedLog();
    logs.push(log);
    const app = await startApp(
      platform,
      {
        imports: [
          HankoModule.forRoot({
            apiUrl: hanko.url,
            audience: AUDIENCE,
            now: clock.now,
            ...options,
          }),
        ],
        controllers: [NotesController, StrictController],
        providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
      },
      { log },
    );
    addresses.push(`:${new URL(app.url).port}`);
    return app;
  };

  /** An app that has the keys already. */
  const startWarm = async (options: HankoModuleOptions = {}): Promise<RunningApp> => {
    const app = await start(options);
    expect((await get(app, '/offline')).text).toBe(userId);
    hanko.clearRequests();
    return app;
  };

  /** An app whose questions about sessions fail like this, and nothing else. */
  const startFailing = async (
    failure: Failure,
    options: HankoModuleOptions = {},
  ): Promise<RunningApp> => {
    const isSilent = failure === 'hang' || failure === 'drip';
    const timeout = isSilent ? { validateTimeoutMs: 50 } : {};
    if (failure === 'refuse') {
      server = gone;
      userId = gone.createUser().id;
      token = await newToken(gone, userId);
      return start({ apiUrl: gone.url, jwks: gone.jwks(), ...options });
    }
    const app = await startWarm({ ...timeout, ...options });
    await fail(failure);
    return app;
  };

  const get = async (
    app: RunningApp,
    path: string,
    headers: HeaderFields = bearer(token),
  ): Promise<Answer> => {
    const answer = await app.get(path, headers);
    answers.push(answer);
    return answer;
  };

  const health = async (app: RunningApp): Promise<Health> =>
    (await get(app, '/health', {})).body as Health;

  /** Somebody else. */
  const another = async (): Promise<HeaderFields> => bearer(await newToken());

  /** So many failures in a row, of different sessions, that Hanko is left alone. */
  const open = async (app: RunningApp, path = '/online'): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      expect(await get(app, path, await another())).toBeRefused('hanko_unavailable');
    }
  };

  describe.each(FAILURES)('while /sessions/validate fails: %s', (failure) => {
    it("'online' is 503, never 401, also where anonymous callers are let in", async () => {
      await using app = await startFailing(failure);

      expect(await get(app, '/online')).toBeRefused('hanko_unavailable');
      expect(await get(app, '/online', cookie(token))).toBeRefused('hanko_unavailable');
      expect(await get(app, '/minute')).toBeRefused('hanko_unavailable');
      expect(await get(app, '/strict/optional')).toBeRefused('hanko_unavailable');
      expect(await get(app, '/strict/optional', cookie(token))).toBeRefused('hanko_unavailable');
      expect((await get(app, '/strict/optional', {})).text).toBe('nobody');
    });

    it("onUnavailable: 'accept' goes by the token, on a route", async () => {
      await using app = await startFailing(failure);
      // More than it takes for Hanko to be left alone.
      for (let i = 0; i < 8; i++) {
        const answer = await get(app, '/accept');
        expect([answer.status, answer.text]).toEqual([200, userId]);
      }
      expect((await get(app, '/minute-accept')).text).toBe(userId);
      expect(await get(app, '/accept', bearer('garbage'))).toBeRefused('token_malformed');
    });

    it("onUnavailable: 'accept' goes by the token, on the module, where a route says nothing", async () => {
      await using app = await startFailing(failure, { session: 'online', onUnavailable: 'accept' });

      expect((await get(app, '/unmarked')).text).toBe(userId);
      expect((await get(app, '/online')).text).toBe(userId);
      expect((await get(app, '/minute')).text).toBe(userId);
      expect((await get(app, '/strict/optional', cookie(token))).text).toBe(userId);
      expect(await get(app, '/reject')).toBeRefused('hanko_unavailable');
    });

    it('routes that ask nobody notice nothing', async () => {
      await using app = await startFailing(failure);
      expect(await get(app, '/online')).toBeRefused('hanko_unavailable');

      expect((await get(app, '/offline')).text).toBe(userId);
      expect((await get(app, '/unmarked')).text).toBe(userId);
      expect(await get(app, '/offline', {})).toBeRefused('credentials_missing');
    });

    it('operators are told why, in the log and by HankoHealth', async () => {
      await using app = await startFailing(failure);
      await open(app);
      const { sessions } = await health(app);

      const isOutage = OUTAGES.includes(failure);
      expect(sessions).toEqual({
        state: isOutage ? 'failing' : 'answering',
        lastAnswerAt: null,
        lastFailure: {
          at: new Date(clock.now()).toISOString(),
          reason: expect.stringMatching(REASONS[failure]),
        },
        retryAt: isOutage ? new Date(clock.now() + 1_000).toISOString() : null,
      });
      expect(app.log.messages('warn', 'HankoSessions')).toEqual([
        expect.stringContaining(
          isOutage
            ? `: ${sessions.lastFailure?.reason}. Until it can,`
            : `is unusable: ${sessions.lastFailure?.reason}. Such requests get 503`,
        ),
      ]);
    });
  });

  it('a slow answer is an answer', async () => {
    await using app = await startWarm();
    await hanko.fault('slow', { path: VALIDATE, delayMs: 30 });

    expect((await get(app, '/online')).text).toBe(userId);
    hanko.revoke(token);
    expectRevoked(await get(app, '/online'));
  });

  it.each(['error', 'down', 'garbage'] as const)(
    "a session that is known to have ended stays out with 'accept': %s",
    async (failure) => {
      await using app = await startWarm();
      hanko.revoke(token);
      expectRevoked(await get(app, '/online'));
      await fail(failure);

      for (let i = 0; i < 8; i++) expectRevoked(await get(app, '/accept'));
      clock.advanceSeconds(3_600);
      expectRevoked(await get(app, '/accept'));
      expectRevoked(await get(app, '/minute-accept'));
    },
  );

  it("and with 'reject': what is known needs no Hanko", async () => {
    await using app = await startWarm();
    hanko.revoke(token);
    expectRevoked(await get(app, '/online'));
    await fail('error');
    clock.advanceSeconds(3_600);

    for (let i = 0; i < 8; i++) expectRevoked(await get(app, '/online'));
  });

  it('an anonymous caller whose session is known to have ended stays anonymous', async () => {
    await using app = await startWarm({
      session: { refreshSeconds: 60, onUnavailable: 'accept' },
    });
    hanko.revoke(token);
    expectRevoked(await get(app, '/unmarked'));
    await fail('error');
    clock.advanceSeconds(61);

    expectRevoked(await get(app, '/unmarked'));
    expectRevoked(await get(app, '/unmarked', cookie(token)));
  });

  describe('answers that were given before the outage', () => {
    it('serve on until their time is over', async () => {
      await using app = await startWarm();
      expect((await get(app, '/minute')).text).toBe(userId);
      await fail('down');
      await open(app);
      clock.advanceSeconds(59);
      const before = asked();

      expect((await get(app, '/minute')).text).toBe(userId);
      expect(asked()).toBe(before);
      clock.advanceSeconds(1);
      expect(await get(app, '/minute')).toBeRefused('hanko_unavailable');
      expect((await get(app, '/minute-accept')).text).toBe(userId);
    });

    it('keep those out whose session had ended', async () => {
      await using app = await startWarm();
      hanko.revoke(token);
      expectRevoked(await get(app, '/minute'));
      await fail('down');
      clock.advanceSeconds(59);

      expectRevoked(await get(app, '/minute'));
      expect(asked()).toBe(1);
    });
  });

  describe('after five failures in a row', () => {
    it('Hanko is left alone until the time of Retry-After is over, then tried once', async () => {
      await using app = await startWarm();
      await fail('error');
      await open(app);
      expect(asked()).toBe(5);
      for (let i = 0; i < 20; i++) {
        const answer = await get(app, '/online');
        expect(answer).toBeRefused('hanko_unavailable');
        expect(answer.headers['retry-after']).toBe('1');
      }
      expect((await get(app, '/accept')).text).toBe(userId);
      expect(asked()).toBe(5);

      clock.advanceSeconds(1);
      expect(await get(app, '/online', await another())).toBeRefused('hanko_unavailable');
      expect(await get(app, '/online', await another())).toBeRefused('hanko_unavailable');
      expect(asked()).toBe(6);
    });

    it('the wait doubles up to 30 seconds', async () => {
      await using app = await startWarm();
      await fail('unavailable');
      await open(app);
      const waits: number[] = [];
      for (let i = 0; i < 8; i++) {
        const { headers } = await get(app, '/online');
        waits.push(Number(headers['retry-after']));
        clock.advanceSeconds(waits.at(-1) ?? 0);
        await get(app, '/online', await another());
      }

      expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
      expect(asked()).toBe(5 + 8);
    });

    it('all recovers without a restart, also after a long outage', async () => {
      await using app = await startWarm();
      await fail('down');
      await open(app);
      for (let i = 0; i < 7; i++) {
        clock.advanceSeconds(30);
        expect(await get(app, '/online', await another())).toBeRefused('hanko_unavailable');
      }
      await hanko.recover();
      expect(await get(app, '/online')).toBeRefused('hanko_unavailable');
      const before = asked();
      clock.advanceSeconds(30);

      expect((await get(app, '/online')).text).toBe(userId);
      expect((await get(app, '/online')).text).toBe(userId);
      expect(asked()).toBe(before + 2);
      hanko.revoke(token);
      expectRevoked(await get(app, '/online'));
    });

    it('many sessions at the same time make one try', async () => {
      await using app = await startWarm();
      await fail('error');
      await open(app);
      const many = await Promise.all(Array.from({ length: 20 }, () => newToken()));
      clock.advanceSeconds(1);
      const before = asked();
      const refused = await Promise.all(many.map((each) => get(app, '/online', bearer(each))));

      for (const answer of refused) expect(answer).toBeRefused('hanko_unavailable');
      expect(asked()).toBe(before + 1);
    });

    it('the next outage starts anew', async () => {
      await using app = await startWarm();
      await fail('error');
      await open(app);
      await hanko.recover();
      clock.advanceSeconds(1);
      expect((await get(app, '/online')).text).toBe(userId);
      hanko.clearRequests();
      await fail('error');
      await open(app);

      expect(asked()).toBe(5);
      expect((await get(app, '/online')).headers['retry-after']).toBe('1');
    });
  });

  it('four failures and an answer, again and again, leave nobody alone', async () => {
    await using app = await startWarm();
    for (let i = 0; i < 3; i++) {
      await fail('error', 4);
      for (let j = 0; j < 4; j++) {
        const answer = await get(app, '/online');
        expect(answer).toBeRefused('hanko_unavailable');
        expect(answer.headers['retry-after']).toBe('1');
      }
      expect((await get(app, '/online')).text).toBe(userId);
    }

    expect(asked()).toBe(15);
    expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
  });

  it('the log says once that an outage begins, and once that it is over', async () => {
    await using app = await startWarm();
    await fail('error');
    await open(app);
    for (let i = 0; i < 5; i++) {
      await get(app, '/accept');
      await get(app, '/online', await another());
      clock.advanceSeconds(30);
    }
    await hanko.recover();
    expect((await get(app, '/online')).text).toBe(userId);
    expect((await get(app, '/online')).text).toBe(userId);

    expect(app.log.messages('warn', 'HankoSessions')).toEqual([
      'Hanko cannot validate sessions: status 500. ' +
        'Until it can, policies with onUnavailable: "accept" accept any valid token, and the others respond with 503.',
    ]);
    expect(app.log.messages('log', 'HankoSessions')).toEqual(['Hanko validates sessions again']);
  });

  it('each question is published, and no refusal to ask', async () => {
    using sessions = recordChannel(HANKO_CHANNELS.session);
    await using app = await startWarm();
    await get(app, '/online');
    await fail('error');
    await open(app);
    await get(app, '/online');
    await hanko.recover();
    hanko.revoke(token);
    clock.advanceSeconds(1);
    await get(app, '/online');

    const failed = { outcome: 'failed', reason: 'status 500' };
    expect(sessions.messages).toEqual([
      { outcome: 'alive' },
      ...Array.from({ length: 4 }, () => ({ ...failed, retryInMs: 0 })),
      { ...failed, retryInMs: 1_000 },
      { outcome: 'ended' },
    ]);
  });

  describe('HankoHealth over HTTP', () => {
    const UNUSED = { state: 'unused', lastAnswerAt: null, lastFailure: null, retryAt: null };
    const at = (): string => new Date(clock.now()).toISOString();

    it('says how the questions go, before, during and after an outage', async () => {
      await using app = await startWarm({ session: 'online' });
      expect(await health(app)).toMatchObject({ status: 'up', sessions: UNUSED });

      await get(app, '/unmarked');
      const answeredAt = at();
      const good = { state: 'answering', lastAnswerAt: answeredAt, lastFailure: null };
      clock.advanceSeconds(10);
      expect(await health(app)).toMatchObject({
        status: 'up',
        sessions: { ...good, retryAt: null },
      });

      await fail('error');
      await get(app, '/unmarked');
      const lastFailure = { at: at(), reason: 'status 500' };
      // One question that failed is no outage.
      expect(await health(app)).toMatchObject({
        status: 'up',
        sessions: { state: 'answering', lastAnswerAt: answeredAt, lastFailure, retryAt: null },
      });
      await open(app, '/unmarked');
      const bad = { state: 'failing', lastAnswerAt: answeredAt, lastFailure };
      const retryAt = new Date(clock.now() + 1_000).toISOString();
      expect(await health(app)).toMatchObject({ status: 'down', sessions: { ...bad, retryAt } });
      // The wait is over: the next request is asked about.
      clock.advanceSeconds(1);
      expect(await health(app)).toMatchObject({
        status: 'up',
        sessions: { state: 'answering', lastFailure, retryAt: null },
      });

      await hanko.recover();
      await get(app, '/unmarked');
      expect(await health(app)).toMatchObject({
        status: 'up',
        sessions: { state: 'answering', lastAnswerAt: at(), lastFailure, retryAt: null },
      });
    });

    it.each<[string, HankoModuleOptions, string]>([
      ["'accept' for all", { session: 'online', onUnavailable: 'accept' }, 'degraded'],
      [
        "a policy that says 'accept' itself",
        { session: { refreshSeconds: 60, onUnavailable: 'accept' } },
        'degraded',
      ],
      [
        "a policy that says 'reject' itself",
        { session: { refreshSeconds: 60, onUnavailable: 'reject' }, onUnavailable: 'accept' },
        'down',
      ],
      ["'offline', and a route that asks", {}, 'degraded'],
      ["'online'", { session: 'online' }, 'down'],
    ])('with %s', async (_, options, status) => {
      await using app = await startWarm(options);
      await fail('error');
      await open(app, '/reject');

      expect(await health(app)).toMatchObject({ status, sessions: { state: 'failing' } });
    });

    it('asks nobody', async () => {
      await using app = await startWarm({ session: 'online' });
      for (let i = 0; i < 5; i++) await health(app);

      expect(hanko.requests).toEqual([]);
    });

    it('a session that has ended is an answer', async () => {
      await using app = await startWarm({ session: 'online' });
      hanko.revoke(token);
      await get(app, '/unmarked');

      expect(await health(app)).toMatchObject({ status: 'up', sessions: { state: 'answering' } });
    });
  });

  it('a question that hangs does not hold up the end of the app', async () => {
    const held = new HeldFetch();
    const app = await startWarm({ validateTimeoutMs: 60_000, fetch: held.fetch });
    await fail('hang');
    const hanging = get(app, '/online').catch(() => undefined);
    await held.isAsked;
    held.release();
    await app[Symbol.asyncDispose]();
    await hanging;

    // Nothing of it is an outage.
    expect(app.log.messages('warn', 'HankoSessions')).toEqual([]);
  });
});

it('no log line, published message or answer of this file holds a token, an address or a stack', () => {
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
  expect(answers.length).toBeGreaterThan(FAILURES.length * PLATFORMS.length);
  expect(Math.min(...secrets.map(({ length }) => length))).toBeGreaterThan(20);
  for (const forbidden of [...secrets, ...addresses, '    at ']) {
    expect(collected.filter((text) => text.includes(forbidden))).toEqual([]);
  }
});
