import { type Bar, isMet } from '../bars.js';
import { type Figure, METRICS, type MetricName, type Report } from './figure.js';
import type { Spread } from './statistics.js';

/** A scenario as Markdown: one table for each platform. */
export function reportText({ scenario, what, figures, notes }: Report): string {
  const platforms = [...new Set(figures.map((figure) => figure.platform))];
  const tables = platforms.map((platform) => {
    const own = figures.filter((figure) => figure.platform === platform);
    return (platform === undefined ? '' : `### ${platform}\n\n`) + figuresTable(own);
  });
  return [`## ${scenario}`, what, ...tables, ...notes.map((note) => `> ${note}`)].join('\n\n');
}

/** Rows are subjects, columns are metrics, in the order in which they come. */
function figuresTable(figures: readonly Figure[]): string {
  const subjects = [...new Set(figures.map(({ subject }) => subject))];
  const metrics = [...new Set(figures.map(({ metric }) => metric))];
  const hasBars = figures.some(({ bar }) => bar !== undefined);
  const rows = subjects.map((subject) => {
    const own = figures.filter((figure) => figure.subject === subject);
    const cells = metrics.map((metric) => {
      const figure = own.find((candidate) => candidate.metric === metric);
      return figure === undefined ? '' : cellText(metric, figure);
    });
    return [subject, ...cells, ...(hasBars ? [own.map(barText).filter(Boolean).join(', ')] : [])];
  });
  const headings = metrics.map((metric) => METRICS[metric].heading);
  return table([['', ...headings, ...(hasBars ? ['bar'] : [])], ...rows]);
}

export function cellText(metric: MetricName, { median, min, max }: Spread): string {
  const { showsSpread } = METRICS[metric];
  const text = number(metric, median);
  if (!showsSpread || min === max) return text;
  return `${text} [${number(metric, min)}–${number(metric, max)}]`;
}

export function barText({ metric, median, bar }: Figure): string {
  if (bar === undefined) return '';
  const { sense, limit, whose }: Bar = bar;
  const text = `${sense === 'at least' ? '≥' : '≤'} ${number(metric, limit)}`;
  return `${text}${whose ? ` (${whose})` : ''} ${isMet(bar, median) ? 'ok' : '**MISSED**'}`;
}

const number = (metric: MetricName, value: number): string =>
  value.toLocaleString('en-US', {
    minimumFractionDigits: METRICS[metric].digits,
    maximumFractionDigits: METRICS[metric].digits,
  });

/** The first column to the left, the others to the right; padded as prettier does. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const pad = (row: readonly string[]): string =>
    `| ${row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [pad(head), pad(rule), ...body.map(pad)].join('\n');
}
