import { HankoTokenError } from '../errors/hanko.errors.js';
import { withLogDetail } from '../errors/log-detail.js';
import { isUuid } from '../util/value-checks.js';
import type { HankoClaims } from '../user/hanko-claims.js';
import {
  checkAudience,
  checkTokenTimes,
  mismatch,
  parseAudiences,
  parseTokenTimes,
  type TokenTimes,
} from './times-and-audience.js';

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

/** The claims of a session token, whose kind and shape are good. What they say is not checked yet. */
export interface SessionClaims extends TokenTimes {
  readonly claims: HankoClaims;
  readonly audiences: readonly string[];
}

/**
 * Checks kind and shape (RFC 8725 §3.12): a payload never changes, so once per token is enough.
 *
 * @throws HankoTokenError `token_not_a_session`, `token_claims_invalid`
 */
export function parseSessionClaims(payload: Readonly<Record<string, unknown>>): SessionClaims {
  checkKind(payload);
  const { expiresAt, validFrom } = parseTokenTimes(payload);
  const audiences = parseAudiences(payload.aud);
  return { claims: payload as unknown as HankoClaims, expiresAt, validFrom, audiences };
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
  session: SessionClaims,
  { audience, issuer, clockToleranceSeconds, nowMs }: ClaimsPolicy,
): void {
  checkTokenTimes(session, nowMs, clockToleranceSeconds);
  checkAudience(session.audiences, audience);
  const { iss } = session.claims;
  if (issuer !== null && iss !== issuer) {
    throw withLogDetail(
      new HankoTokenError('token_issuer_mismatch', 'The iss claim is not the option "issuer"'),
      () => mismatch('iss', typeof iss === 'string' ? [iss] : [], 'issuer', [issuer]),
    );
  }
}
