/**
 * An id among those of all tenants, in lower case, as Hanko reads UUIDs in any.
 * @param tenantId undefined in an app without tenants.
 */
export const scopedId = (tenantId: string | undefined, id: string): string =>
  tenantId === undefined ? id.toLowerCase() : `${tenantId}/${id.toLowerCase()}`;
