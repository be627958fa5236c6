import type { webcrypto } from 'node:crypto';
import { importJWK } from 'jose';
import { isObject } from '../util/value-checks.js';

/** A usable member of a JWK Set: an RSA public key for RS256 signatures. */
interface RsaJwk {
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

/** A verification key, with the numbers it was made from. */
export interface VerificationKey extends RsaJwk {
  readonly key: webcrypto.CryptoKey;
}

/** Keys by `kid`. A `Map`: a plain object would also answer to `__proto__`. */
export type VerificationKeys = ReadonlyMap<string, VerificationKey>;

/** A JWK Set as it stands in the option `jwks` or in the reply of `/.well-known/jwks.json` (RFC 7517 §5). */
export interface JwkSet {
  /** JWKs (RFC 7517 §4). Only RSA public keys for RS256 signatures are used. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** RFC 7518 §3.3 */
export const MIN_MODULUS_BITS = 2048;
const BASE64URL = /^[\w-]+$/;

/** The usable keys of a set, and for each other member why it is not. */
export interface ParsedJwkSet {
  readonly usable: readonly RsaJwk[];
  readonly faults: readonly { readonly index: number; readonly fault: string }[];
}

/** @returns null if the value is no JWK Set at all. Never throws. */
export function parseJwkSet(value: unknown): ParsedJwkSet | null {
  const keys = isObject(value) ? value.keys : undefined;
  if (!Array.isArray(keys)) return null;
  const usable: RsaJwk[] = [];
  const faults: { index: number; fault: string }[] = [];
  keys.forEach((jwk: unknown, index) => {
    const parsed = parseJwk(jwk);
    if (typeof parsed === 'string') faults.push({ index, fault: parsed });
    else usable.push(parsed);
  });
  return { usable, faults };
}

/**
 * Imports keys. A key that `known` already holds unchanged is taken from there, so that what was
 * verified with it stays tied to the same object. One that the platform refuses is left out.
 */
export async function importKeys(
  jwks: readonly RsaJwk[],
  known: VerificationKeys = new Map(),
): Promise<VerificationKeys> {
  const imported = await Promise.all(
    jwks.map(async ({ kid, n, e }) => {
      const before = known.get(kid);
      if (before?.n === n && before.e === e) return before;
      // Only the public members go on, whatever else stands in the set.
      const key = await importJWK({ kty: 'RSA', n, e }, 'RS256').catch(() => null);
      return key === null ? null : { kid, n, e, key };
    }),
  );
  return new Map(imported.filter((key) => key !== null).map((key) => [key.kid, key]));
}

/**
 * `use`, `alg` and `key_ops` are optional (RFC 7517 §4.2, §4.3, §4.4): absent they allow what we do, present they
 * must say so. A `kid` is optional there too, and needed here: tokens name their key by it. All other members are
 * ignored (§4), certificates (`x5c`, `x5u`) among them.
 *
 * @returns what is wrong with it, in words, if it is not usable (RFC 7517 §4, RFC 7518 §6.3.1).
 */
function parseJwk(jwk: unknown): RsaJwk | string {
  if (!isObject(jwk)) return 'is not an object';
  const { kty, use, alg, key_ops, kid, n, e } = jwk;
  if (kty !== 'RSA') return '"kty" is not "RSA"';
  if (use !== undefined && use !== 'sig') return '"use" is not "sig"';
  if (alg !== undefined && alg !== 'RS256') return '"alg" is not "RS256"';
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes('verify'))) {
    return '"key_ops" does not include "verify"';
  }
  if (typeof kid !== 'string' || kid === '')
    return '"kid" is missing, by which tokens name their key';
  if (typeof n !== 'string' || !BASE64URL.test(n)) return '"n" is not base64url';
  if (typeof e !== 'string' || !BASE64URL.test(e)) return '"e" is not base64url';
  if (bitLength(n) < MIN_MODULUS_BITS) return `the modulus has less than ${MIN_MODULUS_BITS} bits`;
  if (!isSoundExponent(e)) return 'the exponent is even or less than 65537';
  return { kid, n, e };
}

const integerOf = (base64url: string): bigint =>
  BigInt(`0x0${Buffer.from(base64url, 'base64url').toString('hex')}`);

const bitLength = (base64url: string): number => integerOf(base64url).toString(2).length;

/** FIPS 186-5 §A.1.1: odd, more than 2^16, less than 2^256. */
function isSoundExponent(base64url: string): boolean {
  const exponent = integerOf(base64url);
  return exponent % 2n === 1n && exponent > 0x10000n && exponent < 1n << 256n;
}
