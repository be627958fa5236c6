import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type Attributes,
  diag,
  type MeterProvider,
  metrics,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import {
  HANKO_CHANNELS,
  type HankoAuthenticationMessage,
  type HankoConnectionMessage,
  type HankoJwksMessage,
  type HankoSessionMessage,
  type HankoWebhookMessage,
} from '../diagnostics/channels.js';
import { HANKO_INSTRUMENTATION } from '../hanko.constants.js';
import type { HankoHealthReport } from '../health/hanko-health.js';
import { runningApps } from '../health/running-apps.js';
import { describeError } from '../util/describe-error.js';
import { VERSION } from '../util/version.js';
import { checkConfig, type HankoInstrumentationConfig } from './config.js';
import { type Instruments, makeInstruments } from './instruments.js';
import { ATTRIBUTES } from './names.js';

/** One for the process: two would count everything twice. */
const registry = globalThis as { [HANKO_INSTRUMENTATION]?: object | undefined };

/**
 * Counts and measures what nestjs-hanko decides, and writes the outcome to the span that is active then: metrics `hanko.…`, and
 * attributes. It makes no spans. No token, cookie, address or claim ever gets into them.
 *
 * It is an instrumentation as OpenTelemetry's SDK takes them, and works from where it is made:
 *
 * ```ts
 * // instrumentation.ts, loaded before the app: node --import ./dist/instrumentation.js dist/main.js
 * import { registerInstrumentations } from '@opentelemetry/instrumentation'; // or NodeSDK, which takes them, too
 * import { HankoInstrumentation } from 'nestjs-hanko/opentelemetry';
 *
 * registerInstrumentations({ instrumentations: [new HankoInstrumentation()] });
 * ```
 */
export class HankoInstrumentation {
  /** Name by which OpenTelemetry knows this instrumentation: `nestjs-hanko`. */
  readonly instrumentationName: string = 'nestjs-hanko';
  /** Version by which OpenTelemetry knows this instrumentation: the one of nestjs-hanko. */
  readonly instrumentationVersion: string = VERSION;
  private config: Required<HankoInstrumentationConfig>;
  /** null: the global one, whatever it is when something happens. */
  private provider: MeterProvider | null = null;
  private instruments: Instruments | null = null;
  /** What `instruments` are of. */
  private providerInUse: MeterProvider | null = null;
  /** Tenants that metrics name: callers can make up others. */
  private readonly tenants = new Set<string>();
  /** Failures that were told: each is told once. */
  private readonly told = new Set<string>();

  private readonly listeners = {
    [HANKO_CHANNELS.authentication]: this.guarded((message) =>
      this.onAuthentication(message as HankoAuthenticationMessage),
    ),
    [HANKO_CHANNELS.session]: this.guarded((message) =>
      this.onSession(message as HankoSessionMessage),
    ),
    [HANKO_CHANNELS.jwks]: this.guarded((message) => this.onJwks(message as HankoJwksMessage)),
    [HANKO_CHANNELS.webhook]: this.guarded((message) =>
      this.onWebhook(message as HankoWebhookMessage),
    ),
    [HANKO_CHANNELS.connection]: this.guarded((message) =>
      this.onConnection(message as HankoConnectionMessage),
    ),
  };

  /**
   * Begins to count and measure, unless `enabled` is false.
   * @param config whether it begins at once (default true), and whether spans name users and sessions (default false).
   * @throws HankoConfigurationError `configuration_invalid` for an unknown or wrong option
   */
  constructor(config: HankoInstrumentationConfig = {}) {
    this.config = checkConfig(config);
    if (this.config.enabled) this.enable();
  }

  /** Begins to count and measure. A second instrumentation in one process does nothing, and says so through OpenTelemetry's `diag`. */
  enable(): void {
    const other = registry[HANKO_INSTRUMENTATION];
    if (other !== undefined) {
      if (other !== this) {
        diag.warn(
          'HankoInstrumentation is loaded twice, and only the first one counts. Make it in one place, before the app.',
        );
      }
      return;
    }
    registry[HANKO_INSTRUMENTATION] = this;
    this.config = { ...this.config, enabled: true };
    for (const [name, listener] of Object.entries(this.listeners)) subscribe(name, listener);
    this.observe();
  }

  /** Counts and measures no more. */
  disable(): void {
    if (registry[HANKO_INSTRUMENTATION] !== this) return;
    registry[HANKO_INSTRUMENTATION] = undefined;
    this.config = { ...this.config, enabled: false };
    for (const [name, listener] of Object.entries(this.listeners)) unsubscribe(name, listener);
    this.instruments?.close();
    this.instruments = null;
    this.providerInUse = null;
  }

  /** Takes the meters of this provider. Without it, those of the global provider are used, also of one that is set later. */
  setMeterProvider(provider: MeterProvider): void {
    // The SDK hands over the global one, before it has set its own.
    this.provider = provider === metrics.getMeterProvider() ? null : provider;
    if (registry[HANKO_INSTRUMENTATION] === this) this.observe();
  }

  /** Is there because OpenTelemetry calls it: attributes go to the span that is active, and no spans are made. */
  setTracerProvider(_provider: TracerProvider): void {}

  /**
   * Replaces the options that say what spans name. Use `enable()` and `disable()` for whether it counts.
   * @throws HankoConfigurationError `configuration_invalid` for an unknown or wrong option
   */
  setConfig(config: HankoInstrumentationConfig): void {
    this.config = { ...checkConfig(config), enabled: this.config.enabled };
  }

  /** Returns the options, with defaults. */
  getConfig(): HankoInstrumentationConfig {
    return this.config;
  }

  private onAuthentication(message: HankoAuthenticationMessage): void {
    const { outcome, durationMs } = message;
    const { decisions, verification } = this.current();
    if (outcome === 'authenticated') this.meet(message);
    const ofTenant = this.tenantOf(message);
    // A new object each time: the SDK keeps the one that it gets first.
    if (durationMs !== undefined) {
      verification.record(durationMs / 1_000, { [ATTRIBUTES.outcome]: outcome, ...ofTenant });
    }
    decisions.add(1, {
      [ATTRIBUTES.outcome]: outcome,
      ...(outcome === 'authenticated' && { [ATTRIBUTES.source]: message.source }),
      ...(outcome === 'refused' && { [ATTRIBUTES.errorType]: message.code }),
      ...ofTenant,
    });

    const span = trace.getActiveSpan();
    if (span?.isRecording() !== true) return;
    span.setAttribute(ATTRIBUTES.outcome, outcome);
    span.setAttributes(this.namedTenant(message));
    if (outcome === 'authenticated') span.setAttribute(ATTRIBUTES.source, message.source);
    if (outcome === 'refused') span.setAttribute(ATTRIBUTES.code, message.code);
    if (outcome === 'anonymous') return;
    const { userId, sessionId } = message;
    if (this.config.userId && userId !== undefined) span.setAttribute(ATTRIBUTES.userId, userId);
    if (this.config.sessionId && sessionId !== undefined)
      span.setAttribute(ATTRIBUTES.sessionId, sessionId);
  }

  private onSession(message: HankoSessionMessage): void {
    this.current().validation.record(message.durationMs / 1_000, {
      [ATTRIBUTES.sessionOutcome]: message.outcome,
      ...errorTypeOf(message),
      ...this.tenantOf(message),
    });
  }

  private onJwks(message: HankoJwksMessage): void {
    this.current().fetch.record(message.durationMs / 1_000, {
      [ATTRIBUTES.fetchOutcome]: message.outcome,
      ...errorTypeOf(message),
      ...this.tenantOf(message),
    });
  }

  private onWebhook(message: HankoWebhookMessage): void {
    const attributes: Attributes = {
      [ATTRIBUTES.webhookOutcome]: message.outcome,
      ...(message.outcome !== 'refused' && { [ATTRIBUTES.webhookEvent]: message.event }),
    };
    this.current().deliveries.add(1, { ...attributes, ...this.tenantOf(message) });
    const span = trace.getActiveSpan();
    if (span?.isRecording() === true) {
      span.setAttributes({ ...attributes, ...this.namedTenant(message) });
    }
  }

  private onConnection(message: HankoConnectionMessage): void {
    if (message.outcome !== 'ended') return;
    this.current().ended.add(1, {
      [ATTRIBUTES.errorType]: message.code,
      ...this.tenantOf(message),
    });
  }

  private meet({ tenantId }: OfTenant): void {
    if (tenantId !== undefined && this.tenants.size < MAX_TENANTS) this.tenants.add(tenantId);
  }

  /** For a metric, whose attributes must be few. */
  private tenantOf(message: OfTenant): Attributes {
    const { tenantId } = message;
    return tenantId !== undefined && this.tenants.has(tenantId) ? this.namedTenant(message) : {};
  }

  /** For a span. */
  private namedTenant({ tenantId }: OfTenant): Attributes {
    return this.config.tenantId && tenantId !== undefined
      ? { [ATTRIBUTES.tenantId]: tenantId }
      : {};
  }

  /** The API has no meters that follow a provider which is set later, as it has for tracers. */
  private current(): Instruments {
    const provider = this.provider ?? metrics.getMeterProvider();
    if (this.instruments === null || this.providerInUse !== provider) {
      this.instruments?.close();
      this.instruments = makeInstruments(provider, () => this.reports());
      this.providerInUse = provider;
    }
    return this.instruments;
  }

  /** What is observed begins without an event. */
  private observe(): void {
    this.guarded(() => void this.current())(undefined);
  }

  private reports(): readonly HankoHealthReport[] {
    const reports: HankoHealthReport[] = [];
    for (const app of runningApps<HankoHealthReport>()) {
      this.guarded(() => void reports.push(app.report()))(undefined);
    }
    return reports;
  }

  /** What a subscriber of a channel throws ends the process. */
  private guarded(listener: (message: unknown) => void): (message: unknown) => void {
    return (message) => {
      try {
        listener(message);
      } catch (error) {
        this.tell(error);
      }
    };
  }

  private tell(error: unknown): void {
    const text = `nestjs-hanko cannot be measured: ${describeError(error)}`;
    if (this.told.has(text) || this.told.size >= MAX_TOLD) return;
    this.told.add(text);
    diag.error(text);
  }
}

type OfTenant = Pick<HankoJwksMessage, 'tenantId'>;

/** Each is a time series. */
const MAX_TENANTS = 1_000;

const MAX_TOLD = 10;

const errorTypeOf = (message: HankoSessionMessage | HankoJwksMessage): Attributes =>
  message.outcome === 'failed' ? { [ATTRIBUTES.errorType]: message.errorType } : {};
