import { HankoConfigurationError, type HankoModuleOptions } from 'nestjs-hanko';
import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedSessionPolicy } from '../../../lib/options/session-policy.js';
import type { SessionLiveness } from '../../../lib/session/session-liveness.js';
import { HankoUser } from '../../../lib/user/hanko-user.js';
import { Gate, turn } from '../../support/unit-jwks.js';
import {
  alive,
  type Answer,
  answering,
  broken,
  claimsIn,
  createLiveness,
  ended,
  policy,
  SessionObserver,
  silent,
  type TestSession,
  testSession,
  ValidateServer,
} from '../../support/unit-session.js';
import {
  type Refusal,
  refusalOf,
  shareAPiece,
  TestClock,
  thrownRefusalOf,
  unavailableRefusal,
} from '../../support/unit-verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const ONLINE = policy(0);
const MINUTE = policy(60);
const QUIET_MINUTE = policy(60, { keepAlive: false });
const ACCEPTING = policy(60, { onUnavailable: 'accept' });

/** What a caller is told whose session has ended. */
const REVOKED: Refusal = {
  name: 'HankoTokenError',
  code: 'session_revoked',
  status: 401,
  body: { statusCode: 401, code: 'session_revoked', message: 'The session has ended' },
  headers: {
    'WWW-Authenticate': 'Bearer error="invalid_token", error_description="The session has ended"',
  },
  leaks: [],
};

const observer = new SessionObserver();
let clock: TestClock;
let server: ValidateServer;
let liveness: SessionLiveness;
let session: TestSession;
const opened: SessionLiveness[] = [];

beforeEach(async () => {
  clock = new TestClock(START);
  server = await ValidateServer.start();
  liveness = create({ apiUrl: server.url });
  session = testSession(START);
  observer.clear();
});

afterEach(async () => {
  for (const one of opened.splice(0)) one.onModuleDestroy();
  await server[Symbol.asyncDispose]();
});

function create(options: HankoModuleOptions): SessionLiveness {
  const created = createLiveness({ now: clock.now, ...options });
  opened.push(created);
  return created;
}

const check = (
  by: ResolvedSessionPolicy,
  { token, user }: TestSession = session,
): ReturnType<SessionLiveness['check']> => liveness.check(token, user, by);

/** By a promise, also where it is thrown at once. */
const checked = async (by: ResolvedSessionPolicy, one?: TestSession): Promise<void> =>
  check(by, one);

const refused = (by: ResolvedSessionPolicy, one: TestSession = session): Promise<Refusal> =>
  refusalOf(checked(by, one), one.token);

/** Passes or refuses without a promise. */
function isKnown(by: ResolvedSessionPolicy): boolean {
  const found = check(by);
  if (!(found instanceof Promise)) return true;
  found.catch(() => undefined);
  return false;
}

/** So many questions about other sessions, which are not answered, one after the other. */
async function fail(count: number): Promise<void> {
  server.answer = broken;
  for (let n = 0; n < count; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await refused(ONLINE, testSession(START));
  }
}

/** Answers once the gate is open. */
const held =
  (gate: Gate, answer: Answer = alive): Answer =>
  async (question, response) => {
    await gate.opened;
    await answer(question, response);
  };

describe('a policy that asks on each request', () => {
  it('asks each time', async () => {
    for (let n = 0; n < 3; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await check(ONLINE);
    }

    expect(server.methods).toEqual(['POST', 'POST', 'POST']);
  });

  it('asks also where another policy has just asked', async () => {
    await check(MINUTE);
    await check(ONLINE);

    expect(server.questions).toHaveLength(2);
  });

  it('refuses at once after a logout', async () => {
    await check(ONLINE);
    server.answer = ended;

    expect(await refused(ONLINE)).toEqual(REVOKED);
  });

  it('does not ask again about a session that has ended: it never comes back', async () => {
    server.answer = ended;
    await refused(ONLINE);
    server.answer = alive;
    clock.advance(3_600);

    expect(await refused(ONLINE)).toEqual(REVOKED);
    expect(server.questions).toHaveLength(1);
  });

  it('asks again where Hanko could not read the claims: that may be mended', async () => {
    server.answer = answering(400, { code: 400, message: 'failed to parse token claims: x' });
    expect(await refused(ONLINE)).toEqual(REVOKED);
    server.answer = alive;

    expect(await check(ONLINE)).toBeUndefined();
  });
});

describe('an answer', () => {
  it('holds for the time of the policy, and not a millisecond longer', async () => {
    await check(MINUTE);
    clock.advanceMs(59_999);

    expect(isKnown(MINUTE)).toBe(true);
    expect(server.questions).toHaveLength(1);

    clock.advanceMs(1);
    const asked = check(MINUTE);
    expect(asked).toBeInstanceOf(Promise);
    await asked;
    expect(server.questions).toHaveLength(2);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it.each([MINUTE, QUIET_MINUTE])(
    'holds from when it was asked for, not from when it came, keepAlive $keepAlive',
    async (minute) => {
      const gate = new Gate();
      server.answer = held(gate);
      const asked = check(minute);
      await server.asked(1);
      clock.advance(30);
      gate.open();
      await asked;

      clock.advanceMs(29_999);
      expect(isKnown(minute)).toBe(true);
      clock.advanceMs(1);
      expect(isKnown(minute)).toBe(false);
      await server.asked(2);
    },
  );

  it('is one to each policy for its own time', async () => {
    await check(MINUTE);
    clock.advance(30);

    expect(isKnown(policy(31))).toBe(true);
    await check(policy(30));
    expect(server.questions).toHaveLength(2);
  });

  it('is about its session alone', async () => {
    const other = testSession(START);
    server.answer = (question, response) =>
      (question.sessionId === other.user.sessionId ? ended : alive)(question, response);
    await check(MINUTE);

    expect(await refused(MINUTE, other)).toEqual(REVOKED);
    expect(isKnown(MINUTE)).toBe(true);
    expect(server.questions).toHaveLength(2);
  });

  it('does not hold where the clock was set back, and the next one does', async () => {
    await check(MINUTE);
    clock.advance(-3_600);

    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
    expect(isKnown(MINUTE)).toBe(true);

    clock.advanceMs(-1);
    await check(MINUTE);
    expect(server.questions).toHaveLength(3);
  });

  it('does not hold where the clock has jumped ahead, and the next one does', async () => {
    await check(MINUTE);
    clock.advance(86_400 * 365);

    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it('that a session has ended holds for good, without another call', async () => {
    server.answer = ended;
    expect(await refused(MINUTE)).toEqual(REVOKED);
    server.answer = alive;

    for (const seconds of [0, 60, 86_400]) {
      clock.advance(seconds);
      expect(thrownRefusalOf(() => check(MINUTE), session.token)).toEqual(REVOKED);
    }
    expect(server.questions).toHaveLength(1);
  });

  it('about another session is none', async () => {
    server.answer = answering(200, {
      is_valid: true,
      claims: { session_id: testSession(START).user.sessionId },
    });

    expect(await refused(MINUTE)).toEqual(unavailableRefusal(1));
    expect(observer.failures).toEqual(['the reply is about another session']);
    server.answer = alive;
    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
  });
});

describe('activity', () => {
  it('is a POST, and what is none is a GET', async () => {
    await check(policy(0, { keepAlive: false }));
    await check(ONLINE);

    expect(server.methods).toEqual(['GET', 'POST']);
  });

  it('is not satisfied by the answer to a GET', async () => {
    await check(QUIET_MINUTE);
    await check(MINUTE);

    expect(server.methods).toEqual(['GET', 'POST']);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it('satisfies also who wants none', async () => {
    await check(MINUTE);

    expect(isKnown(QUIET_MINUTE)).toBe(true);
    expect(server.methods).toEqual(['POST']);
  });

  it('counts from the last POST, whatever was asked by GET since', async () => {
    await check(MINUTE);
    clock.advance(50);
    await check(policy(10, { keepAlive: false }));
    clock.advance(9);
    expect(isKnown(MINUTE)).toBe(true);

    clock.advance(1);
    expect(isKnown(QUIET_MINUTE)).toBe(true);
    await check(MINUTE);

    expect(server.methods).toEqual(['POST', 'GET', 'POST']);
  });

  it('is of no interest once the session has ended', async () => {
    server.answer = ended;
    await refused(QUIET_MINUTE);

    expect(thrownRefusalOf(() => check(MINUTE))).toEqual(REVOKED);
    expect(server.methods).toEqual(['GET']);
  });

  it('keeps a session alive at Hanko, and a GET does not', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 100 });
    liveness = create({ apiUrl: hanko.url });
    const [active, passive] = await Promise.all([sessionAt(hanko), sessionAt(hanko)]);
    for (let n = 0; n < 5; n += 1) {
      clock.advance(40);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await check(ONLINE, active);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (n < 2) await check(policy(0, { keepAlive: false }), passive);
    }

    expect(await refused(policy(0, { keepAlive: false }), passive)).toEqual(REVOKED);
  });
});

describe('requests at the same time', () => {
  it('share one call per session', async () => {
    const other = testSession(START);

    await Promise.all(
      Array.from({ length: 50 }, (_, n) => checked(n % 2 === 0 ? ONLINE : MINUTE)).concat(
        Array.from({ length: 50 }, () => checked(MINUTE, other)),
      ),
    );

    expect(server.questions.map(({ sessionId }) => sessionId).toSorted()).toEqual(
      [session.user.sessionId, other.user.sessionId].toSorted(),
    );
  });

  it('share also a call that is no activity', async () => {
    await Promise.all(Array.from({ length: 50 }, () => checked(QUIET_MINUTE)));

    expect(server.methods).toEqual(['GET']);
  });

  it('are all refused by one answer', async () => {
    server.answer = ended;

    const refusals = await Promise.all(Array.from({ length: 20 }, () => refused(MINUTE)));

    expect(refusals).toEqual(Array.from({ length: 20 }, () => REVOKED));
    expect(server.questions).toHaveLength(1);
  });

  it('all fail by one failure, and the next one asks anew', async () => {
    server.answer = broken;

    const refusals = await Promise.all(Array.from({ length: 20 }, () => refused(MINUTE)));

    expect(refusals).toEqual(Array.from({ length: 20 }, () => unavailableRefusal(1)));
    expect(server.questions).toHaveLength(1);
    server.answer = alive;
    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
  });

  it('fail each as its own policy says', async () => {
    server.answer = broken;

    const [rejecting, accepting] = await Promise.all([
      refused(MINUTE),
      checked(ACCEPTING).then(() => 'accepted'),
    ]);

    expect([rejecting, accepting]).toEqual([unavailableRefusal(1), 'accepted']);
    expect(server.questions).toHaveLength(1);
  });

  it('ask by POST after a GET that is under way, once for all of them', async () => {
    const gate = new Gate();
    server.answer = held(gate);
    const all = [checked(QUIET_MINUTE)];
    await server.asked(1);
    for (let n = 0; n < 10; n += 1) all.push(checked(MINUTE), checked(QUIET_MINUTE));
    await turn();
    expect(server.methods).toEqual(['GET']);

    gate.open();
    await Promise.all(all);

    expect(server.methods).toEqual(['GET', 'POST']);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it('need no POST after a GET that says that the session has ended', async () => {
    const gate = new Gate();
    server.answer = held(gate, ended);
    const first = refused(QUIET_MINUTE);
    await server.asked(1);
    const second = refused(MINUTE);
    gate.open();

    expect(await Promise.all([first, second])).toEqual([REVOKED, REVOKED]);
    expect(server.methods).toEqual(['GET']);
  });

  it('need no GET beside a POST that is under way', async () => {
    const gate = new Gate();
    server.answer = held(gate);
    const all = [checked(MINUTE)];
    await server.asked(1);
    all.push(checked(QUIET_MINUTE), checked(QUIET_MINUTE));
    gate.open();
    await Promise.all(all);

    expect(server.methods).toEqual(['POST']);
  });
});

describe('while Hanko cannot be asked', () => {
  it('what is known holds for its time, and then it is 503', async () => {
    await check(MINUTE);
    server.answer = broken;
    clock.advanceMs(59_999);
    expect(isKnown(MINUTE)).toBe(true);

    clock.advanceMs(1);
    expect(await refused(MINUTE)).toEqual(unavailableRefusal(1));
  });

  it('Retry-After says how long Hanko is left alone, and is never 0', async () => {
    await fail(5);
    const headers: (string | undefined)[] = [];
    for (const ms of [0, 999, 1, 0, 1, 1_998, 1, 3_000]) {
      clock.advanceMs(ms);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      headers.push((await refused(MINUTE, testSession(START))).headers['Retry-After']);
    }

    // The third and the seventh are tries, which double the wait.
    expect(headers).toEqual(['1', '1', '2', '2', '2', '1', '4', '1']);
    expect(server.questions).toHaveLength(7);
  });

  it.each([policy(0, { onUnavailable: 'accept' }), ACCEPTING])(
    'accepting lets unknown sessions through, after $refreshMs ms',
    async (accepting) => {
      server.answer = broken;
      for (let n = 0; n < 20; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await check(accepting)).toBeUndefined();
      }

      expect(server.questions).toHaveLength(5);
    },
  );

  it('accepting lets a session through that was alive when it was last known', async () => {
    await check(ACCEPTING);
    server.answer = broken;
    clock.advance(3_600);

    expect(await check(ACCEPTING)).toBeUndefined();
    expect(server.questions).toHaveLength(2);
  });

  it('accepting keeps a session out that is known to have ended, whenever that was', async () => {
    server.answer = ended;
    await refused(ACCEPTING);
    server.answer = broken;

    for (const seconds of [1, 60, 3_600, 40_000]) {
      clock.advance(seconds);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(ACCEPTING)).toEqual(REVOKED);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(policy(0, { onUnavailable: 'accept' }))).toEqual(REVOKED);
    }
  });

  it('rejecting says of such a session what is known, and not 503', async () => {
    server.answer = ended;
    await refused(MINUTE);
    server.answer = broken;
    clock.advance(3_600);

    expect(await refused(MINUTE)).toEqual(REVOKED);
    expect(await refused(ONLINE)).toEqual(REVOKED);
    expect(await refused(MINUTE, testSession(START))).toEqual(unavailableRefusal(1));
  });

  it('accepting says nothing of it later: the next request asks', async () => {
    server.answer = broken;
    await check(ACCEPTING);
    server.answer = ended;

    expect(await refused(ACCEPTING)).toEqual(REVOKED);
  });

  it('accepting does not wait for a dead server once five have waited', async () => {
    liveness = create({ apiUrl: server.url, validateTimeoutMs: 30 });
    server.answer = silent;
    await Promise.all(Array.from({ length: 5 }, () => checked(ACCEPTING, testSession(START))));
    expect(server.questions).toHaveLength(5);

    await Promise.all(Array.from({ length: 500 }, () => checked(ACCEPTING, testSession(START))));

    expect(server.questions).toHaveLength(5);
  });
});

describe('without an address', () => {
  it('nobody can be asked, and no policy accepts that', async () => {
    liveness = create({ jwks: { getKey: () => undefined } });

    for (const by of [ONLINE, ACCEPTING]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(checked(by)).rejects.toThrow(HankoConfigurationError);
    }
    expect(liveness.status).toBeNull();
  });

  it('closing is nothing', () => {
    liveness = create({ jwks: { getKey: () => undefined } });

    expect(() => liveness.onModuleDestroy()).not.toThrow();
  });
});

/** With the test's clock. */
const start = (options: FakeHankoOptions = {}): Promise<FakeHanko> =>
  FakeHanko.start({ now: clock.now, ...options });

async function sessionAt(
  hanko: FakeHanko,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<TestSession> {
  // Without an address, or Hanko's own "email" would be written over that of the claims.
  const token = await hanko.token({ username: `u${hanko.sessions().length}`, claims });
  return { token, user: new HankoUser(claimsIn(token)) };
}

const warnings = (): readonly string[] => observer.log.filter((line) => line.startsWith('warn'));

describe('the log', () => {
  it('says nothing while all is well', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 60 });
    liveness = create({ apiUrl: hanko.url });
    const living = await sessionAt(hanko);
    await check(MINUTE, living);
    await check(ONLINE, living);
    hanko.revoke(living.token);
    expect(await refused(ONLINE, living)).toEqual(REVOKED);

    expect(observer.log).toEqual([]);
  });

  it('says once that an "email" that is text cannot be validated', async () => {
    await using hanko = await start();
    liveness = create({ apiUrl: hanko.url });
    for (const keepAlive of [true, false, true]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const one = await sessionAt(hanko, { email: 'ada@example.test' });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(policy(0, { keepAlive }), one)).toEqual(REVOKED);
    }

    expect(observer.log).toEqual([
      expect.stringMatching(/^warn Hanko refuses to validate sessions whose "email" claim is text/),
    ]);
    expect(observer.log.join()).not.toContain('ada@');
  });

  it('says once that claims cannot be read, for whatever reason', async () => {
    server.answer = answering(400, { code: 400, message: 'failed to parse token claims: x' });
    await refused(ONLINE);
    await refused(ONLINE, testSession(START, { email: { address: 'ada@example.test' } }));

    expect(observer.log).toEqual([
      'warn Hanko refuses to validate a session because of the claims in its token, so it is answered 401. HankoSessions',
    ]);
  });

  it('says once that the idle timeout is shorter than a policy waits', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 60 });
    liveness = create({ apiUrl: hanko.url });
    await check(policy(61), await sessionAt(hanko));
    await check(policy(600), await sessionAt(hanko));

    expect(observer.log).toEqual([
      expect.stringMatching(/^warn Hanko's idle timeout is shorter than the refreshSeconds/),
    ]);
  });

  it.each([59, 60])(
    'is content with an idle timeout of 60 s and a policy of %i s',
    async (seconds) => {
      await using hanko = await start({ idleTimeoutSeconds: 60 });
      liveness = create({ apiUrl: hanko.url });
      await check(policy(seconds), await sessionAt(hanko));

      expect(observer.log).toEqual([]);
    },
  );

  it('is content where the token expires before the policy would ask again', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 3_600, lifespanSeconds: 600 });
    liveness = create({ apiUrl: hanko.url });
    await check(policy(3_600), await sessionAt(hanko));
    await check(policy(86_400), await sessionAt(hanko));

    expect(observer.log).toEqual([]);
  });

  it('does not blame the idle timeout where only the user is idle', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 1_800 });
    liveness = create({ apiUrl: hanko.url });
    const polled = await sessionAt(hanko);
    // A page polls for half an hour; its user does nothing.
    for (let minute = 0; minute < 31; minute += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await check(QUIET_MINUTE, polled);
      clock.advanceMs(59_500);
    }

    expect(warnings()).toEqual([]);
  });
});

describe('a token', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
  });
  afterAll(() => hanko.stop());

  it('is in no log line, no message and no error, whatever goes wrong', async () => {
    liveness = create({ apiUrl: hanko.url, now: Date.now, validateTimeoutMs: 100 });
    const seen: string[] = [];
    for (const kind of ['error', 'garbage', 'redirect', 'down', 'hang'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const one = await sessionAt(hanko);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await hanko.fault(kind, { times: 1, path: '/sessions/validate' });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(ONLINE, one)).toMatchObject({ code: 'hanko_unavailable', leaks: [] });
      seen.push(one.token);
    }
    for (const keepAlive of [true, false]) {
      liveness = create({ apiUrl: hanko.url, now: Date.now });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const one = await sessionAt(hanko, { email: 'text' });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(policy(0, { keepAlive }), one)).toEqual(REVOKED);
      seen.push(one.token);
    }

    const said = JSON.stringify([observer.log, observer.messages, liveness.status]);
    expect(observer.messages).toHaveLength(7);
    expect(observer.log).not.toEqual([]);
    for (const token of seen) expect(shareAPiece(said, token)).toBe(false);
    expect(said).not.toContain(hanko.url);
    expect(said).not.toContain(new URL(hanko.url).port);
  });
});

describe('when the app closes', () => {
  it('calls under way are given up, and nobody is left waiting', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      liveness = create({ apiUrl: server.url, validateTimeoutMs: 60_000 });
      server.answer = silent;
      const all = [
        refused(MINUTE),
        refused(MINUTE),
        refused(QUIET_MINUTE),
        refused(MINUTE, testSession(START)),
      ];
      const accepted = check(ACCEPTING, testSession(START));
      await server.asked(3);

      liveness.onModuleDestroy();

      expect(await Promise.all(all)).toEqual(all.map(() => unavailableRefusal(1)));
      expect(await accepted).toBeUndefined();
      await server.until(() => server.open === 0);
      await turn();
      expect(unhandled).toEqual([]);
      expect(observer.log).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

it('remembers so many sessions at most, and the last half of them', async () => {
  const remembering = createLiveness({ now: clock.now, apiUrl: server.url }, 4);
  opened.push(remembering);
  const sessions = Array.from({ length: 7 }, () => testSession(START));
  for (const { token, user } of sessions) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await remembering.check(token, user, MINUTE);
  }
  const isRemembered = ({ token, user }: TestSession): boolean => {
    const found = remembering.check(token, user, MINUTE);
    if (found instanceof Promise) found.catch(() => undefined);
    return found === undefined;
  };

  // Of two halves of two the younger one has the seventh, the older one the two before.
  expect(sessions.map(isRemembered)).toEqual([false, false, false, false, true, true, true]);
});
