import { webcrypto } from 'node:crypto';
import type { HankoClaims } from 'nestjs-hanko';
import type { SessionClaims } from '../../lib/verification/session-claims.js';
import { SignatureCache, type VerifiedToken } from '../../lib/verification/signature-cache.js';

export const NOW = Date.parse('2026-03-01T12:00:00Z');

/** No bound of bytes. */
export const ROOMY = 1_000_000_000;

export const [{ publicKey: key }, { publicKey: otherKey }] = await Promise.all([
  rsaKeys(),
  rsaKeys(),
]);

function rsaKeys(): Promise<webcrypto.CryptoKeyPair> {
  const publicExponent = Uint8Array.of(1, 0, 1);
  return webcrypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent },
    false,
    ['sign', 'verify'],
  );
}

/** A session that says this, and anything else. */
export const sessionOf = (claims: object): SessionClaims => ({
  claims: claims as HankoClaims,
  expiresAt: NOW / 1000 + 3_600,
  validFrom: NOW / 1000,
  audiences: [],
});

/** The cache does not care what a token says, so any text will do for one. */
export const entry = (token: string, changes: Partial<VerifiedToken> = {}): VerifiedToken => ({
  token,
  kid: 'kid',
  key,
  session: sessionOf({ jti: token.slice(0, 8) }),
  expiresAtMs: NOW + 3_600_000,
  ...changes,
});

/** Tokens that differ at their ends, as signatures do. Their payload is short. */
export const token = (n: number, length = 700): string =>
  `h.e30.${String(n).padStart(length - 6, 't')}`;

/** Says this; the cache reads off a token what its claims take in memory. */
export const tokenSaying = (n: number, payload: object): string =>
  `h.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${token(n, 100)}`;

export const tokens = (count: number, length?: number): string[] =>
  Array.from({ length: count }, (_, n) => token(n, length));

export const createCache = (maxEntries: number, maxBytes = ROOMY): SignatureCache =>
  new SignatureCache({ maxEntries, maxBytes });

export const holds = (cache: SignatureCache, wanted: string, nowMs = NOW): boolean =>
  cache.find(wanted, nowMs)?.token === wanted;

/** Those of these tokens that it holds; they count as used then. */
export const heldOf = (cache: SignatureCache, wanted: readonly string[]): string[] =>
  wanted.filter((one) => holds(cache, one));

/** How many tokens of one length find room. */
export function capacity(cache: SignatureCache): number {
  for (const one of tokens(1_000)) cache.add(entry(one));
  return cache.size;
}
