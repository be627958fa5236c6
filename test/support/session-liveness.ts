import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { HankoUser } from '../../lib/user/hanko-user.js';
import type { HankoModuleOptions } from 'nestjs-hanko';
import { afterEach, beforeEach } from 'vitest';
import type { ResolvedSessionPolicy } from '../../lib/options/session-policy.js';
import type { SessionLiveness } from '../../lib/session/session-liveness.js';
import { Gate } from './jwks.js';
import {
  alive,
  type Answer,
  broken,
  createLiveness,
  policy,
  SessionObserver,
  type TestSession,
  testSession,
  ValidateServer,
} from './validate-server.js';
import { type Refusal, refusalOf, TestClock } from './verifier.js';
import { claimsIn } from './claims-in.js';

export const START = Date.parse('2026-03-01T12:00:00Z');
export const ONLINE = policy(0);
export const MINUTE = policy(60);
export const QUIET_MINUTE = policy(60, { keepAlive: false });
export const ACCEPTING = policy(60, { onUnavailable: 'accept' });

/** What a caller is told whose session has ended. */
export const REVOKED: Refusal = {
  name: 'HankoTokenError',
  code: 'session_revoked',
  status: 401,
  body: { statusCode: 401, code: 'session_revoked', message: 'The session has ended' },
  headers: {
    'WWW-Authenticate': 'Bearer error="invalid_token", error_description="The session has ended"',
  },
  leaks: [],
};

export const observer = new SessionObserver();
export let clock: TestClock;
export let server: ValidateServer;
export let liveness: SessionLiveness;
export let session: TestSession;
export const opened: SessionLiveness[] = [];

export function create(options: HankoModuleOptions): SessionLiveness {
  const created = createLiveness({ now: clock.now, ...options });
  opened.push(created);
  return created;
}

export const check = (
  by: ResolvedSessionPolicy,
  { token, user }: TestSession = session,
): ReturnType<SessionLiveness['check']> => liveness.check(token, user, by);

/** By a promise, also where it is thrown at once. */
export const checked = async (by: ResolvedSessionPolicy, one?: TestSession): Promise<void> =>
  check(by, one);

export const refused = (by: ResolvedSessionPolicy, one: TestSession = session): Promise<Refusal> =>
  refusalOf(checked(by, one), one.token);

/** Passes or refuses without a promise. */
export function isKnown(by: ResolvedSessionPolicy): boolean {
  const found = check(by);
  if (!(found instanceof Promise)) return true;
  found.catch(() => undefined);
  return false;
}

/** So many questions about other sessions, which are not answered, one after the other. */
export async function fail(count: number): Promise<void> {
  server.answer = broken;
  for (let n = 0; n < count; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await refused(ONLINE, testSession(START));
  }
}

/** Answers once the gate is open. */
export const held =
  (gate: Gate, answer: Answer = alive): Answer =>
  async (question, response) => {
    await gate.opened;
    await answer(question, response);
  };

/** Registers what makes and ends all of this, in each file of tests. */
export function useLivenessServer(): void {
  observer.watch();
  beforeEach(async () => {
    clock = new TestClock(START);
    server = await ValidateServer.start();
    liveness = create({ apiUrl: server.url });
    session = testSession(START);
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) one.onModuleDestroy();
    await server[Symbol.asyncDispose]();
  });
}

/** Another one, from here on. */
export function useLiveness(other: SessionLiveness): void {
  liveness = other;
}

/** A FakeHanko by the clock of the tests. */
export const start = (options: FakeHankoOptions = {}): Promise<FakeHanko> =>
  FakeHanko.start({ now: clock.now, ...options });

/** A session that this FakeHanko knows. */
export async function sessionAt(
  hanko: FakeHanko,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<TestSession> {
  // Without an address, or Hanko's own "email" would be written over that of the claims.
  const token = await hanko.token({ username: `u${hanko.sessions().length}`, claims });
  return { token, user: new HankoUser(claimsIn(token)) };
}
