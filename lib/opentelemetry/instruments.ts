import type {
  BatchObservableResult,
  Counter,
  Histogram,
  MeterProvider,
  MetricOptions,
  Observable,
  ObservableGauge,
} from '@opentelemetry/api';
import type { HankoHealthReport } from '../health/hanko-health.js';
import { VERSION } from '../util/version.js';
import { ATTRIBUTES, METRICS } from './names.js';

/** A known token takes microseconds, a new signature about a millisecond, and a call to Hanko as long as that takes. */
const VERIFICATION_SECONDS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
  0.25, 0.5, 1, 2.5, 5,
];

/** The buckets that the semantic conventions give for calls by HTTP. */
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const STATES = ['up', 'degraded', 'down'] as const;

/** What events are counted and measured with. */
export interface Instruments {
  readonly decisions: Counter;
  readonly verification: Histogram;
  readonly validation: Histogram;
  readonly fetch: Histogram;
  readonly deliveries: Counter;
  readonly ended: Counter;
  /** Observes nothing any more. */
  close(): void;
}

/** @param reports asks the apps of this process how they are, when metrics are collected. */
export function makeInstruments(
  provider: MeterProvider,
  reports: () => readonly HankoHealthReport[],
): Instruments {
  const meter = provider.getMeter('nestjs-hanko', VERSION);
  const counter = (name: string, unit: string, description: string): Counter =>
    meter.createCounter(name, { unit, description });
  const histogram = (name: string, description: string, seconds: number[]): Histogram =>
    meter.createHistogram(name, {
      unit: 's',
      description,
      advice: { explicitBucketBoundaries: seconds },
    });
  const options = (unit: string, description: string): MetricOptions => ({ unit, description });

  const keyAge = meter.createObservableGauge(
    METRICS.keyAge,
    options('s', "Time since Hanko's keys were fetched"),
  );
  const revocations = meter.createObservableGauge(
    METRICS.revocations,
    options('{revocation}', 'Revocations that this instance knows'),
  );
  const connections = meter.createObservableUpDownCounter(
    METRICS.connections,
    options('{connection}', 'Sockets, subscriptions, streams and signals that are watched'),
  );
  const health = meter.createObservableUpDownCounter(
    METRICS.health,
    options('{app}', 'Apps of this process in each state'),
  );
  const observed: Observable[] = [keyAge, revocations, connections, health];
  const observe = (result: BatchObservableResult): void => {
    const now = reports();
    observeMost(result, keyAge, now.flatMap(ageOfKeys));
    // Apps of one process that share a store know the same ones.
    observeMost(
      result,
      revocations,
      now.map((report) => report.revocations.known),
    );
    result.observe(connections, sum(now.map((report) => report.connections.watched)));
    for (const state of STATES) {
      const count = now.filter(({ status }) => status === state).length;
      result.observe(health, count, { [ATTRIBUTES.healthState]: state });
    }
  };
  meter.addBatchObservableCallback(observe, observed);

  return {
    decisions: counter(METRICS.decisions, '{decision}', 'Calls that were let in or refused'),
    verification: histogram(
      METRICS.verification,
      'Time from a credential to the verdict on it',
      VERIFICATION_SECONDS,
    ),
    validation: histogram(
      METRICS.validation,
      'Time to ask Hanko whether a session is alive',
      CALL_SECONDS,
    ),
    fetch: histogram(METRICS.fetch, "Time to fetch Hanko's keys", CALL_SECONDS),
    deliveries: counter(METRICS.deliveries, '{delivery}', 'Webhooks that were received'),
    ended: counter(METRICS.ended, '{connection}', 'Connections that ended with their session'),
    close: () => meter.removeBatchObservableCallback(observe, observed),
  };
}

/** Observes the app with the most, of several in one process. */
function observeMost(
  result: BatchObservableResult,
  gauge: ObservableGauge,
  values: readonly number[],
): void {
  if (values.length > 0) result.observe(gauge, Math.max(...values));
}

/** In seconds. Keys that were never fetched have no age. */
const ageOfKeys = ({ at, keys }: HankoHealthReport): readonly number[] =>
  keys.fetchedAt === null ? [] : [Math.max(0, at.getTime() - keys.fetchedAt.getTime()) / 1_000];

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
