import type { AdminCall, AdminClient, AdminReply } from '../admin-client.js';
import { HankoAdminError } from '../admin-error.js';
import { bodyOf, FLAG, text, uuid } from '../arguments.js';
import type { EndedSessions } from '../ended-sessions.js';
import { type HankoAdminPassword, readPassword } from '../objects/user.js';
import type { HankoAdminSessions } from './sessions.js';

/** Options of `passwords.update()` and `passwords.delete()`. */
export interface HankoPasswordChange {
  /** Whether the user's sessions go on. Default false: whoever knew the old password is signed out. */
  readonly keepSessions?: boolean;
}

const OPTIONS = { keepSessions: { name: 'keepSessions', ...FLAG } };

/** Passwords of users: `admin.passwords`. */
export class HankoAdminPasswords {
  /** @internal */
  constructor(
    private readonly client: AdminClient,
    private readonly ended: EndedSessions,
    private readonly sessions: HankoAdminSessions,
  ) {}

  /**
   * When a password was set and changed.
   * @throws HankoAdminError `not_found` for a user without one, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(userId: string): Promise<HankoAdminPassword> {
    const { json } = await this.client.call({ method: 'GET', path: pathOf(userId) });
    return readPassword(json);
  }

  /**
   * Gives a password to a user who has none. Only its length is checked: rules for passwords (`password.min_length`) hold for
   * users, not here.
   * @throws HankoAdminError `conflict` if there is one, and any other of its codes
   * @throws TypeError for an id that is no UUID, and a password that is no text, empty, or longer than 72 bytes (UTF-8)
   */
  async create(userId: string, password: string): Promise<HankoAdminPassword> {
    const body = bodyWith(password);
    const { json } = await this.client.call({ method: 'POST', path: pathOf(userId), body });
    return readPassword(json);
  }

  /**
   * Changes a password, and ends the user's sessions: Hanko itself ends none. If those cannot be ended, it throws although the
   * password is changed: change it again, or call `users.revokeSessions()`.
   * @throws HankoAdminError `not_found` for a user without one, and any other of its codes
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for an id that is no UUID, and a password that is no text, empty, or longer than 72 bytes (UTF-8)
   */
  async update(
    userId: string,
    password: string,
    options: HankoPasswordChange = {},
  ): Promise<HankoAdminPassword> {
    const { keepSessions } = bodyOf('passwords.update()', options, OPTIONS);
    const body = bodyWith(password);
    const call = { method: 'PUT', path: pathOf(userId), body } as const;
    const { json } = await this.#change(userId, call, keepSessions === true);
    return readPassword(json);
  }

  /**
   * Deletes a password, and ends the user's sessions. If those cannot be ended, it throws although the password is deleted: call
   * `users.revokeSessions()` then, or this again.
   * @throws HankoAdminError `not_found` for a user without one, and any other of its codes
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for an id that is no UUID
   */
  async delete(userId: string, options: HankoPasswordChange = {}): Promise<void> {
    const { keepSessions } = bodyOf('passwords.delete()', options, OPTIONS);
    const call = { method: 'DELETE', path: pathOf(userId), isDeletion: true } as const;
    await this.#change(userId, call, keepSessions === true);
  }

  async #change(userId: string, call: AdminCall, keepSessions: boolean): Promise<AdminReply> {
    try {
      const reply = await this.client.call(call);
      if (!keepSessions) await this.sessions.revokeAll(userId);
      return reply;
    } catch (error) {
      if (!keepSessions && mayBeDone(error, call)) await this.ended.endUser(userId);
      throw error;
    }
  }
}

/** Also by an earlier call, whose revocation failed. */
const mayBeDone = (error: unknown, { isDeletion = false }: AdminCall): boolean =>
  error instanceof HankoAdminError &&
  (error.code === 'unavailable' || (error.code === 'not_found' && isDeletion));

/** Beyond that bcrypt takes none: Hanko replies as if it were broken. */
const MAX_BYTES = 72;

/** @throws TypeError */
function bodyWith(password: unknown): { readonly password: string } {
  const given = text('password', password);
  const bytes = Buffer.byteLength(given);
  if (bytes <= MAX_BYTES) return { password: given };
  throw new TypeError(`password must have at most ${MAX_BYTES} bytes in UTF-8, got ${bytes}.`);
}

const pathOf = (userId: string): readonly string[] => ['users', uuid('userId', userId), 'password'];
