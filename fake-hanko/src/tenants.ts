import { check, UUID } from './check.js';
import { crossFaultOf } from './config/checks.js';
import { printedTenantConfig, readTenantConfig } from './config/read-config.js';
import type { HankoConfig } from './config/schema.js';
import { settingsOf } from './config/settings.js';
import { type FakeHankoSettings, hookFaultOf } from './options.js';
import { Problem, type Sites } from './server/route.js';
import { Tenant, type TenantServer } from './tenant.js';
import { rfc3339 } from './time.js';

/** A tenant as the management API shows it (hanko backend/persistence/models/tenant.go). */
export interface ShownTenant {
  readonly id: string;
  /** With all keys. */
  readonly config: unknown;
  readonly created_at: string;
  readonly updated_at: string;
}

interface Entry extends Omit<ShownTenant, 'config'> {
  readonly tenant: Tenant;
}

const MAX_TENANTS = 100;

/** The tenants of a server (hanko backend/handler/tenant.go). */
export class Tenants {
  private readonly byId = new Map<string, Entry>();
  private readonly mine: Tenant;

  private readonly server: TenantServer;

  constructor(
    private readonly settings: FakeHankoSettings,
    publicOrigin: () => string,
  ) {
    this.server = { publicOrigin, hasUser: (id) => this.hasUser(id) };
    this.mine = new Tenant(settings, this.server);
    const { tenantId } = settings;
    if (tenantId !== undefined) this.put(tenantId, this.mine);
  }

  /** The one that the methods of FakeHanko are about. @throws TypeError if it was deleted. */
  get own(): Tenant {
    const { tenantId } = this.settings;
    return tenantId === undefined ? this.mine : this.find(tenantId);
  }

  /** Finds the tenant by the first part of the path, as a multi-tenant Hanko does. */
  finder(site: 'publicSite' | 'adminSite'): Sites['at'] {
    return (path) => {
      if (this.settings.tenantId === undefined) return { site: this.mine[site], path };
      const id = path.split('/', 2)[1] ?? '';
      if (!UUID.test(id)) throw new Problem(400, 'invalid tenant ID format');
      const entry = this.byId.get(id.toLowerCase());
      if (entry === undefined) throw new Problem(404, 'tenant not found');
      return { site: entry.tenant[site], path: path.slice(id.length + 1) };
    };
  }

  /** Newest first. */
  list(): readonly ShownTenant[] {
    return [...this.byId.values()].toReversed().map(shown);
  }

  get(id: string): ShownTenant | undefined {
    const entry = this.byId.get(id.toLowerCase());
    return entry && shown(entry);
  }

  /** @throws TypeError */
  find(id: string): Tenant {
    const entry = this.byId.get(id.toLowerCase());
    check(entry !== undefined, 'there is no tenant with this id');
    return entry.tenant;
  }

  /**
   * @param config undefined: that of this server, without its receivers of webhooks.
   * @throws Problem 400 for a configuration that is wrong, 409 for an id that is taken.
   */
  async create(id: string, config?: unknown): Promise<ShownTenant> {
    const settings = config === undefined ? this.ownSettingsFor(id) : this.settingsFor(id, config);
    if (this.byId.has(id.toLowerCase())) {
      throw new Problem(409, `failed to create tenant with id '${id}': tenant already exists`);
    }
    check(this.byId.size < MAX_TENANTS, `it holds at most ${MAX_TENANTS} tenants`);
    const tenant = new Tenant(settings, this.server);
    const entry = this.put(id, tenant);
    await tenant.keys.rotate();
    tenant.webhooks.open();
    return shown(entry);
  }

  /** @throws Problem 400, 404 */
  update(id: string, config: unknown): ShownTenant {
    const settings = this.settingsFor(id, config);
    const former = this.byId.get(id.toLowerCase());
    if (former === undefined) throw new Problem(404, 'tenant not found');
    const tenant = new Tenant(settings, this.server, former.tenant);
    tenant.webhooks.open();
    const updated = { ...former, tenant, updated_at: rfc3339(this.settings.now()) };
    this.byId.set(id.toLowerCase(), updated);
    return shown(updated);
  }

  /** @returns whether there was such a tenant. */
  delete(id: string): boolean {
    this.byId.get(id.toLowerCase())?.tenant.webhooks.stop();
    return this.byId.delete(id.toLowerCase());
  }

  stop(): void {
    for (const { tenant } of this.byId.values()) tenant.webhooks.stop();
    this.mine.webhooks.stop();
  }

  private hasUser(id: string): boolean {
    const tenants = [...this.byId.values()].map(({ tenant }) => tenant);
    const all = this.settings.tenantId === undefined ? [this.mine] : tenants;
    return all.some(({ store }) => store.user(id) !== undefined);
  }

  private put(id: string, tenant: Tenant): Entry {
    const at = rfc3339(this.settings.now());
    const entry = { id: id.toLowerCase(), tenant, created_at: at, updated_at: at };
    this.byId.set(entry.id, entry);
    return entry;
  }

  private ownSettingsFor(tenantId: string): FakeHankoSettings {
    const { settings } = this;
    const webhooks = { ...settings.config.webhooks, hooks: [] };
    const config = { ...settings.config, webhooks };
    return { ...settings, webhooks: [], config, tenantId: tenantId.toLowerCase() };
  }

  private settingsFor(tenantId: string, given: unknown): FakeHankoSettings {
    const { settings } = this;
    const { config, faults, unknown } = readTenantConfig(given, settings.config);
    const wrong =
      faults[0] ??
      (unknown[0] === undefined ? null : `${unknown[0]} is no key of Hanko's configuration`) ??
      crossFaultOf(config) ??
      hookFaultOf(config, settings.sessionEvents);
    if (wrong !== null) throw new Problem(400, `invalid config: ${wrong}`);
    return { ...settings, ...settingsOf(config), config, tenantId: tenantId.toLowerCase() };
  }
}

const shown = ({ tenant, ...entry }: Entry): ShownTenant => ({
  id: entry.id,
  config: printedConfig(tenant.settings.config),
  created_at: entry.created_at,
  updated_at: entry.updated_at,
});

const printedConfig = (config: HankoConfig): unknown => printedTenantConfig(config);
