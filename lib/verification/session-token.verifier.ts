import type { webcrypto } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { compactVerify } from 'jose';
import { HankoTokenError, HankoUnavailableError, isHankoError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoUser } from '../user/hanko-user.js';
import { decodeUnverifiedJws } from './compact-jws.js';
import { checkSessionClaims } from './session-claims.js';

/** One Hanko that is trusted to say who is calling. */
export interface TrustedHanko {
  readonly jwks: JwksProvider;
  readonly audience: readonly string[] | null;
  readonly issuer: string | null;
}

/**
 * From a text that claims to be a session token to a {@link HankoUser}, in this order:
 * form and algorithm, kind, claims, key, signature. What needs no key comes first, so that a dead
 * token is refused also while Hanko is down; what is not yet verified may refuse, never accept.
 */
@Injectable()
export class SessionTokenVerifier {
  constructor(@Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions) {}

  /**
   * @throws HankoTokenError any `token_…` code
   * @throws HankoUnavailableError `hanko_unavailable`
   */
  async verify(token: unknown, hanko: TrustedHanko): Promise<HankoUser> {
    const { kid, payload } = decodeUnverifiedJws(token, this.options.maxTokenBytes);
    const claims = checkSessionClaims(payload, {
      audience: hanko.audience,
      issuer: hanko.issuer,
      clockToleranceSeconds: this.options.clockToleranceSeconds,
      nowMs: this.options.now(),
    });
    await verifySignature(token as string, await findKey(hanko.jwks, kid));
    return new HankoUser(claims);
  }
}

async function findKey(jwks: JwksProvider, kid: string): Promise<webcrypto.CryptoKey> {
  let key: webcrypto.CryptoKey | undefined;
  try {
    key = await jwks.getKey(kid);
  } catch (error) {
    if (isHankoError(error)) throw error;
    // Its message may hold an address, so it is not passed on.
    throw new HankoUnavailableError('The JwksProvider failed', RETRY_AFTER_SECONDS);
  }
  if (key === undefined || key === null) {
    throw new HankoTokenError('token_key_unknown', 'The kid header names no known key');
  }
  return key;
}

/** RFC 7515 §5.2, by `jose`: once more with the algorithm fixed. */
async function verifySignature(token: string, key: webcrypto.CryptoKey): Promise<void> {
  try {
    await compactVerify(token, key, { algorithms: ['RS256'] });
  } catch (error) {
    // jose's TypeErrors say that the key is none for RS256: the app's fault, not the caller's.
    if (error instanceof TypeError) {
      throw new HankoUnavailableError(
        'The JwksProvider returned a key that is not an RS256 public key',
        RETRY_AFTER_SECONDS,
      );
    }
    throw new HankoTokenError('token_signature_invalid', 'The signature does not match the key');
  }
}

/** For failures that only the app's own code can mend. */
const RETRY_AFTER_SECONDS = 30;
