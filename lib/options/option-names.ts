import type { HankoModuleOptions } from './hanko-options.js';
import { NUMBERS } from './numbers.js';

/** Options without effect where no address is known. */
export const API_ONLY = ['fetch', 'session', 'validateTimeoutMs'] as const;

/** Options without effect on keys that are not fetched. */
export const FETCH_ONLY = [
  'jwksCacheSeconds',
  'jwksCooldownSeconds',
  'jwksTimeoutMs',
  'jwksMaxBytes',
  'staleIfErrorSeconds',
] as const;

/** Every option there is. */
export const OPTION_NAMES: ReadonlySet<string> = new Set<keyof HankoModuleOptions>([
  ...(Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]),
  ...FETCH_ONLY,
  'apiUrl',
  'audience',
  'issuer',
  'cookieName',
  'jwks',
  'trustedOrigins',
  'extractors',
  ...API_ONLY,
  'now',
  'onUnavailable',
  'signatureCache',
  'revocation',
  'claimsSchema',
  'logRoutes',
]);
