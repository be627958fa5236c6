import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ATTRIBUTES, METRICS } from '../../lib/opentelemetry/names.js';
import { root } from '../support/api-program.js';

const page = readFileSync(join(root, 'docs/opentelemetry.md'), 'utf8');

/** What stands in the first column of the tables below a heading. */
function namesBelow(heading: string): readonly string[] {
  const [, text = ''] = new RegExp(`\n## ${heading}\n([^]*?)\n## `).exec(page) ?? [];
  return [...text.matchAll(/^\| (`[^|]*?) *\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

test('docs/opentelemetry.md names each metric and each attribute, and no others', () => {
  const named = [...namesBelow('Metrics'), ...namesBelow('Spans')];
  const known = [...Object.values(METRICS), ...Object.values(ATTRIBUTES)];
  expect([...new Set(named)].toSorted()).toEqual(known.toSorted());
});
