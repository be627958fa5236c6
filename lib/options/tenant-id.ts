import { isUuid } from '../util/value-checks.js';

/** The longest id of a tenant, in characters. */
export const MAX_TENANT_ID = 255;

/** An id stands in logs, and in keys of a store: nothing that is invisible, and no half of a character. */
const TENANT_ID = /^[^\s\p{Cc}\p{Cf}\p{Cs}\p{Z}]+$/u;

/** An id as it is compared: Hanko reads UUIDs in any case. @returns null for what is no id. */
export function readTenantId(id: unknown): string | null {
  if (isUuid(id)) return id.toLowerCase();
  const isId = typeof id === 'string' && id.length <= MAX_TENANT_ID && TENANT_ID.test(id);
  return isId ? id : null;
}
