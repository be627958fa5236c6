import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HankoSamlProvider } from 'nestjs-hanko/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HankoClient, unique, UNKNOWN_ID } from '../../fake-hanko/test/contract/client.js';
import { adminOf, refusal, tenantConfig } from './admin-of.js';

const BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

const metadataOf = (entity: string): string => `<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entity}">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <SingleSignOnService Binding="${BINDING}" Location="https://idp.test/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>`;

/** SAML providers by the client, on a real server with tenants: it fetches their metadata. FakeHanko has no SAML. */
export function samlProviders(hanko: HankoClient): void {
  const admin = adminOf(hanko);

  describe('admin.management.samlProviders, where SAML is on', () => {
    const tenant = crypto.randomUUID();
    let idp: Server;
    beforeAll(async () => {
      idp = createServer(({ url = '' }, response) => {
        const [, entity] = /^\/metadata\/(\w+)$/.exec(url) ?? [];
        response.writeHead(entity === undefined ? 404 : 200, { connection: 'close' });
        response.end(entity === undefined ? '' : metadataOf(entity));
      });
      await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve));
      const saml = {
        enabled: true,
        endpoint_url: 'http://localhost:8000',
        audience_uri: 'http://localhost:8000',
        default_redirect_url: 'http://localhost:8888',
        allowed_redirect_urls: ['http://localhost:8888'],
      };
      await admin().management.tenants.create({ id: tenant, config: { ...tenantConfig(), saml } });
    });
    afterAll(async () => {
      await admin().management.tenants.delete(tenant);
      idp.closeAllConnections();
      await new Promise((resolve) => idp.close(resolve));
    });

    const provider = (entity = unique()) => ({
      name: 'Company',
      metadataUrl: `http://127.0.0.1:${(idp.address() as AddressInfo).port}/metadata/${entity}`,
      domain: `${unique()}.test`,
      isEnabled: true,
      skipsEmailVerification: false,
    });

    it('creates, shows, replaces and deletes', async () => {
      const { samlProviders: saml } = admin().management;
      const [entity, other] = [unique(), unique()];
      const first = provider(entity);
      const made = await saml.create(tenant, {
        ...first,
        attributeMap: { email: 'https://idp.test/claims/mail' },
      });
      const expected: HankoSamlProvider = {
        ...first,
        id: made.id,
        tenantId: tenant,
        entityId: entity,
        createdAt: expect.any(Date) as Date,
        updatedAt: expect.any(Date) as Date,
      };
      expect(made).toEqual(expected);
      expect(await saml.get(tenant, made.id)).toEqual(expected);
      expect(await saml.list(tenant)).toEqual([expected]);
      const second = { ...provider(other), isEnabled: false, skipsEmailVerification: true };
      const changed = await saml.update(tenant, made.id, second);
      expect(changed).toEqual({ ...expected, ...second, entityId: other });
      await saml.delete(tenant, made.id);
      expect(await saml.list(tenant)).toEqual([]);
    });

    it('refuses a domain or an identity provider that is there, and one without metadata', async () => {
      const { samlProviders: saml } = admin().management;
      const entity = unique();
      const made = await saml.create(tenant, provider(entity));
      const { domain } = made;
      await expect(saml.create(tenant, { ...provider(), domain })).rejects.toMatchObject(
        refusal('conflict', 409, /already exists/),
      );
      await expect(saml.create(tenant, provider(entity))).rejects.toMatchObject(
        refusal('conflict', 409, /already exists/),
      );
      await expect(saml.create(tenant, provider('not/there'))).rejects.toMatchObject(
        refusal('invalid', 400),
      );
      await saml.delete(tenant, made.id);
    });

    it('finds no provider that is not there', async () => {
      const { samlProviders: saml } = admin().management;
      const notFound = refusal('not_found', 404);
      await expect(saml.get(tenant, UNKNOWN_ID)).rejects.toMatchObject(notFound);
      await expect(saml.update(tenant, UNKNOWN_ID, provider())).rejects.toMatchObject(notFound);
      await expect(saml.delete(tenant, UNKNOWN_ID)).rejects.toMatchObject(notFound);
    });
  });
}
