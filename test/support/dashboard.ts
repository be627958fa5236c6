import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { root } from './api-program.js';

/** What a query asks for: names of metrics as a regular expression, and labels of them that it reads. */
export interface Asked {
  readonly query: string;
  readonly name: RegExp;
  readonly labels: readonly string[];
}

/** Each series that a dashboard asks for. */
export function askedBy(file: string): readonly Asked[] {
  const text = readFileSync(join(root, file), 'utf8');
  const queries = [...text.matchAll(/"(?:expr|query)": ("(?:[^"\\]|\\.)*")/g)].map(
    ([, json = '""']) => JSON.parse(json) as string,
  );
  return queries.filter((query) => query.includes('hanko_')).flatMap(askedIn);
}

function askedIn(query: string): readonly Asked[] {
  const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(/, ?/),
  );
  const legend = grouped.filter((label) => label !== 'le');
  const selectors = [...query.matchAll(/(hanko_\w+)?\{([^}]*)\}/g)];
  const bare = [...query.matchAll(/label_values\((\w+), \w+\)/g)].map(([, name = '']) => ({
    query,
    name: new RegExp(`^${name}$`),
    labels: [],
  }));
  return [
    ...bare,
    ...selectors.map(([, name, list = '']) => {
      const matchers = [...list.matchAll(/(\w+)(=~|=|!=|!~)"([^"]*)"/g)];
      const byName = matchers.find(([, label]) => label === '__name__')?.[3];
      const labels = matchers.map(([, label = '']) => label);
      return {
        query,
        name: new RegExp(`^${name ?? byName ?? ''}$`),
        labels: [...labels.filter((label) => !['__name__', 'job'].includes(label)), ...legend],
      };
    }),
  ];
}

/**
 * Names and labels as Prometheus has them: from the exporter of OpenTelemetry's SDK, which is scraped; and from a collector or
 * Prometheus' own receiver, which write the unit into the name.
 */
export function seriesOf(metrics: ResourceMetrics): ReadonlyMap<string, ReadonlySet<string>> {
  const units = new Map<string, string>(
    metrics.scopeMetrics.flatMap((scope) =>
      scope.metrics.map(({ descriptor }) => [
        descriptor.name.replaceAll('.', '_'),
        descriptor.unit === 's' ? '_seconds' : '',
      ]),
    ),
  );
  const series = new Map<string, Set<string>>();
  const add = (name: string, labels: readonly string[]): void => {
    series.set(name, new Set([...(series.get(name) ?? []), ...labels]));
  };
  for (const line of new PrometheusSerializer().serialize(metrics).split('\n')) {
    const [, name = '', list = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (!name.startsWith('hanko_')) continue;
    const labels = [...list.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
    add(name, labels);
    const base = name.replace(/_(?:total|bucket|count|sum)$/, '');
    const known = units.has(name) ? name : base;
    add(known + (units.get(known) ?? '') + name.slice(known.length), labels);
  }
  return series;
}
