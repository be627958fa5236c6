import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitStatusOf, fail, ok, skip, warn } from '../../../lib/doctor/check.js';
import { jsonReport, textReport } from '../../../lib/doctor/report.js';
import { VERSION } from '../../../lib/util/version.js';
import { root } from '../../support/api-program.js';

const DIAGNOSIS = {
  sections: [
    {
      title: 'Hanko',
      checks: [ok('keys', 'Fine.'), fail('address', 'One two three four.', 'Mend it.')],
    },
    { title: 'Browser', checks: [warn('cookie', 'Look.'), skip('cors', 'Not\u001b[31m now.')] },
  ],
  token: null,
};
const PLAIN = { hasColour: false, width: null };

describe('a report for people', () => {
  test('has a line for each check, and one for what to do', () => {
    expect(textReport(DIAGNOSIS, PLAIN, 0)).toBe(`nestjs-hanko doctor ${VERSION}

Hanko
  ok    keys     Fine.
  FAIL  address  One two three four.
                 -> Mend it.

Browser
  WARN  cookie   Look.
  -     cors     Not\\u{1b}[31m now.

1 thing is wrong, 1 thing is worth a look.
`);
  });

  test('breaks lines at the width of the terminal, and never below 40 characters', () => {
    const text = 'word '.repeat(30).trim();
    const long = { sections: [{ title: 'T', checks: [fail('x', text, text)] }], token: null };
    for (const [width, most] of [
      [80, 80],
      [10, 60],
    ] as const) {
      const lines = textReport(long, { ...PLAIN, width }, 0).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(most);
      expect(lines.length).toBeGreaterThan(7);
    }
  });

  test('has colours only where they are wanted', () => {
    const coloured = textReport(DIAGNOSIS, { ...PLAIN, hasColour: true }, 0);
    expect(coloured).toContain('\u001b[31mFAIL  \u001b[0maddress');
    // oxlint-disable-next-line no-control-regex
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(textReport(DIAGNOSIS, PLAIN, 0));
  });

  test.each([
    [[ok('a', 'A.'), skip('b', 'B.')], 'Nothing is wrong.'],
    [[fail('a', 'A.', 'x'), fail('b', 'B.', 'y')], '2 things are wrong.'],
    [[warn('a', 'A.')], '1 thing is worth a look.'],
  ])('ends with a summary', (checks, summary) => {
    const text = textReport({ sections: [{ title: 'T', checks }], token: null }, PLAIN, 0);
    expect(text.endsWith(`\n\n${summary}\n`)).toBe(true);
  });
});

describe('a report for programs', () => {
  test('is one line of JSON', () => {
    const json = jsonReport({ ...DIAGNOSIS, token: { kind: 'no JWT', header: {}, claims: {} } });
    expect(json.trim()).not.toContain('\n');
    expect(JSON.parse(json)).toEqual({
      version: VERSION,
      result: 'fail',
      checks: [
        { section: 'hanko', id: 'keys', status: 'ok', text: 'Fine.' },
        {
          section: 'hanko',
          id: 'address',
          status: 'fail',
          text: 'One two three four.',
          cure: 'Mend it.',
        },
        { section: 'browser', id: 'cookie', status: 'warn', text: 'Look.' },
        { section: 'browser', id: 'cors', status: 'skip', text: 'Not\u001b[31m now.' },
      ],
      token: { kind: 'no JWT', header: {}, claims: {} },
    });
  });

  test('is JSON whatever a claim holds', () => {
    const claims = { a: '\u2028\u202E\u009b', 'b\u0007': '\u001b' };
    const json = jsonReport({ ...DIAGNOSIS, token: { kind: 'other JWT', header: {}, claims } });
    expect(json.trim()).toMatch(/^[ -~]*$/);
    expect(JSON.parse(json)).toMatchObject({ token: { claims } });
  });
});

describe('the exit status', () => {
  test.each([
    [[ok('a', 'A.'), skip('b', 'B.')], 0, 0],
    [[ok('a', 'A.'), warn('b', 'B.')], 0, 1],
    [[warn('a', 'A.'), fail('b', 'B.', 'C.')], 1, 1],
    [[], 0, 0],
  ])('%#', (checks, usual, strict) => {
    expect([exitStatusOf(checks, false), exitStatusOf(checks, true)]).toEqual([usual, strict]);
  });
});

test('the pages that a cure names are there', () => {
  const folder = join(root, 'lib/doctor');
  const code = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const pages = [...new Set(code.join('').match(/docs\/[\w-]+\.md/g))];
  expect(pages.length).toBeGreaterThan(3);
  expect(pages.filter((page) => !existsSync(join(root, page)))).toEqual([]);
});
