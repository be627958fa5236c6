import { HankoAdmin } from 'nestjs-hanko/admin';
import { beforeAll, describe, expect, it } from 'vitest';
import { AdminServer, inTurn, problem, replying } from '../../support/admin-server.js';

const TENANT = 'cf135117-ac0c-44e0-af37-4aa572e493a1';
const ID = 'f3d4ab3c-3f5d-4b2e-9a0c-5a1f0e1d2c3b';

/** As v3.0.4 and the main branch show one, an attribute map of which is set. */
const SHOWN = {
  id: ID,
  tenant_id: TENANT,
  name: 'Company',
  entity_id: 'https://idp.test',
  metadata_url: 'https://idp.test/metadata',
  domain: 'company.test',
  enabled: true,
  skip_email_verification: false,
  created_at: '2026-11-27T14:02:29Z',
  updated_at: '2026-11-27T14:02:30Z',
};

const READ = {
  id: ID,
  tenantId: TENANT,
  name: 'Company',
  entityId: 'https://idp.test',
  metadataUrl: 'https://idp.test/metadata',
  domain: 'company.test',
  isEnabled: true,
  skipsEmailVerification: false,
  createdAt: new Date('2026-11-27T14:02:29Z'),
  updatedAt: new Date('2026-11-27T14:02:30Z'),
};

const NEW = {
  name: 'Company',
  metadataUrl: 'https://idp.test/metadata',
  domain: 'company.test',
  isEnabled: true,
  skipsEmailVerification: false,
  attributeMap: { email: 'mail' },
};

const SENT = {
  name: 'Company',
  metadata_url: 'https://idp.test/metadata',
  domain: 'company.test',
  enabled: true,
  skip_email_verification: false,
  attribute_map: { email: 'mail' },
};

describe('admin.management.samlProviders', () => {
  const server = new AdminServer();
  let saml: HankoAdmin['management']['samlProviders'];
  beforeAll(() => {
    const admin = new HankoAdmin({ url: 'http://127.0.0.1:9', managementUrl: server.url });
    saml = admin.management.samlProviders;
  });
  const path = `/tenants/${TENANT}/saml/providers`;

  it('creates and replaces: what is sent, and what is read', async () => {
    server.behaviour = replying(201, SHOWN);
    expect(await saml.create(TENANT, NEW)).toEqual(READ);
    expect(await saml.update(TENANT, ID, NEW)).toEqual(READ);
    expect(server.requests.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual(
      [
        ['POST', path, SENT],
        ['PUT', `${path}/${ID}`, SENT],
      ],
    );
  });

  it('reads one and all, and none at all', async () => {
    server.behaviour = inTurn(
      replying(200, { ...SHOWN, attribute_map: {} }),
      replying(200, [SHOWN]),
    );
    expect(await saml.get(TENANT, ID)).toEqual({ ...READ, attributeMap: {} });
    expect(await saml.list(TENANT)).toEqual([READ]);
    server.behaviour = replying(200, 'null');
    expect(await saml.list(TENANT)).toEqual([]);
  });

  it.each([
    ['update', () => saml.update(TENANT, ID, NEW)],
    ['delete', () => saml.delete(TENANT, ID)],
  ])(
    '%s: not found, where Hanko replies with 500 and has no such provider',
    async (_name, call) => {
      server.behaviour = inTurn(problem(500), problem(404, 'provider not found'));
      await expect(call()).rejects.toMatchObject({ code: 'not_found', status: 404 });
      expect(server.requests.map(({ method }) => method)).toEqual([expect.any(String), 'GET']);

      server.requests = [];
      server.behaviour = inTurn(problem(500), replying(200, SHOWN));
      await expect(call()).rejects.toMatchObject({ code: 'unavailable', status: 500 });
    },
  );
});
