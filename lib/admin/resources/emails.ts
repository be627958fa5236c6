import type { AdminClient } from '../admin-client.js';
import { bodyOf, FLAG, required, TEXT, uuid } from '../arguments.js';
import { type HankoAdminEmail, readEmail } from '../objects/email.js';
import { listOf } from '../reader.js';

/** Argument of `emails.create()`: a new address of a user. */
export interface HankoNewEmail {
  /** Address in any case: Hanko stores it in lower case. */
  readonly address: string;
  /** Whether it counts as proved. Default false. Hanko sends no mail. */
  readonly isVerified?: boolean;
}

const NEW_EMAIL = {
  address: required({ name: 'address', ...TEXT }),
  isVerified: { name: 'is_verified', ...FLAG },
};

/** Email addresses of users: `admin.emails`. */
export class HankoAdminEmails {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * All addresses of a user; empty also for a user who does not exist.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for an id that is no UUID
   */
  async list(userId: string): Promise<readonly HankoAdminEmail[]> {
    const { json } = await this.client.call({ method: 'GET', path: listPath(userId) });
    return listOf(json, 'emails', readEmail);
  }

  /**
   * Reads one address of a user.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(userId: string, emailId: string): Promise<HankoAdminEmail> {
    const { json } = await this.client.call({ method: 'GET', path: pathOf(userId, emailId) });
    return readEmail(json);
  }

  /**
   * Adds an address to a user. The first one of a user becomes primary by itself; `setPrimary()` makes another one so.
   * @throws HankoAdminError `invalid` if it is in use, `conflict` if the user has as many as allowed, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async create(userId: string, email: HankoNewEmail): Promise<HankoAdminEmail> {
    const body = bodyOf('emails.create()', email, NEW_EMAIL);
    const { json } = await this.client.call({ method: 'POST', path: listPath(userId), body });
    const created = readEmail(json);
    // Hanko's reply says "not primary" also of the first one.
    return this.get(userId, created.id);
  }

  /**
   * Makes an address the primary one: tokens of later logins name it.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async setPrimary(userId: string, emailId: string): Promise<void> {
    const path = [...pathOf(userId, emailId), 'set_primary'];
    await this.client.call({ method: 'POST', path, isRepeatable: true });
  }

  /**
   * Removes an address that is not the primary one.
   * @throws HankoAdminError `conflict` for the primary one, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async delete(userId: string, emailId: string): Promise<void> {
    await this.client.call({ method: 'DELETE', path: pathOf(userId, emailId), isDeletion: true });
  }
}

const listPath = (userId: string): readonly string[] => ['users', uuid('userId', userId), 'emails'];

const pathOf = (userId: string, emailId: string): readonly string[] => [
  ...listPath(userId),
  uuid('emailId', emailId),
];
