import { afterAll, beforeAll } from 'vitest';
import { adminApi } from './admin-api.js';
import { adminCredentials } from './admin-credentials.js';
import { adminEmails } from './admin-emails.js';
import { adminWebhooks } from './admin-webhooks.js';
import { HankoClient, type HankoServer } from './client.js';
import { passkeys } from './passkeys.js';
import { publicApi } from './public-api.js';

/** A part of the suite. */
export type Part = (hanko: HankoClient) => void;

/**
 * All that a Hanko with its default configuration can be asked for through HTTP: statuses and the
 * shape of replies. It holds on FakeHanko and on a real server alike, whatever that holds already.
 */
export const CONTRACT: readonly Part[] = [
  publicApi,
  adminApi,
  adminEmails,
  adminCredentials,
  adminWebhooks,
  passkeys,
];

/** Runs parts on a server. */
export function contractSuite(start: () => Promise<HankoServer>, parts = CONTRACT): void {
  const hanko = new HankoClient();
  beforeAll(async () => hanko.connect(await start()));
  afterAll(() => hanko.disconnect());
  for (const part of parts) part(hanko);
}
