import { HankoAdmin } from 'nestjs-hanko/admin';
import type { HankoServer } from '../../fake-hanko/test/contract/client.js';
import { tenantConfig } from './admin-of.js';

/** A new tenant of a server that has them, as the suite sees it. */
export async function startTenant(server: HankoServer): Promise<HankoServer> {
  const { managementUrl } = server;
  if (managementUrl === undefined) throw new Error('This server has no management API.');
  const origins = { url: new URL(server.url).origin, adminUrl: new URL(server.adminUrl).origin };
  const { tenants } = new HankoAdmin({ url: origins.adminUrl, managementUrl }).management;
  const { id } = await tenants.create({ id: crypto.randomUUID(), config: tenantConfig() });
  return {
    url: `${origins.url}/${id}`,
    adminUrl: `${origins.adminUrl}/${id}`,
    managementUrl,
    newWebhookToken: () => server.newWebhookToken(),
    stop: async () => {
      await tenants.delete(id);
      await server.stop?.();
    },
  };
}
