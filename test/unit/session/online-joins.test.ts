import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedSessionPolicy } from '../../../lib/options/session-policy.js';
import type { SessionLiveness } from '../../../lib/session/session-liveness.js';
import { Gate, turn } from '../../support/jwks.js';
import {
  alive,
  type Answer,
  broken,
  createLiveness,
  ended,
  policy,
  type Question,
  type TestSession,
  testSession,
  ValidateServer,
} from '../../support/validate-server.js';
import { refusalOf, TestClock, unavailableRefusal } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const ONLINE = policy(0);
const QUIET_ONLINE = policy(0, { keepAlive: false });
const SECOND = policy(1);
const MINUTE = policy(60);

let clock: TestClock;
let server: ValidateServer;
let liveness: SessionLiveness;
let session: TestSession;

beforeEach(async () => {
  clock = new TestClock(START);
  server = await ValidateServer.start();
  liveness = createLiveness({ now: clock.now, apiUrl: server.url });
  session = testSession(START);
});

afterEach(async () => {
  liveness.onModuleDestroy();
  await server[Symbol.asyncDispose]();
});

const outcome = async (by: ResolvedSessionPolicy): Promise<string> => {
  try {
    await liveness.check(session.token, session.user, by);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** Hanko decides when the question comes, and its reply arrives when the gate opens. */
const slowly =
  (gate: Gate, ...answers: readonly Answer[]): Answer =>
  async (question: Question, response: ServerResponse) => {
    const answer = answers[Math.min(server.questions.length, answers.length) - 1] as Answer;
    await gate.opened;
    await answer(question, response);
  };

describe('a request after a logout', () => {
  it.each([
    { name: 'online', by: ONLINE },
    { name: 'online, without activity', by: QUIET_ONLINE },
  ])('is not let in by a question from before: $name', async ({ by }) => {
    const gate = new Gate();
    server.answer = slowly(gate, alive, ended);
    const before = outcome(by);
    await server.asked(1);

    // Here the user signs out, and has the response.
    const after = [outcome(by), outcome(by), outcome(by)];
    await turn();
    gate.open();

    expect(await before).toBe('accepted');
    expect(await Promise.all(after)).toEqual(after.map(() => 'session_revoked'));
    // Those who waited shared the next question.
    expect(server.questions).toHaveLength(2);
  });

  it('is not let in by a question that is older than its policy allows', async () => {
    const gate = new Gate();
    server.answer = slowly(gate, alive, ended);
    const before = outcome(SECOND);
    await server.asked(1);
    clock.advanceMs(1_000);
    const after = outcome(SECOND);
    const patient = outcome(MINUTE);
    await turn();
    gate.open();

    expect(await Promise.all([before, patient])).toEqual(['accepted', 'accepted']);
    expect(await after).toBe('session_revoked');
  });

  it('is let in by a question that its policy allows', async () => {
    const gate = new Gate();
    server.answer = slowly(gate, alive);
    const before = outcome(SECOND);
    await server.asked(1);
    clock.advanceMs(999);
    const after = outcome(SECOND);
    gate.open();

    expect(await Promise.all([before, after])).toEqual(['accepted', 'accepted']);
    expect(server.questions).toHaveLength(1);
  });

  it('is let in by no question from before a clock was set back', async () => {
    const gate = new Gate();
    server.answer = slowly(gate, alive, ended);
    const before = outcome(MINUTE);
    await server.asked(1);
    clock.advanceMs(-3_600_000);
    const after = outcome(MINUTE);
    gate.open();

    expect(await before).toBe('accepted');
    expect(await after).toBe('session_revoked');
  });
});

describe('who waits for a question from before', () => {
  it('is refused at once by a session that it says has ended', async () => {
    const gate = new Gate();
    server.answer = slowly(gate, ended);
    const all = [outcome(ONLINE)];
    await server.asked(1);
    all.push(outcome(ONLINE), outcome(QUIET_ONLINE));
    gate.open();

    expect(await Promise.all(all)).toEqual(all.map(() => 'session_revoked'));
    expect(server.questions).toHaveLength(1);
  });

  it('does not fail with it, but has the next one', async () => {
    const gate = new Gate();
    server.answer = slowly(gate, broken, alive);
    const before = outcome(ONLINE);
    await server.asked(1);
    const after = outcome(ONLINE);
    gate.open();

    expect([await before, await after]).toEqual(['hanko_unavailable', 'accepted']);
  });
});

describe('requests at the same moment', () => {
  it('share a question: it is sent after all of them came', async () => {
    await Promise.all(Array.from({ length: 20 }, () => outcome(ONLINE)));

    expect(server.questions).toHaveLength(1);
  });

  it('share one that waits in line, however long', async () => {
    const gate = new Gate();
    server.answer = slowly(gate, alive);
    const others = Array.from({ length: 64 }, () => {
      const { token, user } = testSession(START);
      return liveness.check(token, user, ONLINE);
    });
    await server.asked(64);
    const first = outcome(ONLINE);
    await turn();
    const second = outcome(ONLINE);
    await turn();
    gate.open();

    await Promise.all([first, second, ...others]);
    expect(server.questions).toHaveLength(65);
  });
});

describe('a session that has ended', () => {
  it('is told of each time that Hanko says so, before the request is refused', async () => {
    const told: string[] = [];
    liveness.onEnded(({ sessionId }) => told.push(sessionId));
    server.answer = ended;

    await outcome(ONLINE);

    expect(told).toEqual([session.user.sessionId]);
  });

  it('is none where Hanko could not read the claims', async () => {
    const told: string[] = [];
    liveness.onEnded(({ sessionId }) => told.push(sessionId));
    server.answer = (_question, response) => {
      response.writeHead(400).end('{"code":400,"message":"failed to parse token claims: x"}');
    };

    expect(await outcome(ONLINE)).toBe('session_revoked');
    expect(told).toEqual([]);
  });
});

it('a failure is each request its own 503, also for those who come while it is asked', async () => {
  server.answer = broken;
  const refusals = await Promise.all(
    Array.from({ length: 10 }, () =>
      refusalOf(Promise.resolve(liveness.check(session.token, session.user, ONLINE))),
    ),
  );

  expect(refusals).toEqual(refusals.map(() => unavailableRefusal(1)));
});
