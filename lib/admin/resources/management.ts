import { isObject } from '../../util/value-checks.js';
import type { AdminClient } from '../admin-client.js';
import { bodyOf, FLAG, TEXT, UUID, uuid } from '../arguments.js';
import {
  type HankoSamlProvider,
  type HankoTenant,
  readSamlProvider,
  readTenant,
} from '../objects/tenant.js';
import { type HankoList, type HankoListOptions, PagedList } from '../pages.js';
import { listOf } from '../reader.js';

/** What `management.tenants.create()` takes. */
export interface HankoNewTenant {
  /** A UUID. It becomes part of the tenant's addresses. */
  readonly id: string;
  /** Keys of Hanko's `config.yaml`, as that file has them. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** What `management.samlProviders.create()` and `update()` take: all of it, as it replaces what was there. */
export interface HankoNewSamlProvider {
  readonly name: string;
  readonly metadataUrl: string;
  readonly domain: string;
  readonly isEnabled: boolean;
  readonly skipsEmailVerification: boolean;
  readonly attributeMap?: Readonly<Record<string, unknown>>;
}

const CONFIG = { name: 'config', is: isObject, expected: 'an object' };
const NEW_TENANT = { id: { name: 'id', ...UUID }, config: CONFIG };
const NEW_PROVIDER = {
  name: { name: 'name', ...TEXT },
  metadataUrl: { name: 'metadata_url', ...TEXT },
  domain: { name: 'domain', ...TEXT },
  isEnabled: { name: 'enabled', ...FLAG },
  skipsEmailVerification: { name: 'skip_email_verification', ...FLAG },
  attributeMap: { name: 'attribute_map', is: isObject, expected: 'an object' },
};

/** Tenants of a Hanko with `multi_tenancy.enabled`: `admin.management.tenants`. */
export class HankoTenants {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /** All tenants, page by page. Their configuration holds secrets: never log it. */
  list(options: HankoListOptions = {}): HankoList<HankoTenant> {
    return new PagedList(this.client, { path: ['tenants'] }, readTenant, options);
  }

  /**
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(id: string): Promise<HankoTenant> {
    const { json } = await this.client.call({ method: 'GET', path: tenantPath(id) });
    return readTenant(json);
  }

  /**
   * @throws HankoAdminError `conflict` if there is one of this id, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async create(tenant: HankoNewTenant): Promise<HankoTenant> {
    uuid('tenant.id', Object(tenant).id);
    const body = bodyOf('tenants.create()', { ...tenant }, NEW_TENANT);
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
   * @throws HankoAdminError any of its codes
   * @throws TypeError for an id that is no UUID
   */
  async list(tenantId: string): Promise<readonly HankoSamlProvider[]> {
    const { json } = await this.client.call({ method: 'GET', path: providerPath(tenantId) });
    return listOf(json ?? [], 'SAML providers', readSamlProvider);
  }

  /**
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(tenantId: string, id: string): Promise<HankoSamlProvider> {
    const { json } = await this.client.call({ method: 'GET', path: providerPath(tenantId, id) });
    return readSamlProvider(json);
  }

  /**
   * @throws HankoAdminError any of its codes
   * @throws TypeError for a wrong member
   */
  async create(tenantId: string, provider: HankoNewSamlProvider): Promise<HankoSamlProvider> {
    const body = bodyOf('samlProviders.create()', { ...provider }, NEW_PROVIDER);
    const { json } = await this.client.call({
      method: 'POST',
      path: providerPath(tenantId),
      body,
    });
    return readSamlProvider(json);
  }

  /**
   * Replaces a provider.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async update(
    tenantId: string,
    id: string,
    provider: HankoNewSamlProvider,
  ): Promise<HankoSamlProvider> {
    const body = bodyOf('samlProviders.update()', { ...provider }, NEW_PROVIDER);
    const path = providerPath(tenantId, id);
    const { json } = await this.client.call({ method: 'PUT', path, body });
    return readSamlProvider(json);
  }

  /**
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async delete(tenantId: string, id: string): Promise<void> {
    const path = providerPath(tenantId, id);
    await this.client.call({ method: 'DELETE', path, isDeletion: true });
  }
}

const tenantPath = (id: string): readonly string[] => ['tenants', uuid('id', id)];

const providerPath = (tenantId: string, id?: string): readonly string[] => [
  'tenants',
  uuid('tenantId', tenantId),
  'saml',
  'providers',
  ...(id === undefined ? [] : [uuid('id', id)]),
];
