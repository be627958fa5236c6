import { present, Reader } from '../reader.js';

/** A session of a user. */
export interface HankoAdminSession {
  /** UUID of the session: `user.sessionId`, the `session_id` claim of its token. */
  readonly id: string;
  /** UUID of its user: `user.id`, the `sub` claim. */
  readonly userId: string;
  /** The `User-Agent` of the login; absent if Hanko does not know it. */
  readonly userAgent?: string;
  /** The IP address of the login; absent if Hanko does not know it. */
  readonly ipAddress?: string;
  /** Time of the login. */
  readonly createdAt: Date;
  /** Time of its last change. */
  readonly updatedAt: Date;
  /** Time at which its token expires; absent if Hanko does not know. */
  readonly expiresAt?: Date;
  /** Time of the last activity that Hanko saw: a login or a validation by POST. */
  readonly lastUsedAt: Date;
}

export function readSession(json: unknown): HankoAdminSession {
  const session = new Reader(json, 'session');
  return present({
    id: session.uuid('id'),
    userId: session.uuid('user_id'),
    userAgent: session.optionalText('user_agent'),
    ipAddress: session.optionalText('ip_address'),
    createdAt: session.date('created_at'),
    updatedAt: session.date('updated_at'),
    expiresAt: session.optionalDate('expires_at'),
    lastUsedAt: session.date('last_used'),
  });
}
