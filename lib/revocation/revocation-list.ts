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

/** What happens to a list that is full: nothing that was revoked may become valid again. */
interface Bound {
  readonly maxEntries: number;
  /** How long a token can live, in milliseconds. */
  readonly longestMs: number;
  /** How far Hanko's clock may be ahead, in milliseconds. */
  readonly toleranceMs: number;
  /** Told when all sessions were ended because of it. */
  readonly onFull: () => void;
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
  /** All tokens that were issued up to a moment, whoever's. */
  private everybody: UserEntry | null = null;
  private additions = 0;

  /** @param bound none: it has as many entries as there are. */
  constructor(
    private readonly now: () => number,
    private readonly bound?: Bound,
  ) {}

  get size(): number {
    return this.sessions.size + this.users.size + (this.everybody === null ? 0 : 1);
  }

  /** Hanko writes UUIDs in lower case, and reads them in any: so does this. */
  has({ sessionId, userId, issuedAt }: Subject): boolean {
    if (this.sessions.size > 0 && this.sessions.has(sessionId.toLowerCase())) return true;
    if (this.everybody !== null && issuedAt <= this.everybody.issuedUpTo) return true;
    if (this.users.size === 0) return false;
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
    if (this.additions >= SWEEP_EVERY) this.removeExpired();
    if (this.bound !== undefined && this.size > this.bound.maxEntries) this.endAll(this.bound);
  }

  /** Every session that has begun has ended: one entry for all. */
  private endAll({ longestMs, toleranceMs, onFull }: Bound): void {
    const upTo = this.now() + toleranceMs;
    this.everybody = { issuedUpTo: upTo, until: upTo + longestMs };
    this.sessions.clear();
    for (const [id, { issuedUpTo }] of this.users) {
      if (issuedUpTo <= upTo) this.users.delete(id);
    }
    onFull();
  }

  /** Entries whose last token has expired. */
  removeExpired(): void {
    this.additions = 0;
    const now = this.now();
    if (this.everybody !== null && this.everybody.until <= now) this.everybody = null;
    for (const [id, until] of this.sessions) {
      if (until <= now) this.sessions.delete(id);
    }
    for (const [id, { until }] of this.users) {
      if (until <= now) this.users.delete(id);
    }
  }
}
