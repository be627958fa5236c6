import { UUID } from './check.js';
import { Problem, type Sites } from './server/route.js';
import type { Tenant } from './tenant.js';

/** The tenants of a server. */
export class Tenants {
  private readonly byId = new Map<string, Tenant>();

  /** @param ownId undefined for a server without tenants: it is one for all paths. */
  constructor(
    readonly own: Tenant,
    private readonly ownId: string | undefined,
  ) {
    if (ownId !== undefined) this.byId.set(ownId.toLowerCase(), own);
  }

  /** Finds the tenant by the first part of the path, as a multi-tenant Hanko does. */
  finder(site: 'publicSite' | 'adminSite'): Sites['at'] {
    return (path) => {
      if (this.ownId === undefined) return { site: this.own[site], path };
      const id = path.split('/', 2)[1] ?? '';
      if (!UUID.test(id)) throw new Problem(400, 'invalid tenant ID format');
      const tenant = this.byId.get(id.toLowerCase());
      if (tenant === undefined) throw new Problem(404, 'tenant not found');
      return { site: tenant[site], path: path.slice(id.length + 1) };
    };
  }
}
