import type { AdminClient } from '../admin-client.js';
import { base64url, uuid } from '../arguments.js';
import { type HankoAdminCredential, readCredential } from '../objects/credential.js';
import { listOf } from '../reader.js';

/** Passkeys and security keys of users: `admin.credentials`. */
export class HankoAdminCredentials {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * All passkeys and security keys of a user.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for an id that is no UUID
   */
  async list(userId: string): Promise<readonly HankoAdminCredential[]> {
    const { json } = await this.client.call({ method: 'GET', path: listPath(userId) });
    return listOf(json ?? [], 'credentials', readCredential);
  }

  /**
   * Reads one passkey or security key of a user.
   * @param credentialId as in {@link HankoAdminCredential}: no UUID.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for a wrong id
   */
  async get(userId: string, credentialId: string): Promise<HankoAdminCredential> {
    const path = pathOf(userId, credentialId);
    const { json } = await this.client.call({ method: 'GET', path });
    return readCredential(json);
  }

  /**
   * Removes a passkey or a security key, for a user who has lost the device. Sessions that it began go on: end them, too.
   * @param credentialId as in {@link HankoAdminCredential}: no UUID.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for a wrong id
   */
  async delete(userId: string, credentialId: string): Promise<void> {
    const path = pathOf(userId, credentialId);
    await this.client.call({ method: 'DELETE', path, isDeletion: true });
  }
}

const listPath = (userId: string): readonly string[] => [
  'users',
  uuid('userId', userId),
  'webauthn_credentials',
];

const pathOf = (userId: string, id: string): readonly string[] => [
  ...listPath(userId),
  base64url('credentialId', id),
];
