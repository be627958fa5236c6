import { describe } from 'vitest';
import type { HankoServer } from '../../fake-hanko/test/contract/client.js';
import { receiveWebhookToken } from '../../fake-hanko/test/contract/live-webhook.js';
import { CONTRACT, contractSuite } from '../../fake-hanko/test/contract/suite.js';
import { management } from './management.js';
import { nestApp } from './nest-app.js';
import { CALLS } from './parts.js';
import { samlProviders } from './saml.js';
import { startTenant } from './start-tenant.js';
import { tenantsApp } from './tenants-app.js';

const { HANKO_API_URL, HANKO_ADMIN_URL, HANKO_MANAGEMENT_URL } = process.env;
if (!HANKO_API_URL || !HANKO_ADMIN_URL) {
  throw new Error(
    'The live suite needs a real Hanko with its default configuration, for tests only: set ' +
      'HANKO_API_URL and HANKO_ADMIN_URL to its two addresses, such as http://127.0.0.1:8000 and ' +
      'http://127.0.0.1:8001; for one with tenants HANKO_MANAGEMENT_URL too, such as http://127.0.0.1:8002.',
  );
}
const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
const server = { url: withoutSlash(HANKO_API_URL), adminUrl: withoutSlash(HANKO_ADMIN_URL) };

async function findServer(): Promise<HankoServer> {
  const { url, adminUrl } = server;
  const managementUrl = withoutSlash(HANKO_MANAGEMENT_URL ?? '');
  for (const [name, base] of [
    // With tenants, the public API has no health of its own.
    ...(managementUrl === '' ? [['HANKO_API_URL', url]] : []),
    ['HANKO_ADMIN_URL', adminUrl],
    ...(managementUrl === '' ? [] : [['HANKO_MANAGEMENT_URL', managementUrl]]),
  ]) {
    const answer = await fetch(`${base}/health/alive`).catch(() => undefined);
    if (answer?.status !== 200) throw new Error(`No Hanko answers at ${name}, which is ${base}.`);
  }
  const newWebhookToken = () => receiveWebhookToken(adminUrl);
  return { url, adminUrl, newWebhookToken, ...(managementUrl !== '' && { managementUrl }) };
}

const onTenant = async () => startTenant(await findServer());
/** Then it is a new tenant of it. */
const hasTenants = Boolean(HANKO_MANAGEMENT_URL);

describe('the server of HANKO_API_URL', () => {
  contractSuite(
    hasTenants ? onTenant : findServer,
    hasTenants
      ? [nestApp, ...CALLS, management, samlProviders, tenantsApp]
      : [...CONTRACT, nestApp, ...CALLS],
  );
});
