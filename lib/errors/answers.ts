/** What a caller is told: one row per error code. README's answers table is checked against it. */
interface Answer {
  readonly status: number;
  /** `WWW-Authenticate` (RFC 6750 §3), where the situation calls for one. */
  readonly challenge?: string;
  /** Coarse on purpose: the precise cause goes to the log and to the diagnostics channel. */
  readonly message: string;
}

const invalidToken = (message: string): Answer => ({
  status: 401,
  challenge: `Bearer error="invalid_token", error_description="${message}"`,
  message,
});

export const ANSWERS = {
  // RFC 6750 §3.1: no error code when the request carries no credential at all.
  credentials_missing: {
    status: 401,
    challenge: 'Bearer',
    message: 'Authentication is required',
  },
  credentials_ambiguous: {
    status: 400,
    challenge:
      'Bearer error="invalid_request", error_description="The request carries more than one credential"',
    message: 'The request carries more than one credential',
  },
  token_malformed: invalidToken('The session token is malformed'),
  token_too_large: invalidToken('The session token is too large'),
  token_algorithm_not_allowed: invalidToken('The session token is not signed with RS256'),
  token_key_unknown: invalidToken('The session token is signed with an unknown key'),
  token_signature_invalid: invalidToken('The signature of the session token is invalid'),
  token_expired: invalidToken('The session token has expired'),
  token_not_yet_valid: invalidToken('The session token is not yet valid'),
  token_audience_mismatch: invalidToken('The session token is not meant for this service'),
  token_issuer_mismatch: invalidToken('The session token is from another issuer'),
  token_claims_invalid: invalidToken('The session token lacks a required claim'),
  token_not_a_session: invalidToken('The token is not a session token'),
  session_revoked: invalidToken('The session has ended'),
  // RFC 9470 §3; `max_age` is added where the login is too old.
  step_up_required: {
    status: 401,
    challenge:
      'Bearer error="insufficient_user_authentication", error_description="A stronger or more recent login is required"',
    message: 'A stronger or more recent login is required',
  },
  requirement_not_met: {
    status: 403,
    challenge:
      'Bearer error="insufficient_scope", error_description="The user does not meet a requirement of this resource"',
    message: 'The user does not meet a requirement of this resource',
  },
  cross_site_request: {
    status: 403,
    message: 'A cross-site request may not use the session cookie',
  },
  hanko_unavailable: {
    status: 503,
    message: 'The login server cannot be reached, try again later',
  },
  context_unsupported: {
    status: 501,
    message: 'This kind of request cannot be authenticated',
  },
} as const satisfies Record<string, Answer>;

/** The codes that a caller can meet in an answer's `code`. */
export type HankoAnswerCode = keyof typeof ANSWERS;

export const answerFor = (code: HankoAnswerCode): Answer => ANSWERS[code];
