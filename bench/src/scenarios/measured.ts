import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { HankoInstrumentation } from 'nestjs-hanko/opentelemetry';
import { hitMicros } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { nestjsHanko } from '../contenders/nestjs-hanko.js';
import { Guard } from '../isolated/guard.js';
import { contextWith } from '../isolated/http-context.js';
import { measureApart } from '../isolated/isolated.js';
import { Figures, type Report } from '../report/figure.js';
import type { Settings } from '../settings.js';

interface Input {
  readonly hanko: HankoSettings;
  readonly token: string;
  readonly size: Settings['guardAlone'];
}

/** Microseconds per call, one number for each round. */
interface Output {
  readonly off: number[];
  readonly on: number[];
}

/** One app in one process: in every other round the instrumentation listens. */
export async function measure({ hanko, token, size }: Input): Promise<Output> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const instrumentation = new HankoInstrumentation({ enabled: false });
  const guard = await Guard.start(nestjsHanko.id, hanko);
  const newContext = () => contextWith('bearer', token);
  const turns = { off: () => instrumentation.disable(), on: () => instrumentation.enable() };
  const output: Output = { off: [], on: [] };
  for (const name of ['on', 'off'] as const) {
    turns[name]();
    await guard.warmUp(newContext, true);
  }
  for (let round = 0; round < size.rounds; round += 1) {
    for (const name of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
      const contexts = Array.from({ length: size.callsPerRound }, newContext);
      turns[name]();
      output[name].push(await guard.time(contexts, true));
    }
  }
  instrumentation.disable();
  await guard.stop();
  return output;
}

export const measured: Scenario = {
  name: 'measured',
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const input: Input = {
      hanko: jwks.settingsFor(nestjsHanko.id),
      token: tokens.at(0),
      size: settings.guardAlone,
    };
    const { off, on } = await measureApart<Output>(import.meta.url, input, execPath);
    const figures = new Figures(measured.name);
    const name = `${nestjsHanko.name}: with OpenTelemetry`;
    const added = on.map((micros, round) => micros - (off[round] ?? Number.NaN));
    figures.add(`${nestjsHanko.name}: nobody listens`, 'callMicros', off, { bar: hitMicros });
    figures.add(name, 'callMicros', on);
    figures.add(name, 'addedMicros', added);
    return {
      scenario: measured.name,
      what: '`canActivate()` alone, no HTTP: a known token, while nobody listens, and while `HankoInstrumentation` counts and measures with the SDK of OpenTelemetry.',
      figures: figures.all,
      notes: [],
    };
  },
};
