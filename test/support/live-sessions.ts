import { randomUUID } from 'node:crypto';
import type { HankoAuthError, HankoModuleOptions, LiveConnection } from 'nestjs-hanko';
import { afterEach, beforeEach, vi } from 'vitest';
import { HankoLiveSessions } from '../../lib/connections/live-sessions.js';
import { resolveOptions } from '../../lib/options/hanko-options.js';
import type { ResolvedSessionPolicy } from '../../lib/options/session-policy.js';
import { HankoRevocation } from '../../lib/revocation/hanko-revocation.js';
import { noteSessionCheck } from '../../lib/session/session-checks.js';
import { SessionLiveness } from '../../lib/session/session-liveness.js';
import { OneHanko } from '../../lib/tenants/one-hanko.js';
import { SessionTokenVerifier } from '../../lib/verification/session-token.verifier.js';
import { settled } from './revocation.js';
import { type TestSession, testSession } from './validate-server.js';
import { TestClock } from './verifier.js';

export const START = Date.parse('2026-03-01T12:00:00Z');

/** The time within which whatever is due is done, whatever happened to the clock. */
const WITHIN_MS = 500;

/** A connection that notes how it ended. */
export class TestConnection implements LiveConnection {
  readonly key: object;
  /** The codes of the errors that it was ended with. */
  readonly ends: string[] = [];
  error: HankoAuthError | undefined;
  private readonly listeners: (() => void)[] = [];
  private isClosed = false;

  constructor(key: object = {}) {
    this.key = key;
  }

  /** Closed from the beginning. */
  static closed(): TestConnection {
    const connection = new TestConnection();
    connection.close();
    return connection;
  }

  end(error: HankoAuthError): void {
    this.ends.push(error.code);
    this.error = error;
  }

  onClose(listener: () => void): void {
    if (this.isClosed) listener();
    else this.listeners.push(listener);
  }

  close(): void {
    this.isClosed = true;
    for (const listener of this.listeners.splice(0)) listener();
  }
}

export let clock: TestClock;
export let live: HankoLiveSessions;
export let revocation: HankoRevocation;
export let liveness: SessionLiveness;
const destroyed: { onModuleDestroy(): void }[] = [];

/** Makes what `HankoModule` would, with the options' defaults and an empty environment. */
export function makeLive(options: HankoModuleOptions = {}): void {
  const resolved = resolveOptions(
    { apiUrl: 'http://127.0.0.1:9', audience: null, now: clock.now, ...options },
    () => undefined,
  );
  const revocations = new HankoRevocation(resolved);
  revocation = revocations;
  liveness = new SessionLiveness(resolved);
  liveness.onEnded((user) => revocations.noteEnded(user));
  const hankos = new OneHanko(resolved, NO_KEYS, new SessionTokenVerifier(resolved), liveness);
  live = new HankoLiveSessions(resolved, revocation, hankos);
  destroyed.push(live, liveness, revocation);
}

/** No token is verified here. */
const NO_KEYS = { getKey: () => undefined };

/** Registers what makes and ends all of this, in each file of tests. The timer runs when `pass` says so. */
export function useLive(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    clock = new TestClock(START);
    makeLive();
  });
  afterEach(() => {
    for (const one of destroyed.splice(0)) one.onModuleDestroy();
    vi.useRealTimers();
  });
}

/** The clock goes on by so many seconds, in one leap, and what is due is done. */
export async function pass(seconds: number): Promise<void> {
  clock.advance(seconds);
  await tick();
}

/** What is due is done, as far as nobody else has to reply. */
export async function tick(): Promise<void> {
  vi.advanceTimersByTime(WITHIN_MS);
  await settled();
}

/** A session whose token was issued now and expires in so many seconds. */
export const session = (seconds = 3_600, sessionId: string = randomUUID()): TestSession =>
  testSession(clock.now(), { exp: Math.floor(clock.now() / 1000) + seconds }, sessionId);

/** A connection of this session, or of one of its own; `policy` is that of the call that it came by. */
export function watched(
  { token, user }: TestSession = session(),
  {
    policy,
    connection = new TestConnection(),
  }: {
    readonly policy?: ResolvedSessionPolicy;
    readonly connection?: TestConnection;
  } = {},
): TestConnection {
  if (policy !== undefined) noteSessionCheck({ token, user, policy });
  live.watch(user, connection);
  return connection;
}
