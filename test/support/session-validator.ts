import { afterEach, beforeEach } from 'vitest';
import {
  SessionValidator,
  type SessionValidatorSettings,
} from '../../lib/session/session-validator.js';
import { CountingFetch } from './jwks.js';
import {
  SessionObserver,
  type TestSession,
  testSession,
  ValidateServer,
} from './validate-server.js';
import { refusalOf, TestClock } from './verifier.js';

export const START = Date.parse('2026-03-01T12:00:00Z');
export const ALIVE = { isAlive: true, idleExpiresAt: null };
export const ENDED = { isAlive: false, isUnreadable: false };

export const observer = new SessionObserver();
export let clock: TestClock;
export let network: CountingFetch;
export let server: ValidateServer;
export let session: TestSession;
export const opened: SessionValidator[] = [];

export function createValidator(
  settings: Partial<SessionValidatorSettings> = {},
): SessionValidator {
  const validator = new SessionValidator({
    url: server.validateUrl,
    fetch: network.fetch,
    now: clock.now,
    timeoutMs: 10_000,
    maxTokenBytes: 8_192,
    ...settings,
  });
  opened.push(validator);
  return validator;
}

export const ask = (
  validator: SessionValidator,
  { token, user }: TestSession = session,
  keepAlive = true,
): ReturnType<SessionValidator['ask']> => validator.ask(token, user.sessionId, keepAlive);

/** How many of so many questions at once were answered. */
export async function answeredOf(validator: SessionValidator, count: number): Promise<number> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: count }, () => ask(validator, testSession(START))),
  );
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

/** So many questions about different sessions, one after the other, that are not answered. */
export async function fail(validator: SessionValidator, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await refusalOf(ask(validator, testSession(START)));
  }
}

/** Registers what makes and ends all of this, in each file of tests. */
export function useValidateServer(): void {
  observer.watch();
  beforeEach(async () => {
    clock = new TestClock(START);
    network = new CountingFetch();
    server = await ValidateServer.start();
    session = testSession(START);
  });
  afterEach(async () => {
    for (const validator of opened.splice(0)) validator.close();
    await server[Symbol.asyncDispose]();
  });
}
