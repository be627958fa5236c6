/**
 * Who must know that sessions have ended, before a call of the Admin API resolves. In an app with HankoModule that is
 * `HankoRevocation`, its store included.
 */
export interface EndedSessions {
  /** @param expiresAt when its token expires; undefined if that is not known. */
  endSession(sessionId: string, expiresAt: Date | undefined): Promise<void>;
  /** All sessions of a user that began up to now. */
  endUser(userId: string): Promise<void>;
}

/** Without HankoModule nobody must know. */
export const NOBODY: EndedSessions = {
  endSession: async () => undefined,
  endUser: async () => undefined,
};
