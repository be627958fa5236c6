import type { HankoRevoked } from '../revocation/revoked.js';
import { eachOf, type Few, withOne, withoutOne } from './few.js';
import { LiveSession, type SessionAsker } from './live-session.js';
import type { LiveUser } from './live-arguments.js';

/** The watched sessions, by their ids and those of their users, in lower case. */
export class SessionIndex {
  private readonly sessions = new Map<string, LiveSession>();
  private readonly ofUser = new Map<string, Few<LiveSession>>();

  get size(): number {
    return this.sessions.size;
  }

  all(): readonly LiveSession[] {
    return [...this.sessions.values()];
  }

  find({ sessionId }: Pick<LiveUser, 'sessionId'>): LiveSession | undefined {
    return this.sessions.get(sessionId.toLowerCase());
  }

  findOrMake(user: LiveUser, asker: SessionAsker): LiveSession {
    const known = this.find(user);
    if (known !== undefined) return known;
    const session = new LiveSession(user, asker);
    const { sessionId, userId } = session;
    this.sessions.set(sessionId, session);
    this.ofUser.set(userId, withOne(this.ofUser.get(userId), session));
    return session;
  }

  delete(session: LiveSession): void {
    const { sessionId, userId } = session;
    this.sessions.delete(sessionId);
    const others = withoutOne(this.ofUser.get(userId), session);
    if (others === undefined) this.ofUser.delete(userId);
    else this.ofUser.set(userId, others);
  }

  clear(): void {
    this.sessions.clear();
    this.ofUser.clear();
  }

  /** Those that a revocation ends. */
  endedBy(revocation: HankoRevoked): readonly LiveSession[] {
    if (revocation.kind === 'session') return [...eachOf(this.find(revocation))];
    const upTo = revocation.issuedUpTo.getTime();
    const ofUser = eachOf(this.ofUser.get(revocation.userId.toLowerCase()));
    return [...ofUser].filter(({ issuedAt }) => issuedAt <= upTo);
  }
}
