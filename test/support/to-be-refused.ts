import { expect } from 'vitest';
import { type AnswerCode, DOCUMENTED_ANSWERS } from './documented-answers.js';
import type { Answer } from './app.js';

expect.extend({
  /** The whole answer: status, challenge, `Retry-After` and a body with nothing else in it. */
  toBeRefused(answer: Answer, code: AnswerCode) {
    const { status, challenge, message } = DOCUMENTED_ANSWERS[code];
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
    toBeRefused(code: AnswerCode): T;
  }
}
