import { isObject } from '../../util/value-checks.js';
import { present, Reader } from '../reader.js';

/**
 * A tenant of a Hanko with `multi_tenancy.enabled`.
 *
 * `config` holds secrets in clear text (passwords of mail servers, secrets of OAuth clients): never log it.
 */
export interface HankoTenant {
  /** A UUID: it stands in the tenant's addresses. */
  readonly id: string;
  /** Keys of Hanko's `config.yaml`, as they are stored. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A SAML identity provider of a tenant. */
export interface HankoSamlProvider {
  /** A UUID. */
  readonly id: string;
  readonly tenantId?: string;
  readonly entityId?: string;
  readonly name: string;
  readonly metadataUrl: string;
  /** Addresses of this domain sign in with it. */
  readonly domain: string;
  readonly isEnabled: boolean;
  readonly skipsEmailVerification: boolean;
  /** Names of attributes. Up to the main branch of August 2026, Hanko shows none that are set: keep them yourself. */
  readonly attributeMap?: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export function readTenant(json: unknown): HankoTenant {
  const tenant = new Reader(json, 'tenant');
  const config = tenant.unknown('config');
  return {
    id: tenant.uuid('id'),
    config: isObject(config) ? config : {},
    createdAt: tenant.date('created_at'),
    updatedAt: tenant.date('updated_at'),
  };
}

export function readSamlProvider(json: unknown): HankoSamlProvider {
  const provider = new Reader(json, 'SAML provider');
  const attributeMap = provider.unknown('attribute_map');
  return present({
    id: provider.uuid('id'),
    tenantId: provider.optionalText('tenant_id'),
    entityId: provider.optionalText('entity_id'),
    name: provider.text('name'),
    metadataUrl: provider.text('metadata_url'),
    domain: provider.text('domain'),
    isEnabled: provider.flag('enabled'),
    skipsEmailVerification: provider.flag('skip_email_verification'),
    attributeMap: isObject(attributeMap) ? attributeMap : undefined,
    createdAt: provider.date('created_at'),
    updatedAt: provider.date('updated_at'),
  });
}
