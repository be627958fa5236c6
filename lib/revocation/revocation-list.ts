/** Whose tokens are no longer valid. */
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

/** Expired entries are removed after so many additions. */
const SWEEP_EVERY = 1_000;

/**
 * Sessions and users that were revoked, by their ids in lower case. An entry goes when the last token that it
 * could refuse has expired. Times in milliseconds since 1970.
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

  /** Hanko writes UUIDs in lower case, and reads them in any: so does this. */
  has({ sessionId, userId, issuedAt }: Subject): boolean {
    if (this.sessions.has(sessionId.toLowerCase())) return true;
    const user = this.users.get(userId.toLowerCase());
    return user !== undefined && issuedAt <= user.issuedUpTo;
  }

  /** @returns whether that is news. */
  addSession(sessionId: string, until: number): boolean {
    const id = sessionId.toLowerCase();
    const before = this.sessions.get(id);
    this.sessions.set(id, Math.max(until, before ?? until));
    this.sweep();
    return before === undefined;
  }

  /** @returns whether that is news. */
  addUser(userId: string, issuedUpTo: number, until: number): boolean {
    const id = userId.toLowerCase();
    const before = this.users.get(id);
    const isNews = before === undefined || issuedUpTo > before.issuedUpTo;
    this.users.set(id, {
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
    for (const [id, until] of this.sessions) {
      if (until <= now) this.sessions.delete(id);
    }
    for (const [id, { until }] of this.users) {
      if (until <= now) this.users.delete(id);
    }
  }
}
