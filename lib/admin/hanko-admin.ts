import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { processEnvironment } from '../options/environment.js';
import { readTenantId } from '../options/tenant-id.js';
import { isUuid } from '../util/value-checks.js';
import { AdminClient } from './admin-client.js';
import {
  type HankoAdminOptions,
  resolveAdminOptions,
  type ResolvedAdminOptions,
} from './admin-options.js';
import { type EndedSessions, NOBODY } from './ended-sessions.js';
import { MetadataReader } from './metadata-reader.js';
import { HankoAdminAuditLogs } from './resources/audit-logs.js';
import { HankoAdminCredentials } from './resources/credentials.js';
import { HankoAdminEmails } from './resources/emails.js';
import { HankoAdminHealth } from './resources/health.js';
import { HankoSamlProviders, HankoTenants } from './resources/management.js';
import { HankoAdminMetadataResource } from './resources/metadata.js';
import { HankoAdminOtpResource } from './resources/otp.js';
import { HankoAdminPasswords } from './resources/passwords.js';
import { HankoAdminSessions } from './resources/sessions.js';
import { HankoAdminUsers } from './resources/users.js';
import { HankoAdminWebhooksResource } from './resources/webhooks.js';
import { type HankoAdminTenantOptions, optionsOfTenant } from './tenant-options.js';

/** Tenants and their SAML providers: `admin.management`. */
export interface HankoManagement {
  /** Tenants, each with a configuration, users and keys of its own. */
  readonly tenants: HankoTenants;
  /** SAML identity providers of tenants. */
  readonly samlProviders: HankoSamlProviders;
}

/**
 * Hanko's Admin API: users, sessions, metadata and all else that a back end does with a login server. In a Nest app inject
 * it, with `HankoAdminModule`; in a script make one:
 *
 * ```ts
 * import { HankoAdmin } from 'nestjs-hanko/admin';
 *
 * const admin = new HankoAdmin({ url: 'http://localhost:8001' });
 * const user = await admin.users.findByEmail('ada@example.com');
 * if (user !== null) await admin.users.revokeSessions(user.id);
 * ```
 *
 * Reads, and what is as good done twice as once, are repeated when Hanko cannot be reached or replies with 502 to 504; every
 * call is, when Hanko asks to wait (429). That makes three tries at most, within `timeoutMs`, after waits of at most five seconds.
 */
export class HankoAdmin implements OnApplicationShutdown {
  /** Users: find, create, change and delete them, and end all their sessions. */
  readonly users: HankoAdminUsers;
  /** Email addresses of users: add and delete them, and choose the primary one. */
  readonly emails: HankoAdminEmails;
  /** Passwords of users: set, change and delete them; nobody can read them. */
  readonly passwords: HankoAdminPasswords;
  /** Authenticator apps of users: remove the one of a lost device. */
  readonly otp: HankoAdminOtpResource;
  /** Passkeys and security keys of users: list and remove them. */
  readonly credentials: HankoAdminCredentials;
  /** Metadata of users, such as roles: read and change it. */
  readonly metadata: HankoAdminMetadataResource;
  /** Sessions of users: list, begin and end them. */
  readonly sessions: HankoAdminSessions;
  /** Webhooks of this Hanko: list, create, change and delete them. */
  readonly webhooks: HankoAdminWebhooksResource;
  /** Audit log of this Hanko, if the server stores one. */
  readonly auditLogs: HankoAdminAuditLogs;
  /** Health of the server, as it says itself. */
  readonly health: HankoAdminHealth;
  // Private fields: whoever logs a HankoAdmin must not log its key.
  readonly #closing: AbortController;
  readonly #management: HankoManagement | null;
  readonly #resolved: ResolvedAdminOptions;
  readonly #ended: EndedSessions;
  /** Whose it is; null: nobody has named a tenant. */
  readonly #tenantId: string | null;
  /** Warnings that were logged, so that each is logged once. */
  readonly #warned: Set<string>;

  /**
   * Makes a client of its own, for scripts, seeds and jobs; in a Nest app inject the one of HankoAdminModule, which ends
   * sessions at once.
   * @param options what they omit comes from the environment.
   * @throws HankoConfigurationError `configuration_invalid` with everything that is wrong with them.
   */
  constructor(options: HankoAdminOptions = {}) {
    const {
      resolved,
      ended,
      tenantId = null,
      closing = new AbortController(),
      warned = new Set<string>(),
    } = resolvedIn(options) ?? {
      resolved: resolveAdminOptions(options, processEnvironment, 'HankoAdmin'),
      ended: NOBODY,
    };
    this.#resolved = resolved;
    this.#ended = ended;
    this.#tenantId = tenantId;
    this.#closing = closing;
    this.#warned = warned;
    for (const warning of resolved.warnings) {
      if (!warned.has(warning)) new Logger('HankoAdmin').warn(warning);
      warned.add(warning);
    }
    const client = new AdminClient(resolved, closing);
    this.sessions = new HankoAdminSessions(client, ended);
    const metadata = new MetadataReader(resolved.metadataSchemas);
    this.users = new HankoAdminUsers(client, ended, this.sessions, metadata);
    this.emails = new HankoAdminEmails(client);
    this.passwords = new HankoAdminPasswords(client, ended, this.sessions);
    this.otp = new HankoAdminOtpResource(client);
    this.credentials = new HankoAdminCredentials(client);
    this.metadata = new HankoAdminMetadataResource(client, metadata);
    this.webhooks = new HankoAdminWebhooksResource(client);
    this.auditLogs = new HankoAdminAuditLogs(client);
    const { url, managementUrl } = resolved;
    const healthClient = new AdminClient({ ...resolved, url: withoutTenant(url) }, closing);
    this.health = new HankoAdminHealth(healthClient);
    const management =
      managementUrl === null
        ? null
        : new AdminClient({ ...resolved, url: managementUrl, apiKey: null }, closing);
    this.#management = management && {
      tenants: new HankoTenants(management),
      samlProviders: new HankoSamlProviders(management),
    };
  }

  /**
   * Tenants of a Hanko with `multi_tenancy.enabled`.
   * @throws HankoConfigurationError `configuration_invalid` without `managementUrl` or `HANKO_MANAGEMENT_URL`.
   */
  get management(): HankoManagement {
    if (this.#management !== null) return this.#management;
    throw new HankoConfigurationError([
      {
        path: 'admin.management',
        hint: 'needs managementUrl or HANKO_MANAGEMENT_URL: the address of the management API, such as http://hanko:8002.',
      },
    ]);
  }

  /**
   * The Admin API of one tenant, at `${url}/${tenantId}`. Sessions that it ends are ended for that tenant alone. It costs next to
   * nothing, so make it where you need it:
   *
   * ```ts
   * const user = await hanko.authenticate(request);
   * await admin.tenant(user.tenantId!).users.revokeSessions(user.id);
   * ```
   *
   * @param tenantId as `tenants.resolve()` names it, and `user.tenantId` says it.
   * @param options the tenant's own `url`, which is required unless the id is a UUID, and its own `apiKey`.
   * @throws TypeError if it is no id of a tenant
   * @throws HankoConfigurationError `configuration_invalid` for a wrong option, and where the options name another tenant already
   */
  tenant(tenantId: string, options: HankoAdminTenantOptions = {}): HankoAdmin {
    const id = readTenantId(tenantId);
    if (id === null) {
      throw new TypeError('tenant() takes the id of a tenant, such as user.tenantId.');
    }
    if (this.#tenantId !== null) {
      throw new HankoConfigurationError([
        { path: 'HankoAdmin.tenant()', hint: 'was called on what it returned: call it once.' },
      ]);
    }
    return adminOf({
      resolved: optionsOfTenant(this.#resolved, id, options),
      ended: this.#ended.ofTenant(id),
      tenantId: id,
      closing: this.#closing,
      warned: this.#warned,
    });
  }

  /**
   * Aborts calls that are under way, and makes no more. Nest calls it when the app closes, after the requests that were under
   * way; in a script nothing needs to be closed. Those of tenants end with it.
   */
  onApplicationShutdown(): void {
    if (this.#tenantId === null) this.#closing.abort();
  }
}

/** `/health` stands at the top, whatever the tenant. */
function withoutTenant(url: string): string {
  const at = url.lastIndexOf('/');
  return isUuid(url.slice(at + 1)) ? url.slice(0, at) : url;
}

interface Resolved {
  readonly resolved: ResolvedAdminOptions;
  readonly ended: EndedSessions;
  /** What one of a tenant shares with the one that it was made by. */
  readonly tenantId?: string;
  readonly closing?: AbortController;
  readonly warned?: Set<string>;
}

/** Options that were resolved here: they are known by identity, so that nobody else can pass for it. */
const known = new WeakMap<object, Resolved>();

const resolvedIn = (options: unknown): Resolved | undefined =>
  typeof options === 'object' && options !== null ? known.get(options) : undefined;

/** A client that tells of the sessions that it ends. */
export const adminFor = (resolved: ResolvedAdminOptions, ended: EndedSessions): HankoAdmin =>
  adminOf({ resolved, ended });

function adminOf(resolved: Resolved): HankoAdmin {
  const options = {};
  known.set(options, resolved);
  return new HankoAdmin(options);
}
