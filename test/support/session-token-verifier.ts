import { webcrypto } from 'node:crypto';
import type { HankoModuleOptions, HankoUser, JwksProvider } from 'nestjs-hanko';
import { vi } from 'vitest';
import { resolveOptions } from '../../lib/options/hanko-options.js';
import {
  SessionTokenVerifier,
  type TrustedHanko,
} from '../../lib/verification/session-token.verifier.js';
import { type Refusal, refusalOf } from './verifier.js';

/** As `HankoModule` makes it. The keys come with each {@link TrustedHanko}. */
export const createVerifier = (options: HankoModuleOptions = {}): SessionTokenVerifier =>
  new SessionTokenVerifier(
    resolveOptions({ apiUrl: 'https://hanko.example.test', ...options }, () => undefined),
  );

/** A Hanko that is trusted for any audience and issuer, if no other is said. */
export const trust = (jwks: JwksProvider, rest: Partial<TrustedHanko> = {}): TrustedHanko => ({
  jwks,
  audience: null,
  issuer: null,
  ...rest,
});

/** Keys that are at hand. */
export const provider = (getKey: (kid: string) => unknown): TrustedHanko =>
  trust({ getKey } as JwksProvider);

/** Verifies, however long it takes. */
export const verified = async (
  verifier: SessionTokenVerifier,
  token: unknown,
  hanko: TrustedHanko,
): Promise<HankoUser> => verifier.verify(token, hanko);

/** The refusal of a token, thrown now or later. */
export const refused = (
  verifier: SessionTokenVerifier,
  token: string,
  hanko: TrustedHanko,
): Promise<Refusal> => refusalOf(verified(verifier, token, hanko), token);

/** How many signatures are computed while `act` runs: each of them really is. */
export async function cryptoDuring(act: () => unknown): Promise<number> {
  const verify = vi.spyOn(webcrypto.subtle, 'verify');
  try {
    await act();
    return verify.mock.calls.length;
  } finally {
    verify.mockRestore();
  }
}

/** What many say at the same time. */
export const atOnce = <T>(count: number, act: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, act));
