import { HankoAdminError } from '../admin/admin-error.js';
import { resolveAdminOptions } from '../admin/admin-options.js';
import { NOBODY } from '../admin/ended-sessions.js';
import { adminFor } from '../admin/hanko-admin.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { printableList } from '../util/printable.js';
import { isObject, isText, isUuid } from '../util/value-checks.js';
import { ADMIN_TIMEOUT_MS } from './admin-checks.js';
import type { AppEnvironment } from './app-environment.js';
import type { CookieSettings } from './browser-checks.js';
import { type Check, fail, ok, warn } from './check.js';
import type { AddressedOptions } from './hanko-checks.js';

/** What a server with tenants says of its configuration. */
export interface CheckedTenant {
  readonly checks: readonly Check[];
  /** Null where it cannot be read. */
  readonly cookie: CookieSettings | null;
}

/** What is read of a tenant's configuration: nothing else of it, as it holds passwords. */
interface Configuration {
  readonly audience: readonly string[];
  readonly issuer: string;
  readonly cookieName: string;
  readonly cookieDomain: string | undefined;
  readonly isHeader: boolean;
}

const NOTHING: CheckedTenant = { checks: [], cookie: null };

/**
 * Holds the options against the tenant's own configuration, where `HANKO_MANAGEMENT_URL` says who knows it. A server without
 * tenants tells nobody.
 */
export async function tenantChecks(
  options: AddressedOptions,
  cookieName: string,
  { read }: AppEnvironment,
): Promise<CheckedTenant> {
  const id = new URL(options.apiUrl).pathname.split('/').at(-1);
  if (!isUuid(id) || !isText(read('HANKO_MANAGEMENT_URL'))) return NOTHING;
  try {
    const admin = adminFor(managementOptions(read, options.apiUrl), NOBODY);
    const { config } = await admin.management.tenants.get(id).finally(() => {
      admin.onApplicationShutdown();
    });
    return checked(configurationIn(config), options, cookieName);
  } catch (error) {
    return { ...NOTHING, checks: [faultOf(error)] };
  }
}

/** The Admin API is not asked here, so its own address may be missing. */
function managementOptions(
  read: AppEnvironment['read'],
  apiUrl: string,
): ReturnType<typeof resolveAdminOptions> {
  const variable = (name: string): unknown =>
    name === 'HANKO_MANAGEMENT_URL' ? read(name) : undefined;
  const resolved = resolveAdminOptions({ url: new URL(apiUrl).origin }, variable, 'HankoAdmin');
  return { ...resolved, timeoutMs: ADMIN_TIMEOUT_MS };
}

function faultOf(error: unknown): Check {
  if (error instanceof HankoConfigurationError) {
    const [{ path, hint } = { path: 'tenant', hint: '' }] = error.faults;
    return fail(path, `It ${hint}`, 'Correct HANKO_MANAGEMENT_URL.');
  }
  if (!(error instanceof HankoAdminError)) throw error;
  return warn(
    'tenant',
    error.code === 'not_found'
      ? 'The management API knows no tenant of this id.'
      : `The tenant's configuration cannot be read: ${error.message}.`,
    'HANKO_MANAGEMENT_URL must be the management API, by default on port 8002 of the server.',
  );
}

function configurationIn(config: Readonly<Record<string, unknown>>): Configuration {
  const session = objectIn(config, 'session');
  const cookie = objectIn(session, 'cookie');
  const relyingParty = objectIn(objectIn(config, 'webauthn'), 'relying_party');
  const audience = [session.audience ?? []].flat().filter(isText);
  return {
    // Hanko's own defaults: backend/config/config_default.go.
    audience: audience.length > 0 ? audience : [textIn(relyingParty, 'id') ?? 'localhost'],
    issuer: textIn(session, 'issuer') ?? '',
    cookieName: textIn(cookie, 'name') ?? 'hanko',
    cookieDomain: textIn(cookie, 'domain'),
    isHeader: session.enable_auth_token_header === true,
  };
}

const objectIn = (
  object: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> => {
  const value = object[name];
  return isObject(value) ? value : {};
};

const textIn = (object: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = object[name];
  return isText(value) ? value : undefined;
};

function checked(
  tenant: Configuration,
  { audience, issuer }: AddressedOptions,
  cookieName: string,
): CheckedTenant {
  const { cookieDomain, isHeader } = tenant;
  const checks: Check[] = [];
  if (audience !== null) {
    checks.push(
      tenant.audience.some((entry) => audience.includes(entry))
        ? ok(
            'audience',
            `The tenant's tokens are for ${printableList(tenant.audience)}, which is accepted.`,
          )
        : fail(
            'audience',
            `The tenant's tokens are for ${printableList(tenant.audience)}, and ${printableList(audience)} is accepted: each gets 401.`,
            `Set HANKO_AUDIENCE=${tenant.audience.join(',')}`,
          ),
    );
  }
  if (issuer !== null && issuer !== tenant.issuer) {
    checks.push(
      fail(
        'issuer',
        tenant.issuer === ''
          ? "The tenant's tokens have no issuer, and HANKO_ISSUER demands one: each gets 401."
          : `The tenant's tokens are from ${printableList([tenant.issuer])}, and ${printableList([issuer])} is accepted: each gets 401.`,
        tenant.issuer === '' ? 'Remove HANKO_ISSUER.' : `Set HANKO_ISSUER=${tenant.issuer}`,
      ),
    );
  }
  if (!isHeader && tenant.cookieName !== cookieName) {
    checks.push(
      fail(
        'cookie',
        `The tenant's cookie is ${printableList([tenant.cookieName])}, and the app reads ${printableList([cookieName])}.`,
        `Set HANKO_COOKIE_NAME=${tenant.cookieName}`,
      ),
    );
  }
  return { checks, cookie: { domain: cookieDomain, isHeader } };
}
