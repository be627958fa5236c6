import type { AdminCall, AdminClient, AdminReply } from '../admin-client.js';
import { HankoAdminError } from '../admin-error.js';
import { bodyOf, FLAG, JSON_OBJECT, required, TEXT, UUID, uuid } from '../arguments.js';
import {
  type HankoSamlProvider,
  type HankoTenant,
  readSamlProvider,
  readTenant,
} from '../objects/tenant.js';
import { type HankoList, type HankoListOptions, PagedList, perPageOf } from '../pages.js';
import { listOf } from '../reader.js';

/** Argument of `management.tenants.create()`: a new tenant. */
export interface HankoNewTenant {
  /** UUID of the tenant, which you choose. It becomes part of the tenant's addresses. */
  readonly id: string;
  /** Keys of Hanko's `config.yaml`, as that file has them; what is omitted has Hanko's default. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Argument of `management.samlProviders.create()` and `update()`: all of it, as it replaces what was there. */
export interface HankoNewSamlProvider {
  /** Name that users see on the button. */
  readonly name: string;
  /** URL of the identity provider's metadata. */
  readonly metadataUrl: string;
  /** Domain of addresses that sign in with it, such as `example.com`. */
  readonly domain: string;
  /** Whether users can sign in with it. */
  readonly isEnabled: boolean;
  /** Whether its addresses count as verified, without a passcode of Hanko's. */
  readonly skipsEmailVerification: boolean;
  /** Names of the attributes that hold the address and names. Default: Hanko's own. */
  readonly attributeMap?: Readonly<Record<string, unknown>>;
}

const CONFIG = required({ name: 'config', ...JSON_OBJECT });
const NEW_TENANT = { id: required({ name: 'id', ...UUID }), config: CONFIG };
const NEW_PROVIDER = {
  name: required({ name: 'name', ...TEXT }),
  metadataUrl: required({ name: 'metadata_url', ...TEXT }),
  domain: required({ name: 'domain', ...TEXT }),
  isEnabled: required({ name: 'enabled', ...FLAG }),
  skipsEmailVerification: required({ name: 'skip_email_verification', ...FLAG }),
  attributeMap: { name: 'attribute_map', ...JSON_OBJECT },
};

/** Tenants of a Hanko with `multi_tenancy.enabled`: `admin.management.tenants`. */
export class HankoTenants {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /** All tenants, page by page. Their configuration holds secrets: never log it. */
  list(options: HankoListOptions = {}): HankoList<HankoTenant> {
    const perPage = perPageOf('tenants.list()', options);
    return new PagedList(this.client, { path: ['tenants'] }, readTenant, perPage);
  }

  /**
   * Reads one tenant with its configuration, which holds secrets.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(id: string): Promise<HankoTenant> {
    const { json } = await this.client.call({ method: 'GET', path: tenantPath(id) });
    return readTenant(json);
  }

  /**
   * Creates a tenant, with keys of its own.
   * @throws HankoAdminError `conflict` if there is one of this id, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async create(tenant: HankoNewTenant): Promise<HankoTenant> {
    const body = bodyOf('tenants.create()', tenant, NEW_TENANT);
    const { json } = await this.client.call({ method: 'POST', path: ['tenants'], body });
    return readTenant(json);
  }

  /**
   * Replaces the configuration of a tenant.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID, and a configuration that is no object
   */
  async update(id: string, config: HankoTenant['config']): Promise<HankoTenant> {
    const body = bodyOf('tenants.update()', { config }, { config: CONFIG });
    const { json } = await this.client.call({ method: 'PUT', path: tenantPath(id), body });
    return readTenant(json);
  }

  /**
   * Deletes a tenant with its users, sessions and keys.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for an id that is no UUID
   */
  async delete(id: string): Promise<void> {
    await this.client.call({ method: 'DELETE', path: tenantPath(id), isDeletion: true });
  }
}

/** SAML identity providers of a tenant: `admin.management.samlProviders`. Without SAML Hanko answers 403. */
export class HankoSamlProviders {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * All SAML identity providers of a tenant.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for an id that is no UUID
   */
  async list(tenantId: string): Promise<readonly HankoSamlProvider[]> {
    const { json } = await this.client.call({ method: 'GET', path: providersPath(tenantId) });
    return listOf(json ?? [], 'SAML providers', readSamlProvider);
  }

  /**
   * Reads one SAML identity provider of a tenant.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(tenantId: string, id: string): Promise<HankoSamlProvider> {
    const { json } = await this.client.call({ method: 'GET', path: providerPath(tenantId, id) });
    return readSamlProvider(json);
  }

  /**
   * Adds a SAML identity provider to a tenant.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for a wrong member
   */
  async create(tenantId: string, provider: HankoNewSamlProvider): Promise<HankoSamlProvider> {
    const body = bodyOf('samlProviders.create()', provider, NEW_PROVIDER);
    const { json } = await this.client.call({
      method: 'POST',
      path: providersPath(tenantId),
      body,
    });
    return readSamlProvider(json);
  }

  /**
   * Replaces a SAML identity provider of a tenant: an `attributeMap` that is omitted is cleared. Hanko fetches the metadata anew.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async update(
    tenantId: string,
    id: string,
    provider: HankoNewSamlProvider,
  ): Promise<HankoSamlProvider> {
    const body = bodyOf('samlProviders.update()', provider, NEW_PROVIDER);
    const path = providerPath(tenantId, id);
    const { json } = await this.#change(tenantId, id, { method: 'PUT', path, body });
    return readSamlProvider(json);
  }

  /**
   * Removes a SAML identity provider from a tenant.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async delete(tenantId: string, id: string): Promise<void> {
    const path = providerPath(tenantId, id);
    await this.#change(tenantId, id, { method: 'DELETE', path, isDeletion: true });
  }

  /** Hanko replies with 500 if the provider is not there; then this says so. */
  async #change(tenantId: string, id: string, call: AdminCall): Promise<AdminReply> {
    try {
      return await this.client.call(call);
    } catch (error) {
      if (error instanceof HankoAdminError && error.status === 500) await this.get(tenantId, id);
      throw error;
    }
  }
}

const tenantPath = (id: string): readonly string[] => ['tenants', uuid('id', id)];

const providersPath = (tenantId: string): readonly string[] => [
  'tenants',
  uuid('tenantId', tenantId),
  'saml',
  'providers',
];

const providerPath = (tenantId: string, id: string): readonly string[] => [
  ...providersPath(tenantId),
  uuid('id', id),
];
