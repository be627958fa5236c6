import { Inject, Injectable } from '@nestjs/common';
import {
  type HankoAuthError,
  HankoCredentialsError,
  isHankoError,
} from '../errors/hanko.errors.js';
import { andThen, type MaybePromise } from '../util/maybe-promise.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import { noteSessionCheck } from '../session/session-checks.js';
import type { HankoUser } from '../user/hanko-user.js';
import { decodeUnverifiedJws } from '../verification/compact-jws.js';
import type { Hanko } from '../tenants/hanko.js';

/** Who was found, and the token that says so. */
export interface Authenticated {
  readonly user: HankoUser;
  readonly token: string;
}

/** From tokens to who is calling: the token is verified, then whether it was revoked, then its session. */
@Injectable()
export class TokenAuthenticator {
  constructor(@Inject(HankoRevocation) private readonly revocation: HankoRevocation) {}

  /** @throws as the verifier does: whether the session goes on is not asked, not even here. */
  verifyAlone(token: string, hanko: Hanko): MaybePromise<HankoUser> {
    return hanko.verifier.verify(token, hanko);
  }

  /**
   * @param session null = Hanko is not asked.
   * @throws HankoTokenError any `token_…` code, `session_revoked`; now, or by the promise
   * @throws HankoUnavailableError `hanko_unavailable`
   */
  verify(
    token: string,
    hanko: Hanko,
    session: ResolvedSessionPolicy | null,
  ): MaybePromise<Authenticated> {
    return andThen(hanko.verifier.verify(token, hanko), (user) =>
      this.checkRevocation({ user, token }, hanko, session),
    );
  }

  /**
   * The first good one of several is the user, unless another good one, wherever it stands, is another user; and unless it
   * cannot be told of another user's whether it is good.
   * @param tokens at least one.
   * @throws HankoCredentialsError `credentials_ambiguous`, and what `verify` throws.
   */
  verifyAny(
    tokens: readonly string[],
    hanko: Hanko,
    session: ResolvedSessionPolicy | null,
  ): MaybePromise<Authenticated> {
    return tokens.length > 1
      ? this.verifyEach(tokens, hanko, session)
      : this.verify(tokens[0] as string, hanko, session);
  }

  private checkRevocation(
    found: Authenticated,
    hanko: Hanko,
    session: ResolvedSessionPolicy | null,
  ): MaybePromise<Authenticated> {
    return andThen(this.revocation.check(found.user), () =>
      this.checkLiveness(found, hanko, session),
    );
  }

  private checkLiveness(
    found: Authenticated,
    { liveness }: Hanko,
    session: ResolvedSessionPolicy | null,
  ): MaybePromise<Authenticated> {
    if (session === null) return found;
    return andThen(liveness.check(found.token, found.user, session), () => {
      noteSessionCheck({ ...found, policy: session });
      return found;
    });
  }

  private async verifyEach(
    tokens: readonly string[],
    hanko: Hanko,
    session: ResolvedSessionPolicy | null,
  ): Promise<Authenticated> {
    let good: Authenticated | undefined;
    let failure: HankoAuthError | undefined;
    const undecided: string[] = [];
    for (const token of tokens) {
      try {
        const found = await this.verify(token, hanko, session);
        if (good !== undefined && good.user.id !== found.user.id) {
          throw new HankoCredentialsError(
            'credentials_ambiguous',
            'The request has valid session cookies of two different users',
          );
        }
        good ??= found;
      } catch (error) {
        if (error instanceof HankoCredentialsError || !isAuthError(error)) throw error;
        const isUndecided = error.code === 'hanko_unavailable';
        if (isUndecided) undecided.push(token);
        // The first one's failure answers, except that "we cannot tell" beats "it is bad".
        if (failure === undefined || isUndecided) failure = error;
      }
    }
    if (good === undefined || undecided.some((token) => isOfAnother(token, good.user)))
      throw failure;
    return good;
  }
}

/** By what the token says of itself: not verified, so it may only refuse. */
const isOfAnother = (token: string, user: HankoUser): boolean =>
  decodeUnverifiedJws(token, token.length).payload.sub !== user.id;

/** By its brand: a JwksProvider may throw errors of another copy of this package. */
export const isAuthError = (error: unknown): error is HankoAuthError =>
  isHankoError(error) && error.code !== 'configuration_invalid';
