import type { IncomingRequest } from '../extraction/request.js';
import type { MaybePromise } from '../util/maybe-promise.js';
import { isFunction, isObject, isUuid } from '../util/value-checks.js';
import { isCloud } from './api-url.js';
import { type Limits, type Option, readNumbers } from './option.js';

/**
 * A request by which `tenants.resolve()` names the tenant: that of HTTP, or the handshake of the connection, which has no `hostname` and no `params`.
 * Of a message it has `headers` alone. Each header field is a text; one that came several times is joined by commas.
 */
export interface TenantRequest extends IncomingRequest {
  /** Path and query, as Node has them. */
  readonly url?: string | undefined;
  /** Host name as Express or Fastify sees it, which their `trust proxy` and `trustProxy` decide. At a handshake: `headers.host`. */
  readonly hostname?: string | undefined;
  /** Parameters of the route; none in middleware. */
  readonly params?: unknown;
}

/** A tenant that the app trusts: what is its own, and not as in the options of the module. */
export interface HankoTrustedTenant {
  /** Base URL of the tenant's public API. Default `${apiUrl}/${tenantId}`, if the id is a UUID. */
  readonly apiUrl?: string;
  /** Audiences that its tokens may have, as in the option `audience`. Default: those of the module. */
  readonly audience?: string | readonly string[] | null;
  /** The one `iss` claim that its tokens may have, as in the option `issuer`. Default: that of the module. */
  readonly issuer?: string;
  /** Name of its session cookie. Default: that of the module. Wrong beside the option `extractors`, as it would have no effect. */
  readonly cookieName?: string;
}

/** Which Hanko a request belongs to: the option `tenants`. */
export interface HankoTenantsOptions {
  /**
   * Names the tenant of a request, from what the app routes by: host name, path, or a header field that a gateway of
   * yours sets. Never from the token: whoever made it would choose its keys.
   *
   * Null or undefined: the request belongs to no tenant, and is refused (404 `tenant_unknown`). It must not be async: what
   * has to be looked up belongs into `trust`. It is called for each request that is not `@Public()`.
   */
  readonly resolve: (request: TenantRequest) => string | null | undefined;
  /**
   * Says whether there is such a tenant, and what differs of it. Null: there is none, and requests are refused (404
   * `tenant_unknown`). It may be async. An answer is used for a minute, and then asked for again without a request having to
   * wait; if that fails, for five minutes. Default: each UUID is a tenant at `${apiUrl}/${tenantId}`, if Hanko knows it.
   */
  readonly trust?: (tenantId: string) => MaybePromise<HankoTrustedTenant | null | undefined>;
  /**
   * Tenants that are kept in memory. Beyond it the one goes that was not used for the longest time; its next request costs one
   * fetch of keys. Default 1,000, range 1 to 100,000.
   */
  readonly max?: number;
}

/** Checked, with defaults. */
export interface ResolvedTenantsOptions {
  readonly resolve: (request: TenantRequest) => unknown;
  readonly trust: ((tenantId: string) => unknown) | null;
  readonly max: number;
}

/** The number among the members of `tenants`, by name. */
export const TENANTS_LIMITS = { max: [1_000, 1, 100_000] } as const satisfies Readonly<
  Record<'max', Limits>
>;
const NAMES: readonly string[] = ['resolve', 'trust', 'max'];

/** null: the app has one Hanko. */
export const tenantsOption: Option<ResolvedTenantsOptions | null> = {
  read: ({ value, fault }) => {
    if (value === undefined) return null;
    if (!isObject(value)) {
      fault('must be { resolve, trust, max }: resolve(request) names the tenant of a request.');
      return null;
    }
    for (const name of Object.keys(value)) {
      if (!NAMES.includes(name))
        fault(`is not an option. The options are ${NAMES.join(', ')}.`, `.${name}`);
    }
    const { resolve, trust } = value;
    if (!isFunction(resolve))
      fault('must be a function: resolve(request) => tenant id.', '.resolve');
    else if (resolve.constructor.name === 'AsyncFunction') {
      fault(
        'must not be async: look only at the request. What has to be looked up belongs into trust(id).',
        '.resolve',
      );
    }
    if (trust !== undefined && !isFunction(trust)) {
      fault('must be a function: trust(tenantId) => { apiUrl, audience, … } or null.', '.trust');
    }
    const { max } = readNumbers(value, TENANTS_LIMITS, (name, hint) => fault(hint, `.${name}`));
    return {
      resolve: resolve as ResolvedTenantsOptions['resolve'],
      trust: (trust as ResolvedTenantsOptions['trust'] | undefined) ?? null,
      max,
    };
  },
};

/**
 * What the address of the one Hanko says against tenants below it.
 * @param apiUrl checked already; null if there is none.
 * @returns null if nothing does.
 */
export function addressProblem(
  { trust }: ResolvedTenantsOptions,
  apiUrl: string | null,
): { readonly hint: string; readonly isFault: boolean } | null {
  if (apiUrl === null) return null;
  if (isUuid(apiUrl.slice(apiUrl.lastIndexOf('/') + 1))) {
    const hint =
      'names one tenant, and with the option tenants it is the address that all tenants share: leave the id at its end out.';
    return { hint, isFault: trust === null };
  }
  if (trust !== null || !isCloud(new URL(apiUrl))) return null;
  return {
    hint:
      'is a project of Hanko Cloud, which has no tenants below it: each customer has a project with an address of its own. Let ' +
      'tenants.trust(id) return { apiUrl }.',
    isFault: true,
  };
}
