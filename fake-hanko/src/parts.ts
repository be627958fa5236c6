import { forgerRoutes } from './api/forger-routes.js';
import { HEALTH_ROUTES } from './api/health-routes.js';
import type { FakeHankoSettings } from './options.js';
import { Faults } from './server/faults.js';
import { FakeServer } from './server/http-server.js';
import { ServerGroup } from './server/server-group.js';
import { Tenant } from './tenant.js';
import { Tenants } from './tenants.js';

/** The parts of one FakeHanko, put together. */
export class Parts {
  readonly tenants: Tenants;
  readonly faults = new Faults();
  readonly publicServer: FakeServer;
  readonly adminServer: FakeServer;
  readonly servers: ServerGroup;

  constructor(settings: FakeHankoSettings) {
    const { host, hosts, tenantId, port, adminPort } = settings;
    const at = { host, hosts, prefix: tenantId === undefined ? '' : `/${tenantId}` };
    const own = new Tenant(settings, () => this.publicServer.origin);
    this.tenants = new Tenants(own, tenantId);
    this.publicServer = new FakeServer(
      { global: forgerRoutes(own.forger), at: this.tenants.finder('publicSite') },
      this.faults,
      { ...at, port },
    );
    this.adminServer = new FakeServer(
      { global: HEALTH_ROUTES, at: this.tenants.finder('adminSite') },
      this.faults,
      { ...at, port: adminPort },
    );
    this.servers = new ServerGroup([this.publicServer, this.adminServer]);
  }

  /** The tenant that the methods of FakeHanko are about. */
  get own(): Tenant {
    return this.tenants.own;
  }
}
