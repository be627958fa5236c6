import { expect } from 'vitest';
import { DOCUMENTED_ANSWERS } from './documented-answers.js';
import type { Answer } from './app.js';
import { parseChallenge } from './challenge.js';

const STEP_UP = DOCUMENTED_ANSWERS.step_up_required.message;
const UNMET = DOCUMENTED_ANSWERS.requirement_not_met.message;

/** The whole answer of RFC 9470 §3, its challenge read by a parser of our own. */
export function expectStepUp(answer: Answer, unmet: readonly unknown[], maxAge?: string): void {
  const body = answer.body as { authenticatedAt: string };
  expect({ status: answer.status, body }).toEqual({
    status: 401,
    body: {
      statusCode: 401,
      code: 'step_up_required',
      message: STEP_UP,
      unmet,
      authenticatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/) as string,
    },
  });
  expect(parseChallenge(answer.headers['www-authenticate'])).toEqual({
    scheme: 'Bearer',
    parameters: {
      error: 'insufficient_user_authentication',
      error_description: STEP_UP,
      ...(maxAge !== undefined && { max_age: maxAge }),
    },
  });
}

/** The whole response of RFC 6750 §3.1 `insufficient_scope`. */
export function expectForbidden(answer: Answer, unmet: readonly unknown[]): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status: 403,
    body: { statusCode: 403, code: 'requirement_not_met', message: UNMET, unmet },
  });
  expect(parseChallenge(answer.headers['www-authenticate'])).toEqual({
    scheme: 'Bearer',
    parameters: { error: 'insufficient_scope', error_description: UNMET },
  });
}
