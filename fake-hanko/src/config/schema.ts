import type { Complete } from './keys.js';
import { SERVER_KEYS } from './server-keys.js';
import { TENANT_KEYS } from './tenant-keys.js';

export const CONFIG_SCHEMA = { ...SERVER_KEYS, ...TENANT_KEYS };

/** A configuration in which nothing is missing: all keys that something depends on, and those that Hanko shows of a tenant. */
export type HankoConfig = Complete<typeof CONFIG_SCHEMA>;
