/** Hanko's last answer about a session. Times are those of the question, in milliseconds since 1970. */
export interface KnownSession {
  readonly isAlive: boolean;
  readonly askedAt: number;
  /** Of the last question that counted as activity; -Infinity if there was none. */
  readonly keptAliveAt: number;
}

/** Sessions in each of the two halves: some 20 MB at most. */
const MAX_HALF = 50_000;

/**
 * Remembers the last answer for each session, bounded.
 *
 * In two halves: when the younger one is full it becomes the older one, and what was in the older one is
 * forgotten. Forgetting costs one more question to Hanko, so who exactly goes does not matter, and nothing
 * has to be searched for.
 */
export class KnownSessions {
  private younger = new Map<string, KnownSession>();
  private older = new Map<string, KnownSession>();

  constructor(private readonly maxHalf = MAX_HALF) {}

  get size(): number {
    return this.younger.size + this.older.size;
  }

  get(sessionId: string): KnownSession | undefined {
    return this.younger.get(sessionId) ?? this.older.get(sessionId);
  }

  set(sessionId: string, known: KnownSession): void {
    if (this.younger.size >= this.maxHalf && !this.younger.has(sessionId)) {
      this.older = this.younger;
      this.younger = new Map();
    }
    this.older.delete(sessionId);
    this.younger.set(sessionId, known);
  }
}
