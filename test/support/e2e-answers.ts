import { expect } from 'vitest';
import type { Answer } from './e2e-app.js';

interface ExpectedAnswer {
  readonly status: number;
  readonly challenge?: string;
  readonly message: string;
}

const invalidToken = (message: string): ExpectedAnswer => ({
  status: 401,
  challenge: `Bearer error="invalid_token", error_description="${message}"`,
  message,
});

/**
 * What callers are promised (design.md §3, README), written out a second time on purpose: a change of
 * an answer must not go unnoticed.
 */
export const EXPECTED_ANSWERS = {
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
  cross_site_request: {
    status: 403,
    message: 'A cross-site request may not use the session cookie',
  },
  hanko_unavailable: {
    status: 503,
    message: 'The login server cannot be reached, try again later',
  },
} as const satisfies Record<string, ExpectedAnswer>;

export type ExpectedCode = keyof typeof EXPECTED_ANSWERS;

expect.extend({
  /** The whole answer: status, challenge, `Retry-After` and a body with nothing else in it. */
  toBeRefused(answer: Answer, code: ExpectedCode) {
    const { status, challenge, message }: ExpectedAnswer = EXPECTED_ANSWERS[code];
    const { 'www-authenticate': actualChallenge, 'retry-after': retryAfter } = answer.headers;
    const actual = {
      status: answer.status,
      challenge: actualChallenge,
      hasRetryAfter: /^[1-9]\d*$/.test(retryAfter ?? ''),
      body: answer.body ?? answer.text,
    };
    const expected = {
      status,
      challenge,
      hasRetryAfter: code === 'hanko_unavailable',
      body: { statusCode: status, code, message },
    };
    return {
      pass: this.equals(actual, expected),
      message: () => `expected ${this.isNot ? 'any other answer than' : 'the answer of'} ${code}`,
      actual,
      expected,
    };
  },
});

declare module 'vitest' {
  interface Matchers<T> {
    toBeRefused(code: ExpectedCode): T;
  }
}
