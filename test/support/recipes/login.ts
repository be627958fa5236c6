/** What a connection has to know of the page's login. */
export interface Login {
  /** The session token; null where a cookie carries it, or there is none. */
  token(): string | null;
  /** The id of the session that there is now; null if there is none. Throws while nobody can say. */
  sessionId(): Promise<string | null>;
  /** Has the user sign in. */
  show(): void;
}
