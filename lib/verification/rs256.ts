import { webcrypto } from 'node:crypto';
import { types } from 'node:util';
import { MIN_MODULUS_BITS } from '../jwks/jwk-set.js';

/** RFC 7518 §3.3: RSASSA-PKCS1-v1_5 using SHA-256. */
const ALGORITHM = 'RSASSA-PKCS1-v1_5';

/** Whether a key is one that {@link verifyRs256} takes: public, for this algorithm, not too short. */
export function isRs256PublicKey(key: unknown): key is webcrypto.CryptoKey {
  if (!types.isCryptoKey(key)) return false;
  const { name, hash, modulusLength } = key.algorithm as webcrypto.RsaHashedKeyAlgorithm;
  return (
    key.type === 'public' &&
    key.usages.includes('verify') &&
    name === ALGORITHM &&
    hash.name === 'SHA-256' &&
    modulusLength >= MIN_MODULUS_BITS
  );
}

/**
 * Whether `key` signed exactly this compact JWS (RFC 7515 §5.2). The RSA arithmetic runs on another
 * thread: other requests go on meanwhile.
 *
 * @param token three parts of canonical base64url, see `decodeUnverifiedJws`.
 */
export function verifyRs256(token: string, key: webcrypto.CryptoKey): Promise<boolean> {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  // RFC 7515 §2, JWS Signing Input: ASCII.
  const signed = Buffer.from(token.slice(0, dot), 'latin1');
  return webcrypto.subtle.verify(ALGORITHM, key, signature, signed);
}
