import { randomUUID } from 'node:crypto';
import type { HankoModuleOptions, HankoTenantsOptions } from 'nestjs-hanko';
import { FakeHanko, type FakeTenant } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type ResolvedHankoOptions, resolveOptions } from '../../lib/options/hanko-options.js';
import { HankoRevocation } from '../../lib/revocation/hanko-revocation.js';
import type { Hanko } from '../../lib/tenants/hanko.js';
import { TenantHankos } from '../../lib/tenants/tenant-hankos.js';
import { TenantParts } from '../../lib/tenants/tenant-parts.js';
import type { HankoUser } from '../../lib/user/hanko-user.js';
import { CountingFetch } from './jwks.js';
import { TestClock } from './verifier.js';

export const ACME = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
export const GLOBEX = '1d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';

/** A request names its tenant in this header field. */
export const TENANT = 'x-tenant';

export const byHeader: HankoTenantsOptions['resolve'] = ({ headers }) =>
  headers[TENANT] as string | undefined;

/** A server with two tenants, for a file of tests. */
export let hanko: FakeHanko;
export let acme: FakeTenant;
export let globex: FakeTenant;
/** The address without a tenant. */
export let apiUrl: string;

/** To be called once in a file of tests. */
export function useTenants(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start({ tenantId: ACME });
    acme = hanko;
    globex = await hanko.createTenant(GLOBEX);
    apiUrl = hanko.url.slice(0, -ACME.length - 1);
  });
  afterAll(() => hanko.stop());
}

export let clock: TestClock;
export let network: CountingFetch;
const made: { onModuleDestroy(): void }[] = [];

/** To be called once in a file of tests that make `TenantHankos`. */
export function useTenantHankos(): void {
  useTenants();
  beforeEach(() => {
    clock = new TestClock(1_000_000);
    network = new CountingFetch();
    hanko.clearRequests();
  });
  afterEach(() => {
    for (const one of made.splice(0)) one.onModuleDestroy();
  });
}

/** What `HankoModule` makes of the option `tenants`. The clock is that of the tenants, not of the tokens. */
export function makeHankos(
  tenants: Partial<HankoTenantsOptions> = {},
  options: HankoModuleOptions = {},
): {
  readonly hankos: TenantHankos;
  readonly revocation: HankoRevocation;
  readonly options: ResolvedHankoOptions;
} {
  const resolved = resolveOptions(
    {
      apiUrl,
      audience: null,
      fetch: network.fetch,
      ...options,
      tenants: { resolve: byHeader, ...tenants },
    },
    () => undefined,
  );
  const revocation = new HankoRevocation(resolved);
  const hankos = new TenantHankos(
    resolved,
    resolved.tenants as NonNullable<typeof resolved.tenants>,
    new TenantParts(),
    revocation,
    clock.now,
  );
  made.push(hankos, revocation);
  return { hankos, revocation, options: resolved };
}

export const named = (hankos: TenantHankos, id: string): Promise<Hanko> =>
  Promise.resolve(hankos.of({ headers: { [TENANT]: id } }));

/** Who a token is at a tenant. */
export async function userAt(hankos: TenantHankos, id: string, token: string): Promise<HankoUser> {
  const found = await named(hankos, id);
  return found.verifier.verify(token, found);
}

/** What it is refused with; `accepted` if it is not. */
export async function codeAt(hankos: TenantHankos, id: string, token: string): Promise<string> {
  try {
    await userAt(hankos, id, token);
    return 'accepted';
  } catch (error) {
    return String((error as { code: unknown }).code);
  }
}

/** Ids that nobody knows. */
export const madeUp = (count: number): readonly string[] =>
  Array.from({ length: count }, () => randomUUID());
