import { Inject, Injectable, Logger, type OnModuleDestroy, Optional } from '@nestjs/common';
import {
  HankoConfigurationError,
  HankoTenantError,
  HankoTokenError,
  isHankoError,
} from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { MaybePromise } from '../util/maybe-promise.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import type { BudgetMember, SharedBudget } from '../util/shared-budget.js';
import { OneAtATime, type Question } from '../util/one-at-a-time.js';
import { RecentMap } from '../util/recent-map.js';
import type { HankoUser } from '../user/hanko-user.js';
import { SessionValidator, type ValidatorStatus } from './session-validator.js';
import type { SessionVerdict } from './session-verdict.js';

/** Hanko's last verdict on a session. Times are those of the question, in milliseconds since 1970. */
interface KnownSession {
  readonly isAlive: boolean;
  /** Whether it can never be alive again. */
  readonly hasEnded: boolean;
  readonly askedAt: number;
  /** When Hanko was last asked in a way that counts as activity; -Infinity if it never was. */
  readonly keptAliveAt: number;
}

/** Bounds the memory for verdicts. */
const MAX_KNOWN = 100_000;

/** A call to Hanko that has not finished. */
interface SessionQuestion extends Question<SessionVerdict> {
  isSent: boolean;
  readonly keepAlive: boolean;
  readonly askedAt: number;
}

/**
 * Checks whether the session behind a verified token is still alive, as often as a policy says.
 *
 * Only a verdict that was asked for after the request came decides it, unless the policy allows an older one. An ended
 * session never comes back, so the verdict that it has ended does not expire.
 */
@Injectable()
export class SessionLiveness implements OnModuleDestroy, BudgetMember {
  private readonly logger = new Logger('HankoSessions');
  private readonly known: RecentMap<KnownSession>;
  private readonly questions = new OneAtATime<SessionVerdict, SessionQuestion>();
  private readonly validator: SessionValidator | null;
  /** Warnings that were logged: each is logged once. */
  private readonly warned = new Set<string>();
  private tellEnded: (user: HankoUser) => void = () => undefined;
  private tellNoTenant: () => void = () => undefined;
  private isRetired = false;

  /**
   * @param maxKnown sessions that are remembered at most. Default 100,000.
   * @param shared the bound of all tenants together; none if the app has one Hanko.
   * @param tenantId whose sessions they are.
   */
  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Optional() maxKnown: number = MAX_KNOWN,
    @Optional() private readonly shared: SharedBudget | null = null,
    @Optional() tenantId?: string,
  ) {
    const { apiUrl, fetch, now, validateTimeoutMs: timeoutMs, maxTokenBytes } = options;
    this.known = new RecentMap(Math.ceil(maxKnown / 2));
    this.validator =
      apiUrl === null
        ? null
        : new SessionValidator({
            url: `${apiUrl}/sessions/validate`,
            fetch,
            now,
            timeoutMs,
            maxTokenBytes,
            tenantId,
          });
  }

  onModuleDestroy(): void {
    this.validator?.close();
  }

  /** Its tenant is not in memory any more: nothing is asked without a request. */
  retire(): void {
    this.isRetired = true;
    this.shared?.leave(this);
    this.validator?.retire();
  }

  /** Verdicts that are remembered. */
  get load(): number {
    return this.known.size;
  }

  /** Forgets the older half of the verdicts: others need room. */
  shrink(): void {
    this.known.turnOver();
  }

  /** null without an `apiUrl`: then Hanko is never asked. */
  get status(): ValidatorStatus | null {
    return this.validator?.status ?? null;
  }

  /** When Hanko was asked last, in milliseconds since 1970, if it said that the session is alive; null if that is not known. */
  aliveAt(sessionId: string): number | null {
    const known = this.known.get(sessionId);
    return known?.isAlive === true ? known.askedAt : null;
  }

  /** @param listener told each time that Hanko says of a user's session that it has ended, before `check` fails. */
  onEnded(listener: (user: HankoUser) => void): void {
    this.tellEnded = listener;
  }

  /** @param listener told each time that Hanko says that there is no such tenant. */
  onNoTenant(listener: () => void): void {
    this.tellNoTenant = listener;
  }

  /**
   * Passes if the session is alive, as far as the policy requires. Returns no promise if the verdict is known already.
   *
   * @param token verified; `user` is what it says.
   * @throws HankoTokenError `session_revoked`, or rejects with it
   * @throws HankoTenantError `tenant_unknown`
   * @throws HankoUnavailableError `hanko_unavailable`
   */
  check(token: string, user: HankoUser, policy: ResolvedSessionPolicy): MaybePromise<void> {
    const known = this.known.get(user.sessionId);
    if (known !== undefined) {
      if (known.hasEnded) pass(false);
      const answeredAt = policy.keepAlive && known.isAlive ? known.keptAliveAt : known.askedAt;
      if (this.isRecent(answeredAt, policy)) return pass(known.isAlive);
    }
    return this.ask(token, user, policy).then(
      ({ isAlive }) => pass(isAlive),
      (error: unknown) => {
        if (!isUnavailable(error)) throw error;
        pass(this.known.get(user.sessionId)?.isAlive ?? true);
        if (policy.onUnavailable !== 'accept') throw error;
      },
    );
  }

  /** If the clock was set back, the age of a verdict is unknown: it counts as too old. */
  private isRecent(askedAt: number, { refreshMs }: ResolvedSessionPolicy): boolean {
    if (refreshMs === 0) return false;
    const age = this.options.now() - askedAt;
    return age >= 0 && age < refreshMs;
  }

  private ask(
    token: string,
    user: HankoUser,
    policy: ResolvedSessionPolicy,
  ): Promise<SessionVerdict> {
    return this.questions.ask(user.sessionId, {
      // A call that does not count as activity cannot stand in for one that must.
      fits: ({ keepAlive, askedAt }, isOlder) =>
        (keepAlive || !policy.keepAlive) && (!isOlder || this.isRecent(askedAt, policy)),
      begin: () => this.begin(token, user, policy),
      isFinal: ({ isAlive }) => !isAlive,
    });
  }

  private begin(token: string, user: HankoUser, policy: ResolvedSessionPolicy): SessionQuestion {
    const question = {
      isSent: false,
      keepAlive: policy.keepAlive,
      askedAt: this.options.now(),
    };
    const onSend = (): void => void (question.isSent = true);
    return Object.assign(question, { answer: this.askHanko(token, user, policy, onSend) });
  }

  private async askHanko(
    token: string,
    user: HankoUser,
    policy: ResolvedSessionPolicy,
    onSend: () => void,
  ): Promise<SessionVerdict> {
    if (this.validator === null) throw noAddress();
    const { sessionId } = user;
    const { keepAlive } = policy;
    const askedAt = this.options.now();
    const verdict = await this.validator
      .ask(token, sessionId, keepAlive, onSend)
      .catch((error: unknown) => {
        if (error instanceof HankoTenantError) this.tellNoTenant();
        throw error;
      });
    const hasEnded = !verdict.isAlive && !verdict.isUnreadable;
    this.known.set(sessionId, {
      isAlive: verdict.isAlive,
      hasEnded,
      askedAt,
      keptAliveAt: keepAlive ? askedAt : (this.known.get(sessionId)?.keptAliveAt ?? -Infinity),
    });
    // Of whoever still waited for the reply.
    if (!this.isRetired) this.shared?.note(this);
    if (hasEnded) this.tellEnded(user);
    this.warnOf(verdict, user, policy, askedAt + policy.refreshMs);
    return verdict;
  }

  /** Warns, once each, of causes that are hard to find. */
  private warnOf(
    verdict: SessionVerdict,
    user: HankoUser,
    { keepAlive }: ResolvedSessionPolicy,
    nextAskedAt: number,
  ): void {
    if (verdict.isAlive) {
      const { idleExpiresAt } = verdict;
      if (
        keepAlive &&
        idleExpiresAt !== null &&
        idleExpiresAt < Math.min(nextAskedAt, user.expiresAt.getTime())
      ) {
        this.warnOnce(
          "Hanko's idle timeout is shorter than the refreshSeconds of a session policy: active users are signed out.",
        );
      }
    } else if (verdict.isUnreadable) {
      this.warnOnce(
        typeof user.claims.email === 'string'
          ? 'Hanko refuses to validate sessions whose "email" claim is text, so they get 401: ' +
              'a JWT template sets "email" for users without an address. Give that claim another name.'
          : 'Hanko refuses to validate a session because of the claims in its token, so the request gets 401.',
      );
    }
  }

  private warnOnce(warning: string): void {
    if (this.warned.has(warning)) return;
    this.warned.add(warning);
    this.logger.warn(warning);
  }
}

/** @throws HankoTokenError `session_revoked` */
function pass(isAlive: boolean): void {
  if (!isAlive)
    throw new HankoTokenError('session_revoked', 'Hanko says that the session has ended');
}

const isUnavailable = (error: unknown): boolean =>
  isHankoError(error) && error.code === 'hanko_unavailable';

const noAddress = (): HankoConfigurationError =>
  new HankoConfigurationError([
    { path: 'session', hint: 'needs apiUrl or HANKO_API_URL, because it calls Hanko.' },
  ]);
