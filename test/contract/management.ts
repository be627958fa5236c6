import { describe, expect, it } from 'vitest';
import { type HankoClient, UNKNOWN_ID } from '../../fake-hanko/test/contract/client.js';
import { adminOf, refusal, tenantConfig } from './admin-of.js';

const date = (): unknown => expect.any(Date);
const notFound = refusal('not_found', 404);

const PROVIDER = {
  name: 'Company',
  metadataUrl: 'http://127.0.0.1:9/metadata',
  domain: 'company.test',
  isEnabled: true,
  skipsEmailVerification: false,
};

/** Tenants by the client. */
export function management(hanko: HankoClient): void {
  const admin = adminOf(hanko);
  const withTenant = async (test: (id: string) => Promise<void>): Promise<void> => {
    const { tenants } = admin().management;
    const { id } = await tenants.create({ id: crypto.randomUUID(), config: tenantConfig() });
    await test(id);
    await tenants.delete(id);
  };

  describe('admin.management.tenants', () => {
    it('creates, shows, lists, replaces the configuration, and deletes', async () => {
      const { tenants } = admin().management;
      const id = crypto.randomUUID();
      const config = { ...tenantConfig(), session: { lifespan: '1h' } };
      const made = await tenants.create({ id, config });
      // Hanko completes it by its defaults, and writes times in nanoseconds or as they were.
      expect(made).toEqual({
        id,
        config: expect.objectContaining({
          session: expect.objectContaining({ lifespan: '1h' }) as unknown,
        }) as unknown,
        createdAt: date(),
        updatedAt: date(),
      });
      expect(await tenants.get(id)).toEqual(made);
      const { items, total } = await tenants.list({ perPage: 1 }).page();
      expect(items).toEqual([made]);
      expect(total).toBeGreaterThan(1);
      expect((await tenants.list({ perPage: 2 }).all()).map((one) => one.id)).toContain(id);

      const changed = await tenants.update(id, {
        ...made.config,
        session: { audience: ['app.test'] },
      });
      expect(changed).toMatchObject({
        id,
        createdAt: made.createdAt,
        config: { session: { audience: ['app.test'], lifespan: '12h' } },
      });
      await tenants.delete(id);
      await expect(tenants.get(id)).rejects.toMatchObject(notFound);
      await expect(tenants.delete(id)).rejects.toMatchObject(notFound);
    });

    it('refuses an id that is taken, a configuration that is invalid, and nobody', async () => {
      const { tenants } = admin().management;
      const invalid = { session: { lifespan: 'long' } };
      await withTenant(async (id) => {
        await expect(tenants.create({ id, config: tenantConfig() })).rejects.toMatchObject(
          refusal('conflict', 409, /tenant already exists/),
        );
        await expect(tenants.update(id, invalid)).rejects.toMatchObject(
          refusal('invalid', 400, /invalid config/),
        );
      });
      await expect(tenants.create({ id: UNKNOWN_ID, config: invalid })).rejects.toMatchObject(
        refusal('invalid', 400, /invalid config/),
      );
      await expect(tenants.update(UNKNOWN_ID, tenantConfig())).rejects.toMatchObject(notFound);
    });
  });

  describe('admin.management.samlProviders', () => {
    it('are refused where SAML is off, and not found for an unknown tenant', async () => {
      const { samlProviders: saml } = admin().management;
      const calls: readonly ((tenant: string) => Promise<unknown>)[] = [
        (tenant) => saml.list(tenant),
        (tenant) => saml.get(tenant, UNKNOWN_ID),
        (tenant) => saml.create(tenant, PROVIDER),
        (tenant) => saml.update(tenant, UNKNOWN_ID, PROVIDER),
        (tenant) => saml.delete(tenant, UNKNOWN_ID),
      ];
      await withTenant(async (id) => {
        for (const call of calls) {
          await expect(call(id)).rejects.toMatchObject(
            refusal('unauthorized', 403, /SAML is not enabled/),
          );
          await expect(call(UNKNOWN_ID)).rejects.toMatchObject(notFound);
        }
      });
    });
  });
}
