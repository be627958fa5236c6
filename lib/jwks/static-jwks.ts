import type { webcrypto } from 'node:crypto';
import { importKeys, parseJwkSet, type JwkSet, type VerificationKeys } from './jwk-set.js';
import type { JwksProvider, JwksStatus } from './jwks-provider.js';

/** Pinned keys: no network at all. */
export class StaticJwks implements JwksProvider {
  private constructor(private readonly keys: VerificationKeys) {}

  /** @param jwks checked already, by `resolveOptions`. */
  static async from(jwks: JwkSet): Promise<StaticJwks> {
    return new StaticJwks(await importKeys(parseJwkSet(jwks)?.usable ?? []));
  }

  getKey(kid: string): webcrypto.CryptoKey | undefined {
    return this.keys.get(kid)?.key;
  }

  status(): JwksStatus {
    return { state: 'pinned', fetchedAt: null, failedAt: null, failure: null };
  }
}
