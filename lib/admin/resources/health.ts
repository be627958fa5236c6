import type { AdminClient } from '../admin-client.js';

/** Whether Hanko's server runs: `admin.health`. */
export class HankoAdminHealth {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * Whether the process runs.
   * @throws HankoAdminError any of its codes, if it does not
   */
  async alive(): Promise<void> {
    await this.client.call({ method: 'GET', path: ['health', 'alive'] });
  }

  /**
   * Whether it can answer.
   * @throws HankoAdminError any of its codes, if it cannot
   */
  async ready(): Promise<void> {
    await this.client.call({ method: 'GET', path: ['health', 'ready'] });
  }
}
