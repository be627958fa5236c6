import type { HankoRevoked } from '../revocation/revoked.js';
import { scopedId } from '../util/scoped-id.js';
import { eachOf, type Few, withOne, withoutOne } from './few.js';
import { LiveSession, type SessionAsker } from './live-session.js';
import type { LiveUser } from './live-arguments.js';

/** The watched sessions, by their ids and those of their users, each among those of its tenant. */
export class SessionIndex {
  private readonly sessions = new Map<string, LiveSession>();
  private readonly ofUser = new Map<string, Few<LiveSession>>();

  get size(): number {
    return this.sessions.size;
  }

  all(): readonly LiveSession[] {
    return [...this.sessions.values()];
  }

  ofTenant(tenantId: string): readonly LiveSession[] {
    const found: LiveSession[] = [];
    for (const session of this.sessions.values()) {
      if (session.tenantId === tenantId) found.push(session);
    }
    return found;
  }

  find({ tenantId, sessionId }: Pick<LiveUser, 'tenantId' | 'sessionId'>): LiveSession | undefined {
    return this.sessions.get(scopedId(tenantId, sessionId));
  }

  findOrMake(user: LiveUser, asker: SessionAsker): LiveSession {
    const known = this.find(user);
    if (known !== undefined) return known;
    const session = new LiveSession(user, asker);
    const { key, userKey } = session;
    this.sessions.set(key, session);
    this.ofUser.set(userKey, withOne(this.ofUser.get(userKey), session));
    return session;
  }

  delete(session: LiveSession): void {
    const { key, userKey } = session;
    this.sessions.delete(key);
    const others = withoutOne(this.ofUser.get(userKey), session);
    if (others === undefined) this.ofUser.delete(userKey);
    else this.ofUser.set(userKey, others);
  }

  clear(): void {
    this.sessions.clear();
    this.ofUser.clear();
  }

  /** Those that a revocation ends. */
  endedBy(revocation: HankoRevoked): readonly LiveSession[] {
    if (revocation.kind === 'session') return [...eachOf(this.find(revocation))];
    const upTo = revocation.issuedUpTo.getTime();
    const ofUser = eachOf(this.ofUser.get(scopedId(revocation.tenantId, revocation.userId)));
    return [...ofUser].filter(({ issuedAt }) => issuedAt <= upTo);
  }
}
