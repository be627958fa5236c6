import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { isCloud } from '../options/api-url.js';
import { isObject, isUuid, kindOf } from '../util/value-checks.js';
import {
  type HankoAdminOptions,
  resolveAdminOptions,
  type ResolvedAdminOptions,
} from './admin-options.js';

/** Options that `admin.tenant(id, options)` takes: where the Admin API of this tenant is, if that does not follow from its id. */
export type HankoAdminTenantOptions = Pick<HankoAdminOptions, 'url' | 'apiKey'>;

const PATH = 'HankoAdmin.tenant()';
const NAMES: readonly string[] = ['url', 'apiKey'];

/**
 * The options, with what is a tenant's own.
 * @param tenantId checked already.
 * @throws HankoConfigurationError with every fault.
 */
export function optionsOfTenant(
  all: ResolvedAdminOptions,
  tenantId: string,
  written: unknown,
): ResolvedAdminOptions {
  if (!isObject(written)) throw misplaced('', `takes { url, apiKey }, got ${kindOf(written)}.`);
  for (const name of Object.keys(written)) {
    if (!NAMES.includes(name))
      throw misplaced(`.${name}`, `is not an option. The options are ${NAMES.join(', ')}.`);
  }
  const { url, apiKey } = written;
  const own = resolveAdminOptions(
    // The key of one address is not sent to another.
    url === undefined
      ? { url: addressOf(all.url, tenantId), apiKey: apiKey ?? all.apiKey ?? undefined }
      : { url, apiKey },
    () => undefined,
    PATH,
  );
  const { warnings } = own;
  return { ...all, url: own.url, apiKey: own.apiKey, warnings };
}

/** @throws HankoConfigurationError if it does not follow from the id. */
function addressOf(url: string, tenantId: string): string {
  const last = url.slice(url.lastIndexOf('/') + 1).toLowerCase();
  if (last === tenantId) return url;
  if (isUuid(last)) {
    throw misplaced(
      '',
      'names another tenant than url or HANKO_ADMIN_URL does: leave the id of the tenant out there.',
    );
  }
  if (isCloud(new URL(url))) {
    throw misplaced(
      '.url',
      'is missing. On Hanko Cloud each project has an address and a key of its own: write tenant(id, { url, apiKey }).',
    );
  }
  if (isUuid(tenantId)) return `${url}/${tenantId}`;
  throw misplaced(
    '.url',
    'is missing. It follows from url or HANKO_ADMIN_URL only if the id of the tenant is a UUID.',
  );
}

const misplaced = (below: string, hint: string): HankoConfigurationError =>
  new HankoConfigurationError([{ path: PATH + below, hint }]);
