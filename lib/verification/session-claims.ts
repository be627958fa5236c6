import { HankoTokenError } from '../errors/hanko.errors.js';
import { withLogDetail } from '../errors/log-detail.js';
import { printableList } from '../util/printable.js';
import { isUuid } from '../util/value-checks.js';
import type { HankoClaims } from '../user/hanko-claims.js';

/** What a token's claims are held against. */
export interface ClaimsPolicy {
  /** Accepted audiences, any of which must be in `aud`; null = not checked. */
  readonly audience: readonly string[] | null;
  /** The one accepted `iss`; null = not checked. */
  readonly issuer: string | null;
  readonly clockToleranceSeconds: number;
  /** Now, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** What a `Date` can hold (ECMA-262 §21.4.1.1), in seconds. */
const MAX_DATE_SECONDS = 8_640_000_000_000;

/** The claims of a session token, whose kind and shape are good. What they say is not checked yet. */
export interface SessionClaims {
  readonly claims: HankoClaims;
  /** `exp`, in seconds since 1970. */
  readonly expiresAt: number;
  /** The later one of `iat` and `nbf`, in seconds since 1970. */
  readonly validFrom: number;
  readonly audiences: readonly string[];
}

/**
 * Checks kind and shape (RFC 8725 §3.12): a payload never changes, so once per token is enough.
 *
 * @throws HankoTokenError `token_not_a_session`, `token_claims_invalid`
 */
export function parseSessionClaims(payload: Readonly<Record<string, unknown>>): SessionClaims {
  checkKind(payload);
  const { exp, iat, nbf } = payload;
  if (!isNumericDate(exp) || !isNumericDate(iat) || !(nbf === undefined || isNumericDate(nbf))) {
    throw new HankoTokenError('token_claims_invalid', 'exp, iat or nbf is not a whole second');
  }
  return {
    claims: payload as unknown as HankoClaims,
    expiresAt: exp,
    validFrom: Math.max(iat, nbf ?? iat),
    audiences: parseAudiences(payload.aud),
  };
}

/**
 * Webhook tokens are signed with the same keys for the same audience. A JWT template can set `evt` and
 * `data` but never `sub` or `session_id`, so these two decide.
 * Source: hanko backend/session/session.go, backend/webhooks/manager.go.
 */
function checkKind({ sub, session_id }: Readonly<Record<string, unknown>>): void {
  if (!isUuid(sub)) {
    throw new HankoTokenError(
      'token_not_a_session',
      sub === 'hanko webhooks' ? 'It is a webhook token' : 'The sub claim is not a UUID',
    );
  }
  if (!isUuid(session_id)) {
    throw new HankoTokenError(
      'token_not_a_session',
      'The session_id claim is not a UUID (Hanko before 1.4.0 may leave it out)',
    );
  }
}

function parseAudiences(aud: unknown): readonly string[] {
  const audiences = aud === undefined ? [] : typeof aud === 'string' ? [aud] : aud;
  if (!Array.isArray(audiences) || !audiences.every((entry) => typeof entry === 'string')) {
    throw new HankoTokenError('token_claims_invalid', 'The aud claim is neither text nor a list');
  }
  return audiences;
}

/**
 * Holds claims against the policy: time, audience and issuer (RFC 8725 §3.8, §3.9), on each request.
 *
 * It runs before the signature is looked at, so that a dead token costs next to nothing and is refused
 * also while Hanko is down. What it lets through is good only once the signature is verified.
 *
 * @throws HankoTokenError `token_expired`, `token_not_yet_valid`, `token_audience_mismatch`,
 * `token_issuer_mismatch`
 */
export function checkSessionClaims(
  { claims, expiresAt, validFrom, audiences }: SessionClaims,
  { audience, issuer, clockToleranceSeconds, nowMs }: ClaimsPolicy,
): void {
  const now = nowMs / 1000;
  // Written so that a clock that is not a number refuses.
  if (!(now < expiresAt + clockToleranceSeconds)) {
    const ago = Math.floor(now - expiresAt);
    throw new HankoTokenError('token_expired', `The token expired ${ago} s ago`);
  }
  if (!(validFrom <= now + clockToleranceSeconds)) {
    throw new HankoTokenError(
      'token_not_yet_valid',
      `iat or nbf is ${Math.ceil(validFrom - now)} s in the future: is a clock wrong?`,
    );
  }
  if (audience !== null && !audiences.some((entry) => audience.includes(entry))) {
    throw withLogDetail(
      new HankoTokenError(
        'token_audience_mismatch',
        'The aud claim has none of the option "audience"',
      ),
      () => mismatch('aud', audiences, 'audience', audience),
    );
  }
  if (issuer !== null && claims.iss !== issuer) {
    throw withLogDetail(
      new HankoTokenError('token_issuer_mismatch', 'The iss claim is not the option "issuer"'),
      () => mismatch('iss', typeof claims.iss === 'string' ? [claims.iss] : [], 'issuer', [issuer]),
    );
  }
}

/** Anybody can write such a token: what it says is cut and cleaned. */
function mismatch(
  claim: string,
  came: readonly string[],
  option: string,
  accepted: readonly string[],
): string {
  const what = came.length === 0 ? 'nothing' : printableList(came);
  return `The ${claim} claim is ${what}; the option "${option}" accepts ${printableList(accepted)}`;
}

/** Hanko sends whole seconds (RFC 7519 §2, NumericDate). */
const isNumericDate = (value: unknown): value is number =>
  Number.isInteger(value) && Math.abs(value as number) <= MAX_DATE_SECONDS;
