import type { HankoAuthError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import type { MaybePromise } from '../util/maybe-promise.js';
import type { Hanko } from './hanko.js';

/** Told that a tenant's users are out, and why. */
export type TenantEnded = (tenantId: string, error: HankoAuthError) => void;

/**
 * Decides which Hanko's tokens are accepted. There are two kinds: `OneHanko`, and with the option `tenants`
 * `TenantHankos`. Nothing else chooses keys.
 */
export abstract class Hankos {
  /** Whether the app names the tenant of each request. */
  abstract readonly hasTenants: boolean;

  /**
   * The Hanko that a request belongs to.
   * @returns no promise if it is in memory.
   * @throws HankoTenantError `tenant_unknown`; now, or by the promise
   * @throws HankoUnavailableError `hanko_unavailable`
   * @throws HankoConfigurationError `configuration_invalid` for a callback of the app that breaks its contract
   */
  abstract of(request: IncomingRequest): MaybePromise<Hanko>;

  /**
   * The Hanko of a tenant that code of the app names; without tenants, the only one.
   * @param path of what names it, for errors.
   * @throws HankoConfigurationError `configuration_invalid` if a tenant has to be named and is not, or the other way round; and
   * what `of` throws
   */
  abstract named(tenantId: unknown, path: string): MaybePromise<Hanko>;

  /** The Hanko of a tenant, if it is in memory; without tenants, the only one. */
  abstract known(tenantId: string | undefined): Hanko | undefined;

  /** @param listener told when there is no such tenant any more, and when the app trusts something else of it. */
  abstract onEnded(listener: TenantEnded): void;

  /** Those that are in memory. */
  abstract all(): readonly Hanko[];
}
