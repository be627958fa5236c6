import { createPrivateKey, generatePrimeSync, type KeyObject } from 'node:crypto';
import { rsaKeys } from '../../fake-hanko/src/tokens/keys.js';

const BITS = 2048;
const EXPONENT = 65_537n;

/**
 * Real RSA keys of 2048 bits. To find two primes takes a core 0.2 seconds, and a suite starts a thousand servers.
 * So a worker finds a few, and each two of them make a key: no two keys of a file are the same, and no app may
 * trust them, because they share factors.
 */
class KeysOfFewPrimes {
  private readonly primes: bigint[] = [];
  private made = 0;

  /** From now on the keys made before come again. */
  restart(): void {
    this.made = 0;
  }

  next(): KeyObject {
    // The nth pair of: (1, 0), (2, 0), (2, 1), (3, 0), …
    let larger = 1;
    let smaller = this.made;
    while (smaller >= larger) smaller -= larger++;
    this.made += 1;
    return keyOf(this.prime(larger), this.prime(smaller));
  }

  private prime(index: number): bigint {
    while (this.primes.length <= index) {
      const prime = generatePrimeSync(BITS / 2, { bigint: true });
      if ((prime - 1n) % EXPONENT !== 0n && !this.primes.includes(prime)) this.primes.push(prime);
    }
    return this.primes[index] as bigint;
  }
}

/** RFC 8017 §3.2. */
function keyOf(p: bigint, q: bigint): KeyObject {
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const numbers = {
    n: p * q,
    e: EXPONENT,
    d,
    p,
    q,
    dp: d % (p - 1n),
    dq: d % (q - 1n),
    qi: inverse(q, p),
  };
  const members = Object.entries(numbers).map(([name, number]) => [name, base64url(number)]);
  return createPrivateKey({ format: 'jwk', key: { kty: 'RSA', ...Object.fromEntries(members) } });
}

/** What times `number` is 1 modulo `modulus`: Euclid's algorithm, extended. */
function inverse(number: bigint, modulus: bigint): bigint {
  let [remainder, next] = [modulus, number % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (next !== 0n) {
    const quotient = remainder / next;
    [remainder, next] = [next, remainder - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return factor < 0n ? factor + modulus : factor;
}

function base64url(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

const keys = new KeysOfFewPrimes();
const { make } = rsaKeys;

/** FakeHanko and the tests of this file get their keys here, but for those of other lengths. */
export function useFewPrimes(): void {
  keys.restart();
  rsaKeys.make = async (bits) => (bits === BITS ? keys.next() : make(bits));
}

/** A key of 2048 bits. */
export const rsaKey = (): KeyObject => keys.next();
