import { expect, test } from 'vitest';
import { ANSWERS } from '../../lib/errors/error-codes.js';
import { DOCUMENTED_ANSWERS } from '../support/documented-answers.js';

test('docs/responses.md has every code with its status, message and challenge, and no other', () => {
  const answers = Object.entries(ANSWERS).map(([code, answer]) => [
    code,
    {
      status: answer.status,
      challenge: 'challenge' in answer ? answer.challenge : undefined,
      message: answer.message,
    },
  ]);
  expect(answers.length).toBeGreaterThan(10);
  expect(DOCUMENTED_ANSWERS).toEqual(Object.fromEntries(answers));
});
