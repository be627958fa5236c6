import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/api-program.js';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What stands between the page's markers. */
const shown = (readme: string): string | undefined =>
  /<!-- bench -->\n\n([^]*?)\n\n<!-- \/bench -->/.exec(readme)?.[1];

describe('the documented numbers of speed', () => {
  test('are those that the benchmark wrote, with date and command', () => {
    const written = read('bench/results.md').trim();
    expect(shown(read('docs/speed.md'))).toBe(written);
    expect(written).toMatch(/\d{4}-\d\d-\d\d, Node .*`node bench\/run\.mjs .*--write`$/);
  });

  test('come from one run of all scenarios', () => {
    const { date, figures } = JSON.parse(read('bench/results.json')) as {
      date: string;
      figures: { scenario: string }[];
    };
    expect(read('bench/results.md')).toContain(date);
    const scenarios = new Set(figures.map(({ scenario }) => scenario));
    expect([...scenarios].toSorted()).toEqual([
      'burst',
      'first-seen',
      'forged',
      'guard-alone',
      'hanko-down',
      'hit-after-flood',
      'memory',
      'nothing-to-verify',
      'revocations',
      'sessions',
      'thousand',
      'unknown-kids',
      'warm',
    ]);
  });

  test('have their chart', () => {
    expect(read('docs/speed.md')).toContain('(../bench/chart.svg)');
    expect(existsSync(join(root, 'bench/chart.svg'))).toBe(true);
  });
});
