import { FakeHanko } from 'fake-hanko';
import { describe } from 'vitest';
import { contractSuite } from './suite.js';

describe('FakeHanko', () => {
  contractSuite(async () => {
    const hanko = await FakeHanko.start();
    const { url, adminUrl } = hanko;
    return {
      url,
      adminUrl,
      newWebhookToken: () => hanko.webhookToken('user.create', { id: 'x' }),
      stop: () => hanko.stop(),
    };
  });
});
