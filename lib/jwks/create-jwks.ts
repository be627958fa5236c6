import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { JwksProvider } from './jwks-provider.js';
import { RemoteJwks } from './remote-jwks.js';
import { StaticJwks } from './static-jwks.js';

/** The keys that the options ask for: the app's own, pinned ones, or Hanko's. */
export async function createJwks(options: ResolvedHankoOptions): Promise<JwksProvider> {
  const { jwks, apiUrl } = options;
  if (jwks !== null) return 'getKey' in jwks ? jwks : StaticJwks.from(jwks);
  return new RemoteJwks({
    url: `${apiUrl}/.well-known/jwks.json`,
    fetch: options.fetch,
    now: options.now,
    timeoutMs: options.jwksTimeoutMs,
    maxBytes: options.jwksMaxBytes,
    cacheSeconds: options.jwksCacheSeconds,
    cooldownSeconds: options.jwksCooldownSeconds,
    staleIfErrorSeconds: options.staleIfErrorSeconds,
  });
}
