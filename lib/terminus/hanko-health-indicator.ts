import { Inject, Injectable, Optional } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { requireProvider } from '../auth/require-hanko-module.js';
import { HankoHealth, type HankoHealthReport } from '../health/hanko-health.js';

/** State of each part, which `HankoHealthIndicator` adds to `status`: words of `HankoHealthReport`, without times and reasons. */
export interface HankoHealthDetails {
  /** Whether this app can authenticate its callers. */
  readonly state: HankoHealthReport['status'];
  /** The keys that verify tokens. */
  readonly keys: HankoHealthReport['keys']['state'];
  /** Questions to Hanko whether a session is alive. */
  readonly sessions: HankoHealthReport['sessions']['state'];
  /** The store of revocations that instances share. */
  readonly store: HankoHealthReport['revocations']['store'];
  /** Present if it was asked for. */
  readonly report?: HankoHealthReport;
}

/** Options that the methods of `HankoHealthIndicator` take: how much they say. */
export interface HankoHealthIndicatorOptions {
  /**
   * Whether to add the whole report: when keys were fetched, what failed last and why, how many are revoked. Default false:
   * health checks are often public.
   */
  readonly report?: boolean;
}

/**
 * Tells Terminus how things stand with Hanko, from `HankoHealth`: it makes no network calls. Provide it in the module of your health
 * checks, which imports `TerminusModule`.
 *
 * ```ts
 * const ready = (health: HealthCheckService, hanko: HankoHealthIndicator) =>
 *   health.check([() => hanko.isReady()]); // 503 while requests with a token get 503
 * ```
 *
 * Terminus 12 has a status for `degraded`, which does not fail the check. On Terminus 11 it is `up`, and `state` tells it.
 */
@Injectable()
export class HankoHealthIndicator {
  private readonly health: HankoHealth;

  constructor(
    @Optional() @Inject(HankoHealth) health: HankoHealth | undefined,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {
    this.health = requireProvider(health, 'HankoHealthIndicator', 'which knows how things stand');
  }

  /**
   * Reports for readiness probes: `down`, and so 503, while requests with a token get 503. It becomes `up` again without a request, so a
   * load balancer may decide by it where requests go. `degraded` does not fail the check.
   *
   * @param key name of this part in the response. Default `hanko`.
   */
  isReady<const Key extends string = 'hanko'>(
    key: Key = 'hanko' as Key,
    options: HankoHealthIndicatorOptions = {},
  ): HealthIndicatorResult<Key> {
    const report = this.health.report();
    return this.result(key, report, report.status, options);
  }

  /**
   * Reports for liveness probes, and for a check that must not fail because of Hanko: never `down`. A restart would help nobody, and would
   * lose the keys that are cached. `state` says how things stand.
   *
   * @param key name of this part in the response. Default `hanko`.
   */
  isLive<const Key extends string = 'hanko'>(
    key: Key = 'hanko' as Key,
    options: HankoHealthIndicatorOptions = {},
  ): HealthIndicatorResult<Key> {
    const report = this.health.report();
    return this.result(key, report, report.status === 'up' ? 'up' : 'degraded', options);
  }

  private result<Key extends string>(
    key: Key,
    report: HankoHealthReport,
    status: HankoHealthReport['status'],
    options: HankoHealthIndicatorOptions,
  ): HealthIndicatorResult<Key> {
    const session: Session<Key> = this.indicators.check(key);
    const details: HankoHealthDetails = {
      state: report.status,
      keys: report.keys.state,
      sessions: report.sessions.state,
      store: report.revocations.store,
      ...(options.report === true && { report }),
    };
    const data = { ...details };
    if (status === 'down') return session.down(data);
    // Terminus 11 leaves out what is neither `up` nor `down`.
    if (status === 'up' || session.degraded === undefined) return session.up(data);
    return session.degraded(data);
  }
}

/** As Terminus 11 and 12 have it. */
interface Session<Key extends string> {
  up(data: Record<string, unknown>): HealthIndicatorResult<Key>;
  down(data: Record<string, unknown>): HealthIndicatorResult<Key>;
  degraded?(data: Record<string, unknown>): HealthIndicatorResult<Key>;
}
