/** Whose tokens are no longer good. */
export interface Subject {
  readonly sessionId: string;
  readonly userId: string;
  /** The token's `iat`, in milliseconds since 1970. */
  readonly issuedAt: number;
}

/** All tokens of a user that were issued up to a moment. */
interface UserEntry {
  readonly issuedUpTo: number;
  readonly until: number;
}

/** Expired entries are looked for after so many additions. */
const SWEEP_EVERY = 1_000;

/**
 * Sessions and users that were revoked. Bounded by what can still be alive: an entry goes when the last
 * token that it could refuse has expired. Times in milliseconds since 1970.
 */
export class RevocationList {
  /** Until when, by session. */
  private readonly sessions = new Map<string, number>();
  private readonly users = new Map<string, UserEntry>();
  private additions = 0;

  constructor(private readonly now: () => number) {}

  get size(): number {
    return this.sessions.size + this.users.size;
  }

  has({ sessionId, userId, issuedAt }: Subject): boolean {
    if (this.sessions.size > 0 && this.sessions.has(sessionId)) return true;
    const user = this.users.size > 0 ? this.users.get(userId) : undefined;
    return user !== undefined && issuedAt <= user.issuedUpTo;
  }

  /** @returns whether that is news. */
  addSession(sessionId: string, until: number): boolean {
    const before = this.sessions.get(sessionId);
    this.sessions.set(sessionId, Math.max(until, before ?? until));
    this.sweep();
    return before === undefined;
  }

  /** @returns whether that is news. */
  addUser(userId: string, issuedUpTo: number, until: number): boolean {
    const before = this.users.get(userId);
    const isNews = before === undefined || issuedUpTo > before.issuedUpTo;
    this.users.set(userId, {
      issuedUpTo: Math.max(issuedUpTo, before?.issuedUpTo ?? issuedUpTo),
      until: Math.max(until, before?.until ?? until),
    });
    this.sweep();
    return isNews;
  }

  private sweep(): void {
    this.additions += 1;
    if (this.additions < SWEEP_EVERY) return;
    this.additions = 0;
    const now = this.now();
    for (const [id, until] of this.sessions) if (until <= now) this.sessions.delete(id);
    for (const [id, { until }] of this.users) if (until <= now) this.users.delete(id);
  }
}
