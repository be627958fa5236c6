import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionLiveness } from '../../../lib/session/session-liveness.js';
import {
  alive,
  type Answer,
  answering,
  createLiveness,
  ended,
  policy,
  SessionObserver,
  type TestSession,
  testSession,
  ValidateServer,
} from '../../support/validate-server.js';
import { TestClock } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');

const observer = new SessionObserver().watch();
let clock: TestClock;
let server: ValidateServer;
let liveness: SessionLiveness;
let poison: TestSession;

beforeEach(async () => {
  clock = new TestClock(START);
  server = await ValidateServer.start();
  liveness = createLiveness({ apiUrl: server.url, now: clock.now, validateTimeoutMs: 10_000 });
  poison = testSession(START);
});

afterEach(async () => {
  liveness.onModuleDestroy();
  await server[Symbol.asyncDispose]();
});

const POLICIES = [
  { name: 'online', asked: policy(0) },
  { name: 'refreshSeconds', asked: policy(60) },
  { name: 'accept', asked: policy(0, { onUnavailable: 'accept' }) },
  { name: 'refreshSeconds and accept', asked: policy(60, { onUnavailable: 'accept' }) },
  { name: 'no activity', asked: policy(0, { keepAlive: false }) },
];

const FAILURES: { name: string; answer: Answer }[] = [
  ...[302, 400, 404, 413, 431, 500, 503].map((status) => ({
    name: `status ${status}`,
    answer: answering(status, '<html>'),
  })),
  {
    name: 'status 429 and Retry-After',
    answer: answering(429, '', { 'retry-after': '3600' }),
  },
  { name: 'a reply too long', answer: answering(200, ' '.repeat(70_000)) },
  { name: 'a reply that breaks off', answer: (_question, response) => breakOff(response) },
  { name: 'a reset', answer: (_question, response) => void response.socket?.resetAndDestroy() },
  {
    name: 'a body that is not gzip',
    answer: answering(200, '{}', { 'content-encoding': 'gzip' }),
  },
];

function breakOff(response: Parameters<Answer>[1]): void {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"is_valid"', () => response.socket?.destroy());
}

describe.each(POLICIES)('with the policy $name', ({ asked }) => {
  const check = async ({ token, user }: TestSession): Promise<string> => {
    try {
      await liveness.check(token, user, asked);
      return 'passed';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it.each(FAILURES)('one session fails for itself alone: $name', async ({ answer }) => {
    const gone = testSession(START);
    server.answer = (question, response) => {
      const { sessionId } = question;
      const reply =
        sessionId === poison.user.sessionId
          ? answer
          : sessionId === gone.user.sessionId
            ? ended
            : alive;
      return reply(question, response);
    };
    for (let n = 0; n < 12; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await check(poison)).toBe(
        asked.onUnavailable === 'accept' ? 'passed' : 'hanko_unavailable',
      );
      clock.advance(1);
    }
    const others = await Promise.all(Array.from({ length: 80 }, () => check(testSession(START))));

    expect(new Set(others)).toEqual(new Set(['passed']));
    expect(await check(gone)).toBe('session_revoked');
    expect(liveness.status).toMatchObject({ isFailing: false, retryInMs: 0 });
    expect(observer.log.length).toBeLessThanOrEqual(1);
  });

  it('a server that fails every other time stops nobody', async () => {
    server.answer = (question, response) =>
      (server.questions.length % 2 === 0 ? answering(503, '') : alive)(question, response);
    const sessions = Array.from({ length: 40 }, () => testSession(START));
    for (let round = 0; round < 3; round += 1) {
      for (const session of sessions) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await check(session);
      }
      clock.advance(61);
    }

    expect(liveness.status).toMatchObject({ isFailing: false, retryInMs: 0 });
    server.answer = alive;
    const outcomes = await Promise.all(sessions.map(check));
    expect(new Set(outcomes)).toEqual(new Set(['passed']));
  });
});
