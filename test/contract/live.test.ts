import { describe } from 'vitest';
import type { HankoServer } from '../../fake-hanko/test/contract/client.js';
import { receiveWebhookToken } from '../../fake-hanko/test/contract/live-webhook.js';
import { CONTRACT, contractSuite } from '../../fake-hanko/test/contract/suite.js';
import { nestApp } from './nest-app.js';

const { HANKO_API_URL, HANKO_ADMIN_URL } = process.env;
if (!HANKO_API_URL || !HANKO_ADMIN_URL) {
  throw new Error(
    'The live suite needs a real Hanko with its default configuration, for tests only: set ' +
      'HANKO_API_URL and HANKO_ADMIN_URL to its two addresses, such as http://127.0.0.1:8000 and ' +
      'http://127.0.0.1:8001.',
  );
}
const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
const server = { url: withoutSlash(HANKO_API_URL), adminUrl: withoutSlash(HANKO_ADMIN_URL) };

async function findServer(): Promise<HankoServer> {
  for (const [name, base] of [
    ['HANKO_API_URL', server.url],
    ['HANKO_ADMIN_URL', server.adminUrl],
  ]) {
    const answer = await fetch(`${base}/health/alive`).catch(() => undefined);
    if (answer?.status !== 200) throw new Error(`No Hanko answers at ${name}, which is ${base}.`);
  }
  return { ...server, newWebhookToken: () => receiveWebhookToken(server.adminUrl) };
}

describe('the server of HANKO_API_URL', () => {
  contractSuite(findServer, [...CONTRACT, nestApp]);
});
