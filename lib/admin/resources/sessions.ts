import type { AdminClient } from '../admin-client.js';
import { HankoAdminError } from '../admin-error.js';
import { bodyOf, required, TEXT, uuid, UUID } from '../arguments.js';
import type { EndedSessions } from '../ended-sessions.js';
import { type HankoAdminSession, readSession } from '../objects/session.js';
import { listOf, Reader } from '../reader.js';

/** What `sessions.create()` takes. */
export interface HankoNewSession {
  readonly userId: string;
  readonly userAgent?: string;
  readonly ipAddress?: string;
}

const NEW_SESSION = {
  userId: required({ name: 'user_id', ...UUID }),
  userAgent: { name: 'user_agent', ...TEXT },
  ipAddress: { name: 'ip_address', ...TEXT },
};

/** A session that is over cannot be ended, and need not be. */
function ignoreNotFound(error: unknown): void {
  if (!(error instanceof HankoAdminError && error.code === 'not_found')) throw error;
}

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
    const path = ['users', uuid('userId', userId), 'sessions'];
    const { json } = await this.client.call({ method: 'GET', path });
    return listOf(json, 'sessions', readSession);
  }

  /**
   * Begins a session for a user, for support or tests. Its token has no `amr`, so it meets no demand of a second factor.
   *
   * **It ends the user's oldest session** if the user has as many as the server allows (`session.limit`, 5 by default).
   * @returns the session token. It is a credential: do not log or store it.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for a wrong member
   */
  async create(session: HankoNewSession): Promise<string> {
    const body = bodyOf('sessions.create()', session, NEW_SESSION);
    const { json } = await this.client.call({ method: 'POST', path: ['sessions'], body });
    return new Reader(json, 'session').text('session_token');
  }

  /**
   * Ends a session. With HankoModule its token is refused from then on, on all instances that share a store, and its sockets are closed.
   * A session that is over already is no error.
   * @param userId a UUID.
   * @param sessionId a UUID, as in `user.sessionId`.
   * @throws HankoAdminError any of its codes; the token is refused all the same
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for an id that is no UUID
   */
  async revoke(userId: string, sessionId: string): Promise<void> {
    const path = ['users', uuid('userId', userId), 'sessions', uuid('sessionId', sessionId)];
    await this.ended.endSession(sessionId, undefined);
    await this.client.call({ method: 'DELETE', path, isDeletion: true }).catch(ignoreNotFound);
  }

  /**
   * Ends all sessions of a user. With HankoModule their tokens are refused from then on, those of logins under way included.
   * @param userId a UUID.
   * @returns how many sessions Hanko had.
   * @throws HankoAdminError any of its codes; the tokens are refused all the same
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for an id that is no UUID
   */
  async revokeAll(userId: string): Promise<number> {
    await this.ended.endUser(uuid('userId', userId));
    const sessions = await this.list(userId);
    for (const { id } of sessions) {
      const path = ['users', userId, 'sessions', id];
      // oxlint-disable-next-line no-await-in-loop -- a user has a handful
      await this.client.call({ method: 'DELETE', path, isDeletion: true }).catch(ignoreNotFound);
    }
    return sessions.length;
  }
}
