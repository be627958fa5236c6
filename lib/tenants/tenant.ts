import type { RemoteJwks } from '../jwks/remote-jwks.js';
import type { Hanko } from './hanko.js';

/** A tenant in memory. */
export interface Tenant {
  readonly id: string;
  readonly hanko: Hanko & { readonly jwks: RemoteJwks };
  /** When the app vouched for it last, by the clock of this class. */
  trustedAt: number;
  /** When the app was asked about it last. */
  askedAt: number;
  /** Used since it was last looked at for eviction. */
  isUsed: boolean;
  /** Whether its keys were asked for. */
  isAsked: boolean;
  /** Whether that counts as a question about a stranger. */
  isStranger: boolean;
}

/** The first that has cost nothing yet; the first of all if each has. */
export function cheapestOf(tenants: Iterable<Tenant>): Tenant | undefined {
  let first: Tenant | undefined;
  for (const tenant of tenants) {
    if (!tenant.isAsked) return tenant;
    first ??= tenant;
  }
  return first;
}
