import { Inject, Injectable, Optional } from '@nestjs/common';
import { HankoLiveSessions } from '../connections/live-sessions.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import type { SessionLiveness } from '../session/session-liveness.js';
import type { Hanko } from '../tenants/hanko.js';
import { Hankos } from '../tenants/hankos.js';
import { addRunning, removeRunning } from './running-apps.js';

/** The last failure of a part: when, and why, without an address. */
export interface HankoFailure {
  /** When it happened, by the clock of the app. */
  readonly at: Date;
  /** Why, in words for operators; for the keys with a guess at the cause. */
  readonly reason: string;
}

/** Whether this app can authenticate its callers, from what calls to Hanko have shown. */
export interface HankoHealthReport {
  /** When this report was made, by the clock of the app: what is older was seen before. */
  readonly at: Date;
  /**
   * Overall state of authentication in this app.
   *
   * - `up`: nothing is wrong.
   * - `degraded`: requests are answered, some from what was known before, or without asking.
   * - `down`: requests with a token get 503.
   *
   * It becomes `up` again without a request, so it may decide whether requests come (a readiness probe).
   */
  readonly status: 'up' | 'degraded' | 'down';
  /** The keys that verify tokens. */
  readonly keys: {
    /**
     * `pinned` by the option `jwks`; `fresh`; `stale`, the last good ones because they cannot be fetched;
     * `missing`; `unknown`, because a `JwksProvider` of the app's own does not say.
     */
    readonly state: 'pinned' | 'fresh' | 'stale' | 'missing' | 'unknown';
    /** When they were fetched: if they are stale, how old they are. */
    readonly fetchedAt: Date | null;
    readonly lastFailure: HankoFailure | null;
  };
  /** Sessions that were revoked before their tokens expired. */
  readonly revocations: {
    /** Revocations that this instance knows. */
    readonly known: number;
    /** The state of the store that instances share; `none` if there is none. */
    readonly store: 'none' | 'answering' | 'failing';
    readonly lastStoreFailureAt: Date | null;
  };
  /** Connections that end with their session. */
  readonly connections: {
    /** Sockets, subscriptions, streams and signals that are watched now. */
    readonly watched: number;
  };
  /** Questions to Hanko whether a session is alive. */
  readonly sessions: {
    /**
     * `unused` until a session policy asks; `failing` while sessions are refused unasked, because questions about
     * several of them had no reply. One question that failed is in `lastFailure` alone.
     */
    readonly state: 'unused' | 'answering' | 'failing';
    readonly lastAnswerAt: Date | null;
    readonly lastFailure: HankoFailure | null;
    /** When Hanko is asked again, because it did not reply; null while it is asked. */
    readonly retryAt: Date | null;
  };
  /**
   * How many tenants in memory are in which state. Absent in an app without tenants. `keys` and `sessions` are then those of
   * the tenant that is worst off; `status` is `down` only if that is so for every tenant, or for the store.
   */
  readonly tenants?: {
    readonly up: number;
    readonly degraded: number;
    readonly down: number;
  };
}

/**
 * Reports whether this app can authenticate its callers, for readiness probes and metrics. It makes no network calls:
 * the report is made from what requests and background fetches observed.
 *
 * ```ts
 * const { status, keys } = app.get(HankoHealth).report(); // or inject HankoHealth into a controller
 * if (status === 'down') throw new ServiceUnavailableException(keys.lastFailure?.reason);
 * ```
 */
@Injectable()
export class HankoHealth {
  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(Hankos) private readonly hankos: Hankos,
    @Inject(HankoRevocation) private readonly revocation: HankoRevocation,
    @Optional()
    @Inject(HankoLiveSessions)
    private readonly live: HankoLiveSessions | null = null,
  ) {}

  /**
   * Notes that the app runs. Nest calls it; it is left out of the types, so there is no `implements OnModuleInit`.
   * @internal
   */
  onModuleInit(): void {
    addRunning(this);
  }

  /**
   * Notes that the app is closing. Nest calls it, as `onModuleInit`.
   * @internal
   */
  onModuleDestroy(): void {
    removeRunning(this);
  }

  /** Reports the state at this moment. It makes no network calls and returns no promise. */
  report(): HankoHealthReport {
    const reports = this.hankos.all().map((hanko) => this.reportOn(hanko));
    const [only = this.nobody()] = reports;
    return this.hankos.hasTenants ? summary(reports, this.nobody()) : only;
  }

  /**
   * Reports the state of one tenant at this moment. It makes no network calls and returns no promise.
   * @param tenantId as `user.tenantId` says it.
   * @returns null for a tenant that is not in memory: nobody has asked for it lately.
   */
  tenantReport(tenantId: string): HankoHealthReport | null {
    const hanko = this.hankos.hasTenants ? this.hankos.known(tenantId) : undefined;
    return hanko === undefined ? null : this.reportOn(hanko);
  }

  private reportOn({ jwks, liveness }: Hanko): HankoHealthReport {
    return this.reportWith(keysOf(jwks), this.sessions(liveness));
  }

  /** No tenant was asked for yet. */
  private nobody(): HankoHealthReport {
    return this.reportWith({ state: 'unknown', fetchedAt: null, lastFailure: null }, UNUSED);
  }

  private reportWith(
    keys: HankoHealthReport['keys'],
    sessions: HankoHealthReport['sessions'],
  ): HankoHealthReport {
    const revocations = this.revocations();
    return {
      at: new Date(this.options.now()),
      status: this.status(keys, sessions, revocations),
      keys,
      sessions,
      revocations,
      connections: { watched: this.live?.size ?? 0 },
    };
  }

  private status(
    keys: HankoHealthReport['keys'],
    sessions: HankoHealthReport['sessions'],
    { store }: HankoHealthReport['revocations'],
  ): HankoHealthReport['status'] {
    const { session, revocation } = this.options;
    const isDown =
      keys.state === 'missing' ||
      (sessions.state === 'failing' && session?.onUnavailable === 'reject') ||
      (store === 'failing' && revocation.onUnavailable === 'reject');
    if (isDown) return 'down';
    const isDegraded =
      keys.state === 'stale' || sessions.state === 'failing' || store === 'failing';
    return isDegraded ? 'degraded' : 'up';
  }

  private revocations(): HankoHealthReport['revocations'] {
    const { entries, store, storeFailedAt } = this.revocation.status;
    return { known: entries, store, lastStoreFailureAt: dateOf(storeFailedAt) };
  }

  private sessions({ status }: SessionLiveness): HankoHealthReport['sessions'] {
    if (status === null || (status.answeredAt === null && status.failedAt === null)) return UNUSED;
    const { answeredAt, failedAt, failure, retryInMs, isFailing } = status;
    return {
      state: isFailing ? 'failing' : 'answering',
      lastAnswerAt: dateOf(answeredAt),
      lastFailure: failureOf(failedAt, failure),
      retryAt: retryInMs > 0 ? new Date(this.options.now() + retryInMs) : null,
    };
  }
}

const UNUSED = {
  state: 'unused',
  lastAnswerAt: null,
  lastFailure: null,
  retryAt: null,
} as const satisfies HankoHealthReport['sessions'];

function keysOf(jwks: JwksProvider): HankoHealthReport['keys'] {
  const status = jwks.status?.();
  if (status === undefined) return { state: 'unknown', fetchedAt: null, lastFailure: null };
  const { state, fetchedAt, failedAt, failure } = status;
  return { state, fetchedAt: dateOf(fetchedAt), lastFailure: failureOf(failedAt, failure) };
}

/** One tenant that is down is down alone. */
function summary(
  reports: readonly HankoHealthReport[],
  nobody: HankoHealthReport,
): HankoHealthReport {
  const count = (status: HankoHealthReport['status']): number =>
    reports.filter((report) => report.status === status).length;
  const tenants = { up: count('up'), degraded: count('degraded'), down: count('down') };
  const isAllDown = tenants.down > 0 && tenants.down === reports.length;
  const isDegraded = tenants.down + tenants.degraded > 0 || nobody.status === 'degraded';
  return {
    ...nobody,
    status: nobody.status === 'down' || isAllDown ? 'down' : isDegraded ? 'degraded' : 'up',
    keys:
      worst(
        reports.map(({ keys }) => keys),
        KEYS_BY_STATE,
      ) ?? nobody.keys,
    sessions:
      worst(
        reports.map(({ sessions }) => sessions),
        SESSIONS_BY_STATE,
      ) ?? nobody.sessions,
    tenants,
  };
}

/** The worst first. */
const KEYS_BY_STATE = ['missing', 'stale', 'unknown', 'fresh', 'pinned'] as const;
const SESSIONS_BY_STATE = ['failing', 'answering', 'unused'] as const;

const worst = <State extends string, Part extends { readonly state: State }>(
  parts: readonly Part[],
  states: readonly State[],
): Part | undefined =>
  parts.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state))[0];

const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time));

const failureOf = (at: number | null, reason: string | null): HankoFailure | null =>
  at === null || reason === null ? null : { at: new Date(at), reason };
