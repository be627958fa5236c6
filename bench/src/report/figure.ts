import type { Bar } from '../bars.js';
import type { Platform } from '../contenders/contender.js';
import { spreadOf, type Spread } from './statistics.js';

/** What is measured, and how it is written. */
export const METRICS = {
  ratio: { heading: 'of no guard', digits: 2, showsSpread: true },
  baseRatio: { heading: 'of its base', digits: 2, showsSpread: true },
  requestsPerSecond: { heading: 'req/s', digits: 0, showsSpread: false },
  cpuMicros: { heading: 'CPU µs/req', digits: 0, showsSpread: false },
  addedCpuMicros: { heading: 'added CPU µs/req', digits: 0, showsSpread: true },
  userMicros: { heading: 'of it in user mode', digits: 0, showsSpread: true },
  p50Ms: { heading: 'p50 ms', digits: 1, showsSpread: false },
  p99Ms: { heading: 'p99 ms', digits: 1, showsSpread: false },
  pingP50Ms: { heading: '`/ping` p50 ms', digits: 1, showsSpread: false },
  pingP99Ms: { heading: '`/ping` p99 ms', digits: 1, showsSpread: true },
  callMicros: { heading: 'µs per call', digits: 2, showsSpread: true },
  addedMicros: { heading: 'added µs', digits: 2, showsSpread: true },
  connectMicros: { heading: 'µs per connection', digits: 0, showsSpread: true },
  connectionBytes: { heading: 'bytes per connection', digits: 0, showsSpread: false },
  beforeMicros: { heading: 'hit before, µs', digits: 1, showsSpread: true },
  afterMicros: { heading: 'hit after, µs', digits: 1, showsSpread: true },
  heldMegabytes: { heading: 'MB held', digits: 1, showsSpread: false },
  bytesPerEntry: { heading: 'bytes per token sent', digits: 0, showsSpread: false },
  firstRoundMicros: { heading: 'first time round, µs', digits: 1, showsSpread: false },
  secondRoundMicros: { heading: 'second time round, µs', digits: 1, showsSpread: false },
  jwksFetches: { heading: 'JWKS fetches', digits: 0, showsSpread: false },
  jwksFetchesPerCooldown: { heading: 'per cooldown begun', digits: 1, showsSpread: false },
} as const satisfies Record<string, Metric>;

interface Metric {
  readonly heading: string;
  readonly digits: number;
  /** Whether tables show the lowest and the highest round. */
  readonly showsSpread: boolean;
}

export type MetricName = keyof typeof METRICS;

/** One number of one row, as it stands in tables and in results.json. */
export interface Figure extends Spread {
  readonly scenario: string;
  /** Undefined where there is no HTTP. */
  readonly platform: Platform | undefined;
  /** The row: mostly a contender. */
  readonly subject: string;
  readonly metric: MetricName;
  readonly bar: Bar | undefined;
}

/** What a scenario found. */
export interface Report {
  readonly scenario: string;
  /** One line: what was done. */
  readonly what: string;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** Collects the figures of a scenario. */
export class Figures {
  readonly all: Figure[] = [];

  constructor(private readonly scenario: string) {}

  /**
   * @param values one of each round.
   * @throws RangeError if the median is no number.
   */
  add(
    subject: string,
    metric: MetricName,
    values: number | readonly number[],
    { platform, bar }: { platform?: Platform | undefined; bar?: Bar | undefined } = {},
  ): void {
    const spread = spreadOf(typeof values === 'number' ? [values] : values);
    if (!Number.isFinite(spread.median)) throw new RangeError(`${subject}: ${metric} is no number`);
    this.all.push({ scenario: this.scenario, platform, subject, metric, ...spread, bar });
  }
}
