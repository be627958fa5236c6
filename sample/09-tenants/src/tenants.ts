export interface Tenant {
  /** By which Hanko knows it: a UUID. */
  readonly id: string;
  readonly name: string;
  /** Host name of its pages, and audience of its tokens. */
  readonly host: string;
}

/** In your app a table of the database. */
export const TENANTS: readonly Tenant[] = [
  { id: 'ac3e0000-0000-4000-8000-000000000001', name: 'Acme', host: 'acme.localhost' },
  { id: '610be000-0000-4000-8000-000000000002', name: 'Globex', host: 'globex.localhost' },
];

/** Undefined for an unknown host name: it is nobody's. There is no default. */
export const tenantAt = (hostname: string | undefined): Tenant | undefined =>
  TENANTS.find(({ host }) => host === hostname);
