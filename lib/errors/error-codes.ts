import type { HankoUnmetRequirement } from '../requirements/demands.js';

/**
 * When a route can answer with a code, for API documents: `lib/swagger/refusal-codes.ts` works it out for each
 * route. `never`: not to be documented.
 */
export type AnswerCondition =
  | 'always'
  | 'never'
  | 'loginRequired'
  | 'tokenRefused'
  | 'audienceChecked'
  | 'issuerChecked'
  | 'loginDemanded'
  | 'rightsDemanded'
  | 'crossSiteChecked'
  | 'tenantNamed';

/** The response for one error code. A test holds the answers table of the documentation against it. */
interface Answer {
  readonly status: 400 | 401 | 403 | 404 | 501 | 503;
  /** `WWW-Authenticate` (RFC 6750 §3), where the situation calls for one. */
  readonly challenge?: string;
  /** Coarse on purpose: the precise cause goes to the log and to the diagnostics channel. */
  readonly message: string;
  readonly when: AnswerCondition;
}

/** Says what is wrong in the challenge too. */
const challenged = (
  status: Answer['status'],
  error: string,
  message: string,
  when: AnswerCondition,
): Answer => ({
  status,
  challenge: `Bearer error="${error}", error_description="${message}"`,
  message,
  when,
});

const invalidToken = (message: string, when: AnswerCondition = 'tokenRefused'): Answer =>
  challenged(401, 'invalid_token', message, when);

export const ANSWERS = {
  // RFC 6750 §3.1: no error code when the request carries no credential at all.
  credentials_missing: {
    status: 401,
    challenge: 'Bearer',
    message: 'Authentication is required',
    when: 'loginRequired',
  },
  // Its 400 is where apps document their validation, and well-meant callers never see it.
  credentials_ambiguous: challenged(
    400,
    'invalid_request',
    'The request carries more than one credential',
    'never',
  ),
  token_malformed: invalidToken('The session token is malformed'),
  token_too_large: invalidToken('The session token is too large'),
  token_algorithm_not_allowed: invalidToken('The session token is not signed with RS256'),
  token_key_unknown: invalidToken('The session token is signed with an unknown key'),
  token_signature_invalid: invalidToken('The signature of the session token is invalid'),
  token_expired: invalidToken('The session token has expired'),
  token_not_yet_valid: invalidToken('The session token is not yet valid'),
  token_audience_mismatch: invalidToken(
    'The session token is not meant for this service',
    'audienceChecked',
  ),
  token_issuer_mismatch: invalidToken('The session token is from another issuer', 'issuerChecked'),
  token_claims_invalid: invalidToken('The session token lacks a required claim'),
  token_not_a_session: invalidToken('The token is not a session token'),
  session_revoked: invalidToken('The session has ended'),
  // RFC 9470 §3; `max_age` is added where the login is too old.
  step_up_required: challenged(
    401,
    'insufficient_user_authentication',
    'A stronger or more recent login is required',
    'loginDemanded',
  ),
  requirement_not_met: challenged(
    403,
    'insufficient_scope',
    'The user does not meet a requirement of this resource',
    'rightsDemanded',
  ),
  cross_site_request: {
    status: 403,
    message: 'A cross-site request may not use the session cookie',
    when: 'crossSiteChecked',
  },
  // No challenge: a login does not help, and which tenant's it would be is not known.
  tenant_unknown: {
    status: 404,
    message: 'There is no such tenant',
    when: 'tenantNamed',
  },
  hanko_unavailable: {
    status: 503,
    message: 'The login server cannot be reached, try again later',
    when: 'always',
  },
  context_unsupported: {
    status: 501,
    message: 'This kind of request cannot be authenticated',
    when: 'never',
  },
} as const satisfies Record<string, Answer>;

/** The codes that a caller can meet in the `code` of a response. */
export type HankoAnswerCode = keyof typeof ANSWERS;

export const answerFor = (code: HankoAnswerCode): Answer => ANSWERS[code];

/** The body of a response: an object, since Nest 12 adds fields to texts. */
export const refusalBody = (
  code: HankoAnswerCode,
): { readonly statusCode: number; readonly code: HankoAnswerCode; readonly message: string } => {
  const { status, message } = ANSWERS[code];
  return { statusCode: status, code, message };
};

/** What the body says beside it of requirements that are not met. */
export const unmetDetails = (
  unmet: readonly HankoUnmetRequirement[],
  authenticatedAt?: Date,
): Readonly<Record<string, unknown>> => ({
  unmet,
  ...(authenticatedAt && { authenticatedAt: authenticatedAt.toISOString() }),
});
