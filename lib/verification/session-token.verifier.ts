import type { webcrypto } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { HankoTokenError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import { andThen, isPromise, type MaybePromise } from '../util/maybe-promise.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoUser } from '../user/hanko-user.js';
import { ClaimsSchema } from './claims-schema.js';
import { decodeUnverifiedJws } from './compact-jws.js';
import { verifyRs256 } from './rs256.js';
import { checkSessionClaims, parseSessionClaims, type SessionClaims } from './session-claims.js';
import {
  endOf,
  type SharedBounds,
  SignatureCache,
  type VerifiableToken,
  type VerifiedToken,
} from './signature-cache.js';
import { findVerificationKey } from './verification-key.js';

/** One Hanko that is trusted to say who is calling. */
export interface TrustedHanko {
  readonly jwks: JwksProvider;
  readonly audience: readonly string[] | null;
  readonly issuer: string | null;
  /** Undefined if the app has one Hanko. */
  readonly tenantId?: string | undefined;
}

/** A token whose signature is being verified. */
interface Verification extends VerifiableToken {
  readonly key: webcrypto.CryptoKey;
  readonly isGood: Promise<boolean>;
}

/**
 * From a text that claims to be a session token to a {@link HankoUser}, in this order:
 * form and algorithm, kind, claims, key, signature, and the app's schema of claims. What needs no key comes first, so that a dead
 * token is refused also while Hanko is down; what is not yet verified may refuse, never accept.
 *
 * A token whose signature is known skips the first step and RSA, and no other.
 */
@Injectable()
export class SessionTokenVerifier {
  private readonly signatures: SignatureCache;
  /** Whoever brings a token that is being verified waits for the same result. By the token's end. */
  private readonly underWay = new Map<string, Verification>();

  private readonly claims: ClaimsSchema;

  /** @param shared bounds of the caches of all tenants together; none if the app has one Hanko. */
  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Optional() shared?: SharedBounds,
  ) {
    this.signatures = new SignatureCache(options.signatureCache, shared);
    this.claims = new ClaimsSchema(options.claimsSchema);
  }

  /** Its tenant is not in memory any more. */
  retire(): void {
    this.signatures.leave();
  }

  /**
   * @returns the user, without a promise if the signature is known.
   * @throws HankoTokenError any `token_…` code; now, or by the promise
   * @throws HankoUnavailableError `hanko_unavailable`
   */
  verify(token: unknown, hanko: TrustedHanko): MaybePromise<HankoUser> {
    const { tenantId } = hanko;
    const nowMs = this.options.now();
    const known = this.signatures.find(token, nowMs);
    const { kid, session } = known ?? this.beingVerified(token) ?? this.parse(token);
    checkSessionClaims(session, {
      audience: hanko.audience,
      issuer: hanko.issuer,
      clockToleranceSeconds: this.options.clockToleranceSeconds,
      nowMs,
    });
    // A key that is gone takes its tokens along; one that cannot be told now may come back.
    const key = findVerificationKey(hanko.jwks, kid, () => this.signatures.forget(token));
    if (known !== undefined && !isPromise(key) && this.isBy(key, known)) {
      return this.userOf(session, tenantId);
    }

    const expiresAtMs = (session.expiresAt + this.options.clockToleranceSeconds) * 1000;
    // A good session token is text, and no two texts are the same token.
    const candidate = { token: token as string, kid, session, expiresAtMs };
    const isSigned = isPromise(key)
      ? key.then(
          (found) =>
            this.isBy(found, this.signatures.find(token, nowMs)) || this.isSigned(candidate, found),
        )
      : this.isSigned(candidate, key);
    return isSigned.then((isGood) => {
      if (isGood) return this.userOf(session, tenantId);
      throw new HankoTokenError('token_signature_invalid', 'The signature does not match the key');
    });
  }

  private userOf({ claims }: SessionClaims, tenantId: string | undefined): MaybePromise<HankoUser> {
    return andThen(this.claims.apply(claims), (parsed) => new HankoUser(parsed, tenantId));
  }

  private parse(token: unknown): Pick<VerifiableToken, 'kid' | 'session'> {
    const { kid, payload } = decodeUnverifiedJws(token, this.options.maxTokenBytes);
    return { kid, session: parseSessionClaims(payload) };
  }

  /** By the very key that is in use now: one that was removed or replaced takes its tokens along. */
  private isBy(key: webcrypto.CryptoKey, known: VerifiedToken | undefined): boolean {
    if (known === undefined) return false;
    if (known.key === key) return true;
    this.signatures.forget(known.token);
    return false;
  }

  /** Joins the verification of the same token by the same key that is under way, or starts one. */
  private isSigned(candidate: VerifiableToken, key: webcrypto.CryptoKey): Promise<boolean> {
    const underWay = this.beingVerified(candidate.token);
    if (underWay?.key === key) return underWay.isGood;

    const end = endOf(candidate.token);
    const verification = { ...candidate, key, isGood: this.verifySignature(candidate, key) };
    this.underWay.set(end, verification);
    const forget = (): void => {
      if (this.underWay.get(end) === verification) this.underWay.delete(end);
    };
    verification.isGood.then(forget, forget);
    return verification.isGood;
  }

  private beingVerified(token: unknown): Verification | undefined {
    if (this.underWay.size === 0 || typeof token !== 'string') return undefined;
    const found = this.underWay.get(endOf(token));
    return found?.token === token ? found : undefined;
  }

  private async verifySignature(
    candidate: VerifiableToken,
    key: webcrypto.CryptoKey,
  ): Promise<boolean> {
    const isGood = await verifyRs256(candidate.token, key);
    // What is bad is not remembered: that would be room for a flood.
    if (isGood) this.signatures.add({ ...candidate, key });
    return isGood;
  }
}
