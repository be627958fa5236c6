import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  SessionValidator,
  type SessionValidatorSettings,
} from '../../../lib/session/session-validator.js';
import {
  alive,
  type Answer,
  answering,
  broken,
  ended,
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
let poison: TestSession;
const opened: SessionValidator[] = [];

beforeEach(async () => {
  clock = new TestClock(START);
  server = await ValidateServer.start();
  poison = testSession(START);
});

afterEach(async () => {
  vi.useRealTimers();
  for (const validator of opened.splice(0)) validator.close();
  await server[Symbol.asyncDispose]();
});

function createValidator(settings: Partial<SessionValidatorSettings> = {}): SessionValidator {
  const validator = new SessionValidator({
    url: server.validateUrl,
    fetch: null,
    now: clock.now,
    timeoutMs: 10_000,
    maxTokenBytes: 8_192,
    ...settings,
  });
  opened.push(validator);
  return validator;
}

const isAnswered = (validator: SessionValidator, session = testSession(START)): Promise<boolean> =>
  validator.ask(session.token, session.user.sessionId, true).then(
    () => true,
    () => false,
  );

/** Only one session's questions go wrong. */
const onlyFor =
  (one: TestSession, answer: Answer, otherwise: Answer = alive): Answer =>
  (question, response) =>
    (question.sessionId === one.user.sessionId ? answer : otherwise)(question, response);

const poisons: readonly { name: string; answer: Answer }[] = [
  ...[400, 401, 403, 404, 405, 413, 414, 415, 431, 302].map((status) => ({
    name: `status ${status}`,
    answer: answering(status, '<html>', { location: '/' }),
  })),
  { name: 'too long a reply', answer: answering(200, ' '.repeat(70_000)) },
  { name: 'a page', answer: answering(200, '<html>') },
  { name: 'another shape', answer: answering(200, {}) },
  { name: 'another session', answer: answering(200, { is_valid: true, claims: {} }) },
  ...[429, 500, 502, 503, 504].map((status) => ({
    name: `status ${status}`,
    answer: answering(status, ''),
  })),
  {
    name: 'a reset',
    answer: (_question, response) => void response.socket?.resetAndDestroy(),
  },
  {
    name: 'header fields beyond all measure',
    answer: answering(200, {}, { 'x-long': 'x'.repeat(100_000) }),
  },
];

describe('one session whose question fails by itself', () => {
  it.each(poisons)('is refused alone: $name', async ({ answer }) => {
    server.answer = onlyFor(poison, answer);
    const validator = createValidator();

    for (let n = 0; n < 12; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await isAnswered(validator, poison)).toBe(false);
      clock.advanceMs(1_000);
    }
    const others = await Promise.all(Array.from({ length: 80 }, () => isAnswered(validator)));

    expect(others.every(Boolean)).toBe(true);
    expect(validator.status).toMatchObject({ isFailing: false, retryInMs: 0 });
    // Who floods us with such requests does not write our log.
    expect(observer.log.length).toBeLessThanOrEqual(1);
  });

  it('is refused alone, also where it has no reply in time', async () => {
    server.answer = onlyFor(poison, () => undefined);
    const validator = createValidator({ timeoutMs: 40 });
    for (let n = 0; n < 6; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await isAnswered(validator, poison);
    }
    const asked = server.questions.length;

    // It has a wait of its own by now, so that it takes no connection for nothing.
    expect(await isAnswered(validator, poison)).toBe(false);
    expect(server.questions).toHaveLength(asked);
    expect(validator.status).toMatchObject({ isFailing: false, retryInMs: 0 });
  });

  it('does not keep the circuit open after an outage, though it always comes first', async () => {
    server.answer = broken;
    const validator = createValidator();
    for (let n = 0; n < 5; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await isAnswered(validator);
    }
    server.answer = onlyFor(poison, broken);

    clock.advance(1);
    expect(await isAnswered(validator, poison)).toBe(false);
    expect(await isAnswered(validator)).toBe(false);
    clock.advance(2);
    expect(await isAnswered(validator, poison)).toBe(false);
    expect(await isAnswered(validator)).toBe(true);
  });

  it.each([400, 413, 431])(
    'and whose reply is of no use shows that Hanko is there: status %i',
    async (status) => {
      server.answer = broken;
      const validator = createValidator();
      for (let n = 0; n < 5; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await isAnswered(validator);
      }
      server.answer = onlyFor(poison, answering(status, '<html>'));
      clock.advance(1);
      await isAnswered(validator, poison);

      expect(validator.status).toMatchObject({ isFailing: false, retryInMs: 0 });
      expect(await isAnswered(validator)).toBe(true);
    },
  );
});

describe('many sessions whose questions hang', () => {
  it('take eight places of their own once they have failed, and none of those of the others', async () => {
    const hanging = Array.from({ length: 64 }, () => testSession(START));
    const ids = new Set(hanging.map(({ user }) => user.sessionId));
    const ofHanging = (answer: Answer): Answer => {
      return (question, response) =>
        (ids.has(question.sessionId) ? answer : alive)(question, response);
    };
    const validator = createValidator();
    const askAll = (): Promise<boolean[]> =>
      Promise.all(hanging.map((session) => isAnswered(validator, session)));
    server.answer = ofHanging(broken);
    expect(await askAll()).not.toContain(true);
    clock.advance(1);
    expect(await isAnswered(validator)).toBe(true);

    server.answer = ofHanging(() => undefined);
    const before = server.questions.length;
    const again = askAll();
    await server.asked(before + 8);
    const others = await Promise.all(Array.from({ length: 80 }, () => isAnswered(validator)));

    expect(others).not.toContain(false);
    expect(server.questions).toHaveLength(before + 8 + 80);
    validator.close();
    expect(await again).not.toContain(true);
  });
});

describe('the size of a reply', () => {
  it.each([
    { maxTokenBytes: 1_024, bytes: 65_536 },
    { maxTokenBytes: 8_192, bytes: 65_536 },
    { maxTokenBytes: 65_536, bytes: 524_288 },
  ])('follows from maxTokenBytes: $maxTokenBytes', async ({ maxTokenBytes, bytes }) => {
    const good = JSON.stringify({ is_valid: true, claims: { session_id: poison.user.sessionId } });
    const validator = createValidator({ maxTokenBytes });

    server.answer = answering(200, good.padStart(bytes));
    expect(await isAnswered(validator, poison)).toBe(true);
    server.answer = answering(200, good.padStart(bytes + 1));
    expect(await isAnswered(validator, poison)).toBe(false);
    expect(observer.failures).toEqual([`the reply has more than ${bytes} bytes`]);
  });
});

describe('after an outage, without a request', () => {
  /** The circuit is open, and the timers are the test's. */
  async function outage(
    settings: Partial<SessionValidatorSettings> = {},
  ): Promise<SessionValidator> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server.answer = broken;
    const validator = createValidator(settings);
    for (let n = 0; n < 5; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await isAnswered(validator);
    }
    expect(validator.status).toMatchObject({ isFailing: true, retryInMs: 1_000 });
    return validator;
  }

  /** Time passes, for clock and timers. */
  const pass = async (ms: number): Promise<void> => {
    clock.advanceMs(ms);
    await vi.advanceTimersByTimeAsync(ms);
  };

  const asked = (count: number): Promise<void> => server.asked(count);

  it.each([
    { name: 'ended', answer: ended },
    { name: 'refused by a gateway', answer: answering(403, '<html>') },
  ])('a question of our own finds out that Hanko is there: $name', async ({ answer }) => {
    const validator = await outage();
    server.answer = answer;
    await pass(1_000);
    await asked(6);
    await vi.waitFor(() => expect(observer.log.at(-1)).toContain('validates sessions again'));

    expect(validator.status).toMatchObject({ isFailing: false, retryInMs: 0 });
    expect(server.questions[5]).toMatchObject({
      method: 'GET',
      sessionId: 'none',
      headers: { authorization: expect.not.stringContaining(poison.token) as string },
    });
  });

  it('our question waits twice as long each time that it fails', async () => {
    const validator = await outage();
    for (const wait of [1_000, 2_000, 4_000, 8_000]) {
      const before = server.questions.length;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await pass(wait);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await asked(before + 1);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await vi.waitFor(() => expect(validator.status.retryInMs).toBe(2 * wait));
    }
    expect(validator.status.isFailing).toBe(true);
    expect(observer.log).toHaveLength(1);
  });

  it('our question is made no more once the app closes', async () => {
    const validator = await outage();
    validator.close();
    await pass(60_000);

    expect(server.questions).toHaveLength(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('our question is made no more once somebody else has had a reply', async () => {
    const validator = await outage();
    clock.advance(1);
    server.answer = alive;
    expect(await isAnswered(validator)).toBe(true);
    await pass(60_000);

    expect(server.questions).toHaveLength(6);
    expect(vi.getTimerCount()).toBe(0);
  });
});
