import type { RemoteJwksSettings } from '../jwks/remote-jwks-settings.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { unusedProxyVariable } from '../util/process-environment.js';

/** How the keys of a Hanko are fetched. */
export const jwksSettings = (options: ResolvedHankoOptions): RemoteJwksSettings => ({
  url: `${options.apiUrl}/.well-known/jwks.json`,
  fetch: options.fetch,
  now: options.now,
  timeoutMs: options.jwksTimeoutMs,
  maxBytes: options.jwksMaxBytes,
  cacheSeconds: options.jwksCacheSeconds,
  cooldownSeconds: options.jwksCooldownSeconds,
  staleIfErrorSeconds: options.jwksStaleIfErrorSeconds,
  proxyVariable: options.fetch === null ? unusedProxyVariable() : null,
});
