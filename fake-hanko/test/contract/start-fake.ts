import { FakeHanko } from 'fake-hanko';
import type { HankoServer } from './client.js';

/** A FakeHanko as the suite sees it. */
export async function startFake(): Promise<HankoServer> {
  const hanko = await FakeHanko.start();
  const { url, adminUrl } = hanko;
  return {
    url,
    adminUrl,
    newWebhookToken: () => hanko.webhookToken('user.create', { id: 'x' }),
    stop: () => hanko.stop(),
  };
}
