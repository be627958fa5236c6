import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ANSWERS } from '../../lib/errors/answers.js';

const readme = readFileSync(new URL('../../docs/responses.md', import.meta.url), 'utf8');

describe('docs/responses.md', () => {
  test('the answers table has every code with its status and challenge, and no other', () => {
    const rows = [...readme.matchAll(/^\| (\d{3}) +\| `(\w+)` +\| (.+?) +\|/gm)].map(
      ([, status, code, challenge]) => ({ status: Number(status), code, challenge }),
    );
    const expected = Object.entries(ANSWERS).map(([code, answer]) => {
      const challenge = 'challenge' in answer ? answer.challenge : undefined;
      const error = challenge && /error="\w+"/.exec(challenge)?.[0];
      return {
        status: answer.status,
        code,
        challenge: challenge === undefined ? '–' : `\`${error ?? challenge}\``,
      };
    });
    const byCode = (a: { code: string | undefined }, b: { code: string | undefined }) =>
      String(a.code).localeCompare(String(b.code));
    expect(rows.toSorted(byCode)).toEqual(expected.toSorted(byCode));
  });
});
