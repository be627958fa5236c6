import type { webcrypto } from 'node:crypto';

/** How things stand with the keys. Times in milliseconds since 1970; null if there was none. */
export interface JwksStatus {
  /** `pinned` keys never change; without keys, tokens cannot be verified. */
  readonly state: 'pinned' | 'fresh' | 'stale' | 'missing';
  /** Of the last good fetch. */
  readonly fetchedAt: number | null;
  /** Of the last failed fetch. */
  readonly failedAt: number | null;
  /** What went wrong last, without an address. */
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
   * @param nowMs the time of the request, in milliseconds since 1970, so that the clock is read once.
   * @returns the RSASSA-PKCS1-v1_5 / SHA-256 public key of that id: the same object as long as it is the
   * same key, as signatures are remembered for the object. Without a promise it is quicker.
   * @throws HankoTokenError `token_key_unknown` if there is no such key (so does returning
   * undefined); HankoUnavailableError `hanko_unavailable` if it cannot be told (so does any other error).
   */
  getKey(
    kid: string,
    nowMs?: number,
  ): webcrypto.CryptoKey | undefined | Promise<webcrypto.CryptoKey | undefined>;

  /** How things stand, for `HankoHealth`; it shall ask nobody. Optional. */
  status?(): JwksStatus;
}
