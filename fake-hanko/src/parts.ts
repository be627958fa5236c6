import { forgerRoutes } from './api/forger-routes.js';
import { HEALTH_ROUTES } from './api/health-routes.js';
import { managementRoutes } from './api/management-routes.js';
import { metricsRoute } from './api/metrics.js';
import { check } from './check.js';
import type { FakeHankoSettings } from './options.js';
import { pageRoutes } from './page/page-routes.js';
import { type FaultKind, type FaultOptions, Faults } from './server/faults.js';
import { FakeServer } from './server/http-server.js';
import type { Site } from './server/route.js';
import { ServerGroup } from './server/server-group.js';
import type { Tenant } from './tenant.js';
import { Tenants } from './tenants.js';

/** The parts of one FakeHanko, put together. */
export class Parts {
  readonly tenants: Tenants;
  readonly faults = new Faults();
  readonly publicServer: FakeServer;
  readonly adminServer: FakeServer;
  /** Null on a server without tenants. */
  readonly managementServer: FakeServer | null;
  readonly servers: ServerGroup;

  constructor(settings: FakeHankoSettings) {
    const { host, hosts, tenantId, port, adminPort, managementPort } = settings;
    const at = { host, hosts, prefix: tenantId === undefined ? '' : `/${tenantId}` };
    this.tenants = new Tenants(settings, () => this.publicServer.origin);
    this.publicServer = new FakeServer(
      { global: forgerRoutes(() => this.own.forger), at: this.tenants.finder('publicSite') },
      this.faults,
      { ...at, port },
    );
    const metrics = metricsRoute(() => this.publicServer.requests);
    this.adminServer = new FakeServer(
      {
        global: [
          ...HEALTH_ROUTES,
          ...(tenantId === undefined ? [metrics] : []),
          ...pageRoutes(() => ({
            store: this.own.store,
            mailBox: this.own.mailBox,
            url: this.publicServer.url,
            prefix: at.prefix,
          })),
        ],
        at: this.tenants.finder('adminSite'),
      },
      this.faults,
      { ...at, port: adminPort },
    );
    const management: Site = { routes: [...managementRoutes(this.tenants), metrics] };
    this.managementServer =
      tenantId === undefined
        ? null
        : new FakeServer({ global: [], at: (path) => ({ site: management, path }) }, this.faults, {
            host,
            hosts,
            prefix: '',
            port: managementPort,
          });
    const more = this.managementServer === null ? [] : [this.managementServer];
    this.servers = new ServerGroup([this.publicServer, this.adminServer, ...more]);
  }

  /** @throws TypeError for a wrong option, and where there is nothing to refuse any more. */
  async fail(kind: FaultKind, options: FaultOptions): Promise<void> {
    if (kind !== 'refuse') return this.faults.add(kind, options);
    check(
      Object.keys(options).length === 0,
      'the fault refuse takes no options: it applies to all requests',
    );
    this.checkIsRunning();
    await this.servers.close();
  }

  async recover(): Promise<void> {
    this.checkIsRunning();
    this.faults.clear();
    await this.servers.listen();
  }

  private checkIsRunning(): void {
    check(!this.servers.isStopped, 'it is stopped: start another one with FakeHanko.start()');
  }

  /** The tenant that the methods of FakeHanko are about. */
  get own(): Tenant {
    return this.tenants.own;
  }
}
