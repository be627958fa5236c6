import { HankoConfigurationError, HankoTenantError, isHankoError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import { MAX_TENANT_ID, readTenantId } from '../options/tenant-id.js';
import type { ResolvedTenantsOptions, TenantRequest } from '../options/tenants-option.js';
import { describeError } from '../util/describe-error.js';
import { isPromise } from '../util/maybe-promise.js';
import { kindOf } from '../util/value-checks.js';

/**
 * Asks the app which tenant a request belongs to.
 * @throws HankoTenantError `tenant_unknown` for none, and for what no id can be: it may come from the caller
 * @throws HankoConfigurationError `configuration_invalid` if it throws, or returns anything but a text
 */
export function tenantIdOf(
  resolve: ResolvedTenantsOptions['resolve'],
  request: IncomingRequest,
): string {
  let named: unknown;
  try {
    named = resolve(asNodeHasIt(request));
  } catch (error) {
    if (isHankoError(error)) throw error;
    // Its message may repeat what it read.
    throw misconfigured(`threw ${describeError(error, { isMessageTold: false })}`);
  }
  if (named === undefined || named === null) {
    throw new HankoTenantError('tenants.resolve() says that the request belongs to no tenant');
  }
  if (typeof named === 'string') return checkedTenantId(named);
  if (isPromise<unknown>(named)) {
    // Nobody waits for it: unhandled, its failure would end the process.
    Promise.resolve(named).catch(() => undefined);
    throw misconfigured('returned a promise');
  }
  throw misconfigured(`returned ${kindOf(named)}`);
}

const readable = new WeakMap<object, TenantRequest>();

/**
 * Handshakes and messages have header fields as lists. Apps read texts: a field that came several times is joined, as
 * Node does it, so that it names no tenant.
 */
function asNodeHasIt(request: IncomingRequest): TenantRequest {
  // Requests of Node, Express and Fastify are objects of classes.
  if (Object.getPrototypeOf(request) !== Object.prototype) return request;
  const known = readable.get(request);
  if (known !== undefined) return known;
  const fields = Object.entries(request.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value] as const,
  );
  const copy = { ...request, headers: Object.fromEntries(fields) };
  readable.set(request, copy);
  return copy;
}

/** @throws HankoTenantError `tenant_unknown` */
export function checkedTenantId(id: string): string {
  const checked = readTenantId(id);
  if (checked !== null) return checked;
  throw new HankoTenantError(
    `The id of the tenant is empty, has white space, or is longer than ${MAX_TENANT_ID} characters`,
  );
}

const misconfigured = (what: string): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: 'tenants.resolve()',
      hint:
        `${what}. It must return the id of a tenant, a text, or null for a request that belongs to none. It must not be ` +
        'async: what has to be looked up belongs into tenants.trust(id).',
    },
  ]);
