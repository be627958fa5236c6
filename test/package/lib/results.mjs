// Counts steps and draws them as tables.

import { SECOND } from './processes.mjs';

// Of a failed step's output: some tools say what is wrong first, others last.
const SHOWN_FIRST = 12;
const SHOWN_LAST = 20;
export const counts = { passed: 0, failed: 0 };

/** @type {Map<string, { columns: string[], rows: Map<string, Map<string, string>> }>} */
const tables = new Map();

/** Columns appear in the order given here, whatever runs first. */
export function defineTable(name, columns) {
  tables.set(name, { columns, rows: new Map() });
}

export function mark(table, row, column, text) {
  const { rows } = tables.get(table);
  if (!rows.has(row)) rows.set(row, new Map());
  rows.get(row).set(column, text);
}

/**
 * Runs and reports one step, which fails by throwing; says whether it passed.
 *
 * @param cell where it stands: table, row (or rows, if it counts for several) and column.
 * @param good what the table says if it passes.
 */
export async function step({ table, row, column }, action, good = 'ok') {
  const rows = [row].flat();
  const startedAt = Date.now();
  const error = await Promise.resolve()
    .then(action)
    .then(
      () => undefined,
      (cause) => cause,
    );
  const name = `${rows[0]}: ${column}`;
  const duration = `${((Date.now() - startedAt) / SECOND).toFixed(1)} s`;
  counts[error ? 'failed' : 'passed'] += 1;
  for (const each of rows) mark(table, each, column, error ? 'FAIL' : good);
  console.log(
    error
      ? `FAIL  ${name} (${duration})`
      : `ok    ${name}${good === 'ok' ? '' : ` ${good}`} (${duration})`,
  );
  if (error) {
    const lines = String(error.message).trim().split('\n');
    const left = lines.length - SHOWN_FIRST - SHOWN_LAST;
    if (left > 0) lines.splice(SHOWN_FIRST, left, `… ${left} lines …`);
    for (const line of lines) console.log(`      ${line}`);
  }
  return !error;
}

export function note(text) {
  for (const line of text.split('\n')) console.log(`note  ${line}`);
}

export function printTables() {
  for (const [name, { columns, rows }] of tables) {
    if (rows.size === 0) continue;
    const used = columns.filter((column) => [...rows.values()].some((cells) => cells.has(column)));
    const lines = [
      [name, ...used],
      ...[...rows].map(([row, cells]) => [row, ...used.map((column) => cells.get(column) ?? '–')]),
    ];
    const widths = lines[0].map((_, index) => Math.max(...lines.map((line) => line[index].length)));
    const draw = (line) =>
      `| ${line.map((text, index) => text.padEnd(widths[index])).join(' | ')} |`;
    lines.splice(
      1,
      0,
      widths.map((width) => '-'.repeat(width)),
    );
    console.log(`\n${lines.map(draw).join('\n')}`);
  }
  console.log();
}
