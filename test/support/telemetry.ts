import { context, metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A point of a metric: its attributes, and its value, or how many were measured and what they add up to. */
export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number | { readonly count: number; readonly sum: number };
}

/** The real SDK, as an app sets it up, with exporters that keep what they get. */
export class Telemetry implements AsyncDisposable {
  readonly meters: MeterProvider;
  private readonly spanExporter = new InMemorySpanExporter();
  private readonly metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  private readonly tracers = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.spanExporter)],
  });

  constructor() {
    const never = 2 ** 30;
    this.meters = new MeterProvider({
      readers: [
        new PeriodicExportingMetricReader({
          exporter: this.metricExporter,
          exportIntervalMillis: never,
        }),
      ],
    });
  }

  /** Makes it the one of the process, until it is disposed of. */
  register(): this {
    this.tracers.register();
    metrics.setGlobalMeterProvider(this.meters);
    return this;
  }

  /** What an instrumentation of HTTP does: a span that is active while a request is handled. */
  readonly spanPerRequest = (app: INestApplication): void => {
    app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const name = request.url?.replace(/\?.*$/, '') ?? '';
      trace.getTracer('test').startActiveSpan(name, (span) => {
        response.once('close', () => span.end());
        next();
      });
    });
  };

  get spans(): readonly ReadableSpan[] {
    return this.spanExporter.getFinishedSpans();
  }

  forgetSpans(): void {
    this.spanExporter.reset();
  }

  /** What a collector gets now; undefined if there is nothing. */
  async collect(): Promise<ResourceMetrics | undefined> {
    this.metricExporter.reset();
    await this.meters.forceFlush();
    return this.metricExporter.getMetrics()[0];
  }

  /** The metrics of nestjs-hanko, by name. */
  async metrics(): Promise<ReadonlyMap<string, MetricData>> {
    const { scopeMetrics = [] } = (await this.collect()) ?? {};
    const ours = scopeMetrics.filter(({ scope }) => scope.name === 'nestjs-hanko');
    return new Map(ours.flatMap((it) => it.metrics).map((it) => [it.descriptor.name, it]));
  }

  /** The points of a metric. */
  async points(name: string): Promise<readonly Point[]> {
    const found = (await this.metrics()).get(name);
    return (found?.dataPoints ?? []).map(({ attributes, value }) => {
      if (typeof value === 'number') return { attributes, value };
      const { count, sum = 0 } = value as { count: number; sum?: number };
      return { attributes, value: { count, sum } };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    trace.disable();
    context.disable();
    metrics.disable();
    await Promise.all([this.tracers.shutdown(), this.meters.shutdown()]);
  }
}
