import type { AdminClient } from '../admin-client.js';
import { HankoAdminError, type HankoAdminErrorCode } from '../admin-error.js';
import { bodyOf, CUT_TEXT, required, TEXT, uuid, UUID } from '../arguments.js';
import type { EndedSessions } from '../ended-sessions.js';
import { type HankoAdminSession, readSession } from '../objects/session.js';
import { listOf, Reader } from '../reader.js';

/** Argument of `sessions.create()`: whose session begins. */
export interface HankoNewSession {
  /** UUID of the user. */
  readonly userId: string;
  /** `User-Agent` to note with the session, cut to 255 characters. Default: none. */
  readonly userAgent?: string;
  /** IP address to note with the session, IPv4 or IPv6. Default: none. */
  readonly ipAddress?: string;
}

const NEW_SESSION = {
  userId: required({ name: 'user_id', ...UUID }),
  userAgent: { name: 'user_agent', ...CUT_TEXT },
  ipAddress: { name: 'ip_address', ...TEXT },
};

/** Rounds of {@link HankoAdminSessions.revokeAll}: somebody may log in meanwhile. */
const MAX_ROUNDS = 5;

const hasCode = (error: unknown, code: HankoAdminErrorCode): boolean =>
  error instanceof HankoAdminError && error.code === code;

/** Sessions of users: `admin.sessions`. */
export class HankoAdminSessions {
  /** @internal */
  constructor(
    private readonly client: AdminClient,
    private readonly ended: EndedSessions,
  ) {}

  /**
   * All sessions of a user that have not expired, the newest first.
   * @param userId a UUID.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for an id that is no UUID
   */
  async list(userId: string): Promise<readonly HankoAdminSession[]> {
    const { json } = await this.client.call({ method: 'GET', path: listPath(userId) });
    return listOf(json, 'sessions', readSession);
  }

  /**
   * Begins a session for a user, for support or tests. Its token has no `amr`, so it meets no demand of a second factor.
   *
   * **It ends the user's oldest session** if the user has as many as the server allows (`session.limit`, 5 by default). With
   * HankoModule the token of that one is refused from then on; to know which one it is, this lists the sessions before and after.
   * @returns the session token. It is a credential: do not log or store it.
   * @throws HankoAdminError any of its codes
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for a wrong member
   */
  async create(session: HankoNewSession): Promise<string> {
    const body = bodyOf('sessions.create()', session, NEW_SESSION);
    const userId = uuid('userId', body.user_id);
    const before = this.ended.isHeard ? await this.list(userId) : [];
    const { json } = await this.client.call({ method: 'POST', path: ['sessions'], body });
    const token = new Reader(json, 'session').text('session_token');
    if (before.length > 0) await this.#endMissing(userId, before);
    return token;
  }

  /**
   * Ends one session of a user. With HankoModule its token is refused from then on, on all instances that share a store, and its
   * sockets are closed.
   *
   * A session that is over already is no error, nor is one of another user: neither is touched. So the second id may come from
   * who may end sessions of the first one.
   * @param userId a UUID.
   * @param sessionId a UUID, as in `user.sessionId`.
   * @throws HankoAdminError `unavailable`: then the token is refused all the same; `not_found` for a user who does not exist, and
   * any other of its codes
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it: call it again
   * @throws TypeError for an id that is no UUID
   */
  async revoke(userId: string, sessionId: string): Promise<void> {
    const path = pathOf(userId, sessionId);
    const session = await this.#find(userId, sessionId);
    if (session === undefined) return;
    await this.ended.endSession(session.id, session.expiresAt);
    await this.#delete(path);
  }

  /**
   * Ends all sessions of a user. With HankoModule their tokens are refused from then on, those of logins under way included:
   * all that are issued up to five seconds later (`clockToleranceSeconds`). Sessions that begin while this works are ended too.
   * @param userId a UUID.
   * @returns how many sessions Hanko had.
   * @throws HankoAdminError any of its codes; the tokens are refused all the same
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for an id that is no UUID
   */
  async revokeAll(userId: string): Promise<number> {
    uuid('userId', userId);
    let count = 0;
    /* oxlint-disable no-await-in-loop -- one after the other: a user has a handful */
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      await this.ended.endUser(userId);
      const sessions = await this.list(userId);
      if (sessions.length === 0) return count;
      for (const { id, expiresAt } of sessions) {
        // By its id, too: Hanko's clock may be ahead of ours.
        await this.ended.endSession(id, expiresAt);
        await this.#delete(pathOf(userId, id));
        count += 1;
      }
    }
    /* oxlint-enable no-await-in-loop */
    throw new HankoAdminError(
      'conflict',
      'The user logs in as fast as sessions are ended: delete the user, or the password, first',
    );
  }

  /** @returns undefined for what is no session of this user, or none any more. */
  async #find(userId: string, sessionId: string): Promise<HankoAdminSession | undefined> {
    try {
      const sessions = await this.list(userId);
      return sessions.find(({ id }) => id === sessionId.toLowerCase());
    } catch (error) {
      // Nobody can say now whose it is: the token is refused rather than not.
      if (hasCode(error, 'unavailable')) await this.ended.endSession(sessionId);
      throw error;
    }
  }

  /** What is over meanwhile is no error. */
  async #delete(path: readonly string[]): Promise<void> {
    try {
      await this.client.call({ method: 'DELETE', path, isDeletion: true });
    } catch (error) {
      if (!hasCode(error, 'not_found')) throw error;
    }
  }

  async #endMissing(userId: string, before: readonly HankoAdminSession[]): Promise<void> {
    const alive = new Set((await this.list(userId)).map(({ id }) => id));
    for (const { id, expiresAt } of before) {
      // oxlint-disable-next-line no-await-in-loop -- one at most, as a rule
      if (!alive.has(id)) await this.ended.endSession(id, expiresAt);
    }
  }
}

const listPath = (userId: string): readonly string[] => [
  'users',
  uuid('userId', userId),
  'sessions',
];

const pathOf = (userId: string, sessionId: string): readonly string[] => [
  ...listPath(userId),
  uuid('sessionId', sessionId),
];
