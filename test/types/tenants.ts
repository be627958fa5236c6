// Compiled by `npm run types`, never run: what must compile, and what must not.
import {
  CurrentTenant,
  type HankoAuthService,
  HankoModule,
  type HankoProfile,
  type HankoRevocation,
  type HankoRevoked,
  type HankoTenantsOptions,
  type HankoTrustedTenant,
  type HankoUser,
  type TenantRequest,
} from 'nestjs-hanko';
import type { HankoAdmin, HankoTenant } from 'nestjs-hanko/admin';
import { HankoStub, hankoUser } from 'nestjs-hanko/testing';
import { FakeHanko } from 'fake-hanko';

const byHost = ({ hostname, headers }: TenantRequest): string | undefined =>
  hostname ?? (typeof headers['host'] === 'string' ? headers['host'] : undefined);

export const modules = [
  HankoModule.forRoot({ tenants: { resolve: byHost } }),
  HankoModule.forRoot({ tenants: { resolve: byHost, trust: () => ({}), max: 10 } }),
  HankoModule.forRoot({ tenants: { resolve: () => null, trust: async () => null } }),
  // @ts-expect-error: nobody names the tenant
  HankoModule.forRoot({ tenants: {} }),
  // @ts-expect-error: it must not be async
  HankoModule.forRoot({ tenants: { resolve: async () => 'acme' } }),
  // @ts-expect-error: no text
  HankoModule.forRoot({ tenants: { resolve: () => 7 } }),
  // @ts-expect-error: no option
  HankoModule.forRoot({ tenants: { resolve: byHost, cache: 1 } }),
];

// @ts-expect-error: nothing that a tenant has
export const trusted: HankoTrustedTenant = { audiences: ['a'] };

export const options: HankoTenantsOptions = { resolve: byHost, trust: (id) => ({ audience: id }) };

export class Decorated {
  list(@CurrentTenant() _tenant: string) {}
}

export async function calls(
  hanko: HankoAuthService,
  profile: HankoProfile,
  revocation: HankoRevocation,
  admin: HankoAdmin,
): Promise<unknown> {
  const user: HankoUser = await hanko.verifyToken('t', { tenant: 'acme' });
  const id: string | undefined = user.tenantId;
  await profile.get('t', { tenant: id });
  await profile.logout('t', { tenant: 'acme' });
  // @ts-expect-error: a user may have no tenant
  revocation.tenant(user.tenantId);
  await revocation.tenant('acme').revokeUser(user.id);
  revocation.revoked$.subscribe(({ tenantId }: HankoRevoked) => tenantId);
  await admin.tenant('acme', { url: 'http://hanko:8001' }).users.delete(user.id);
  // @ts-expect-error: no option of a tenant
  admin.tenant('acme', { timeoutMs: 1 });
  const tenants: HankoTenant[] = [];
  for await (const tenant of admin.management.tenants.list()) tenants.push(tenant);
  return tenants;
}

export async function tests(): Promise<unknown> {
  new HankoStub().signIn({ tenantId: 'acme' });
  await using hanko = await FakeHanko.start({ tenantId: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33' });
  const acme = await hanko.createTenant('1d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33');
  // @ts-expect-error: it is the server that starts and stops
  await acme.stop();
  return hankoUser({ tenantId: 'acme' });
}
