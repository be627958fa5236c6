import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { readTenantId } from '../options/tenant-id.js';

type Options = Pick<ResolvedHankoOptions, 'tenants'>;

/**
 * Without a tenant it could only be guessed whose session is meant.
 * @throws HankoConfigurationError in an app with tenants.
 */
export function refuseTenants({ tenants }: Options, method: string): void {
  if (tenants === null) return;
  throw new HankoConfigurationError([
    {
      path: `HankoRevocation.${method}`,
      hint: `needs a tenant in an app with the option tenants: write revocation.tenant(user.tenantId).${method}.`,
    },
  ]);
}

/**
 * The id of a tenant, as it is compared.
 * @throws TypeError if it is none
 * @throws HankoConfigurationError in an app without tenants
 */
export function checkedTenant({ tenants }: Options, tenantId: unknown): string {
  if (tenants === null) {
    throw new HankoConfigurationError([
      {
        path: 'HankoRevocation.tenant()',
        hint: 'needs the option tenants: the app has one Hanko.',
      },
    ]);
  }
  const id = readTenantId(tenantId);
  if (id === null) throw new TypeError('tenant() takes the id of a tenant, such as user.tenantId.');
  return id;
}
