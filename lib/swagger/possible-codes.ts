import { ANSWERS, type HankoAnswerCode } from '../errors/answers.js';
import { isSafeMethod } from '../extraction/cross-site.js';
import type { RequireAuthOptions } from '../requirements/requirements.js';
import type { CredentialPlaces } from './credential-places.js';
import type { RouteAccess } from './route-access.js';

/** What of the module's options decides which answers there are. */
export interface AnswerSettings {
  readonly places: CredentialPlaces;
  readonly checksAudience: boolean;
  readonly checksIssuer: boolean;
}

/**
 * The codes that a route can answer.
 *
 * Not `credentials_ambiguous`: its 400 is where apps document their validation, and well-meant callers never see it.
 */
export function possibleCodes(
  { access, demands }: RouteAccess,
  method: string,
  settings: AnswerSettings,
): HankoAnswerCode[] {
  if (access === 'public' || access === 'unguarded') return [];
  const { places, checksAudience, checksIssuer } = settings;
  const isRequired = access === 'required';
  // Elsewhere a dead cookie counts as none.
  const tellsDead = isRequired || places.mayBeSent;
  const can: Readonly<Record<HankoAnswerCode, boolean>> = {
    credentials_missing: isRequired,
    credentials_ambiguous: false,
    token_malformed: true,
    token_too_large: true,
    token_algorithm_not_allowed: true,
    token_key_unknown: true,
    token_signature_invalid: true,
    token_expired: tellsDead,
    token_not_yet_valid: true,
    token_audience_mismatch: checksAudience,
    token_issuer_mismatch: checksIssuer,
    token_claims_invalid: true,
    token_not_a_session: true,
    session_revoked: tellsDead,
    step_up_required: isMetByLogin(demands),
    requirement_not_met: isBeyondLogin(demands),
    cross_site_request: places.mayBeAmbient && !isSafeMethod(method.toUpperCase()),
    hanko_unavailable: true,
    context_unsupported: false,
  };
  return (Object.keys(ANSWERS) as HankoAnswerCode[]).filter((code) => can[code]);
}

const isMetByLogin = ({ mfa, amr, maxAgeSeconds }: RequireAuthOptions): boolean =>
  Boolean(mfa) || isDemanded(amr) || isDemanded(maxAgeSeconds);

const isBeyondLogin = ({ verifiedEmail, claims = {} }: RequireAuthOptions): boolean =>
  Boolean(verifiedEmail) || Object.values(claims).some(isDemanded);

/** null takes back what the class demands. */
const isDemanded = (demand: unknown): boolean => demand !== undefined && demand !== null;
