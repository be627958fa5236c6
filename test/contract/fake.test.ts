import { describe } from 'vitest';
import { startFake } from '../../fake-hanko/test/contract/start-fake.js';
import { contractSuite } from '../../fake-hanko/test/contract/suite.js';
import { adminServer } from './admin-server.js';
import { management } from './management.js';
import { nestApp } from './nest-app.js';
import { CALLS } from './parts.js';
import { startTenant } from './start-tenant.js';
import { tenantsApp } from './tenants-app.js';

describe('FakeHanko', () => {
  contractSuite(startFake, [nestApp, ...CALLS]);
});

describe('FakeHanko as v3.0.4, which stores its audit log', () => {
  const config = { audit_log: { storage: { enabled: true } } };
  contractSuite(() => startFake({ version: '3.0.4', config }), [adminServer]);
});

describe('a tenant of FakeHanko', () => {
  const config = { multi_tenancy: { enabled: true } };
  contractSuite(
    async () => startTenant(await startFake({ config })),
    [nestApp, ...CALLS, management, tenantsApp],
  );
});
