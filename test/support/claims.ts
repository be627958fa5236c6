import type { HankoClaims } from 'nestjs-hanko';
import {
  checkSessionClaims,
  type ClaimsPolicy,
  parseSessionClaims,
} from '../../lib/verification/session-claims.js';

/** What a verifier does with claims: once per token the first step, the second one per request. */
export function checkedClaims(
  payload: Readonly<Record<string, unknown>>,
  policy: ClaimsPolicy,
): HankoClaims {
  const session = parseSessionClaims(payload);
  checkSessionClaims(session, policy);
  return session.claims;
}
