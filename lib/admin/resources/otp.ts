import type { AdminClient } from '../admin-client.js';
import { uuid } from '../arguments.js';
import { type HankoAdminOtp, readOtp } from '../objects/user.js';

/** Authenticator apps of users: `admin.otp`. */
export class HankoAdminOtpResource {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * When the user set it up.
   * @throws HankoAdminError `not_found` for a user without one, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(userId: string): Promise<HankoAdminOtp> {
    const { json } = await this.client.call({ method: 'GET', path: pathOf(userId) });
    return readOtp(json);
  }

  /**
   * Removes it, for a user who has lost the device.
   * @throws HankoAdminError `not_found` for a user without one, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async delete(userId: string): Promise<void> {
    await this.client.call({ method: 'DELETE', path: pathOf(userId), isDeletion: true });
  }
}

const pathOf = (userId: string): readonly string[] => ['users', uuid('userId', userId), 'otp'];
