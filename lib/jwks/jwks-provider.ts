import type { webcrypto } from 'node:crypto';

/** The state of the verification keys. Times in milliseconds since 1970; null if there was none. */
export interface JwksStatus {
  /** `pinned` keys never change; without keys, tokens cannot be verified. */
  readonly state: 'pinned' | 'fresh' | 'stale' | 'missing';
  /** When the keys were last fetched. */
  readonly fetchedAt: number | null;
  /** When a fetch of the keys last failed. */
  readonly failedAt: number | null;
  /** Why the last failed fetch failed, without an address. */
  readonly failure: string | null;
}

/**
 * Where verification keys come from.
 *
 * The option `jwks` takes one of your own; the token `HANKO_JWKS` holds the one in use.
 */
export interface JwksProvider {
  /**
   * Finds the key that a token names.
   * @param kid the token's `kid` header (RFC 7515 §4.1.4), at most 512 characters, not yet verified.
   * @returns the RSASSA-PKCS1-v1_5 / SHA-256 public key of that id: the same object as long as it is the
   * same key, as signatures are remembered for the object. A key that is returned without a promise costs less.
   * @throws HankoTokenError `token_key_unknown` if there is no such key (so does returning
   * undefined); HankoUnavailableError `hanko_unavailable` if it cannot be told (so does any other error).
   */
  getKey(kid: string): webcrypto.CryptoKey | undefined | Promise<webcrypto.CryptoKey | undefined>;

  /** The state of the keys, for `HankoHealth`. It must make no network calls. Optional. */
  status?(): JwksStatus;
}
