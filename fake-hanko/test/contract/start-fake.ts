import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import type { HankoServer } from './client.js';

/** A FakeHanko as the suite sees it. */
export async function startFake(options: FakeHankoOptions = {}): Promise<HankoServer> {
  const hanko = await FakeHanko.start(options);
  const { url, adminUrl, managementUrl } = hanko;
  return {
    url,
    adminUrl,
    ...(managementUrl !== undefined && { managementUrl }),
    newWebhookToken: () => hanko.webhookToken('user.create', { id: 'x' }),
    stop: () => hanko.stop(),
  };
}
