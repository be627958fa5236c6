import { isObject } from '../../util/value-checks.js';
import { present, Reader } from '../reader.js';

/**
 * A tenant of a Hanko with `multi_tenancy.enabled`.
 *
 * `config` holds secrets in clear text (passwords of mail servers, secrets of OAuth clients): never log it.
 */
export interface HankoTenant {
  /** UUID of the tenant, which stands in its addresses. */
  readonly id: string;
  /** Keys of Hanko's `config.yaml`, as they are stored, with secrets in clear text. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Time of its creation. */
  readonly createdAt: Date;
  /** Time of its last change. */
  readonly updatedAt: Date;
}

/** A SAML identity provider of a tenant. */
export interface HankoSamlProvider {
  /** UUID of this provider. */
  readonly id: string;
  /** UUID of its tenant; absent if Hanko does not say. */
  readonly tenantId?: string;
  /** Entity id of Hanko as a service provider, for the identity provider; absent if Hanko does not say. */
  readonly entityId?: string;
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
  /** Names of the attributes that hold the address and names. Up to the main branch of August 2026, Hanko shows none that are set: keep them yourself. */
  readonly attributeMap?: Readonly<Record<string, unknown>>;
  /** Time of its creation. */
  readonly createdAt: Date;
  /** Time of its last change. */
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
