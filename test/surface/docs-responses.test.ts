import { readFileSync } from 'node:fs';
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

test('docs/responses.md has a cause for every code, and for no other', () => {
  const page = readFileSync(new URL('../../docs/responses.md', import.meta.url), 'utf8');
  const [, causes = ''] = page.split('## What usually causes each code');
  const codes = [...causes.matchAll(/^\| `(\w+)` +\|/gm)].map(([, code]) => code);
  expect(codes.filter((code) => code !== 'code').toSorted()).toEqual(
    Object.keys(ANSWERS).toSorted(),
  );
});
