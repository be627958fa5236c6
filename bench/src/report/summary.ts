import { isMet } from '../bars.js';
import type { Platform } from '../contenders/contender.js';
import { httpContenders } from '../contenders/index.js';
import { type Figure, METRICS, type MetricName } from './figure.js';
import { barText, cellText, table } from './markdown.js';

/** Columns of the short table that the README shows. */
const COLUMNS: readonly {
  readonly heading: string;
  readonly scenario: string;
  readonly metric: MetricName;
  readonly platform: Platform;
}[] = [
  { heading: 'Express, warm', scenario: 'warm', metric: 'ratio', platform: 'express' },
  { heading: 'Fastify, warm', scenario: 'warm', metric: 'ratio', platform: 'fastify' },
  { heading: 'user CPU, µs', scenario: 'warm', metric: 'userMicros', platform: 'fastify' },
  { heading: 'first seen', scenario: 'first-seen', metric: 'ratio', platform: 'fastify' },
  {
    heading: '`/ping` p99 under forged flood, ms',
    scenario: 'forged',
    metric: 'pingP99Ms',
    platform: 'fastify',
  },
];

/** One row for each contender. */
export function shortTable(figures: readonly Figure[]): string {
  const rows = httpContenders.map(({ name }) => [
    name,
    ...COLUMNS.map(({ scenario, metric, platform }) => {
      const found = figures.find(
        (figure) =>
          figure.subject === name &&
          figure.scenario === scenario &&
          figure.metric === metric &&
          figure.platform === platform,
      );
      return found === undefined ? '–' : cellText(metric, found);
    }),
  ]);
  return table([['', ...COLUMNS.map(({ heading }) => heading)], ...rows]);
}

/** All bars, missed ones last. */
export function barsText(figures: readonly Figure[]): string {
  const withBar = figures.flatMap((figure) => {
    const { bar, median } = figure;
    return bar === undefined ? [] : { figure, isMet: isMet(bar, median) };
  });
  const lines = withBar
    .toSorted((a, b) => Number(b.isMet) - Number(a.isMet))
    .map(({ figure }) => {
      const { scenario, platform, subject, metric } = figure;
      const where = platform === undefined ? scenario : `${scenario}, ${platform}`;
      const value = `${cellText(metric, figure)} (${METRICS[metric].heading})`;
      return [where, subject, value, barText(figure)];
    });
  const met = withBar.filter((entry) => entry.isMet).length;
  const heading = `## Bars: ${met} of ${withBar.length} met`;
  if (lines.length === 0) return heading;
  return `${heading}\n\n${table([['scenario', 'row', 'median', 'bar'], ...lines])}`;
}
