import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { HankoConfigurationError, HankoTokenError, isHankoError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { MaybePromise } from '../util/maybe-promise.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import { RecentMap } from '../util/recent-map.js';
import type { HankoUser } from '../user/hanko-user.js';
import { SessionValidator, type ValidatorStatus } from './session-validator.js';
import type { ValidationAnswer } from './validation-answer.js';

/** Hanko's last answer about a session. Times are those of the question, in milliseconds since 1970. */
interface KnownSession {
  readonly isAlive: boolean;
  readonly askedAt: number;
  /** Of the last question that counted as activity; -Infinity if there was none. */
  readonly keptAliveAt: number;
}

/** Sessions in each half of what is remembered: some 20 MB at most. */
const MAX_HALF = 50_000;

/** A question to Hanko that is under way. */
interface Question {
  readonly keepAlive: boolean;
  readonly isAlive: Promise<boolean>;
}

/**
 * Whether the session behind a verified token is still alive, asked as often as a policy says.
 *
 * A session that has ended never comes back, so that answer outlives its time where the alternative is to
 * know nothing.
 */
@Injectable()
export class SessionLiveness implements OnModuleDestroy {
  private readonly logger = new Logger('HankoSessions');
  private readonly known = new RecentMap<KnownSession>(MAX_HALF);
  /** One question per session at a time; whoever comes meanwhile waits for the same answer. */
  private readonly underWay = new Map<string, Question>();
  private readonly validator: SessionValidator | null;
  /** What was warned of already. */
  private readonly warned = new Set<string>();

  constructor(@Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions) {
    const { apiUrl, fetch, now, validateTimeoutMs: timeoutMs } = options;
    this.validator =
      apiUrl === null
        ? null
        : new SessionValidator({ url: `${apiUrl}/sessions/validate`, fetch, now, timeoutMs });
  }

  onModuleDestroy(): void {
    this.validator?.close();
  }

  /** null if there is no address to ask. */
  get status(): ValidatorStatus | null {
    return this.validator?.status ?? null;
  }

  /**
   * Passes if the session is alive, as far as the policy wants to know; without a promise if that is
   * known already.
   *
   * @param token verified; `user` is what it says.
   * @throws HankoTokenError `session_revoked`; now, or by the promise
   * @throws HankoUnavailableError `hanko_unavailable`
   */
  check(token: string, user: HankoUser, policy: ResolvedSessionPolicy): MaybePromise<void> {
    const known = this.known.get(user.sessionId);
    if (known !== undefined && policy.refreshMs > 0) {
      const answeredAt = policy.keepAlive && known.isAlive ? known.keptAliveAt : known.askedAt;
      const age = this.options.now() - answeredAt;
      // Where the clock was set back nobody knows how old an answer is.
      if (age >= 0 && age < policy.refreshMs) return pass(known.isAlive);
    }
    return this.ask(token, user, policy).then(pass, (error: unknown) => {
      if (!isUnavailable(error)) throw error;
      pass(this.known.get(user.sessionId)?.isAlive ?? true);
      if (policy.onUnavailable !== 'accept') throw error;
    });
  }

  private async ask(
    token: string,
    user: HankoUser,
    policy: ResolvedSessionPolicy,
  ): Promise<boolean> {
    const { sessionId } = user;
    for (;;) {
      const underWay = this.underWay.get(sessionId);
      if (underWay === undefined) break;
      const isAlive = await underWay.isAlive;
      // A question that was no activity does not answer one that has to be.
      if (underWay.keepAlive || !policy.keepAlive || !isAlive) return isAlive;
    }
    const question: Question = {
      keepAlive: policy.keepAlive,
      isAlive: this.askHanko(token, user, policy),
    };
    this.underWay.set(sessionId, question);
    try {
      return await question.isAlive;
    } finally {
      this.underWay.delete(sessionId);
    }
  }

  private async askHanko(
    token: string,
    user: HankoUser,
    policy: ResolvedSessionPolicy,
  ): Promise<boolean> {
    if (this.validator === null) throw noAddress();
    const { sessionId } = user;
    const { keepAlive } = policy;
    const askedAt = this.options.now();
    const answer = await this.validator.ask(token, sessionId, keepAlive);
    this.known.set(sessionId, {
      isAlive: answer.isAlive,
      askedAt,
      keptAliveAt: keepAlive ? askedAt : (this.known.get(sessionId)?.keptAliveAt ?? -Infinity),
    });
    this.warnOf(answer, user, policy, askedAt + policy.refreshMs);
    return answer.isAlive;
  }

  /** Of what an operator would look for a long time: once each. */
  private warnOf(
    answer: ValidationAnswer,
    user: HankoUser,
    { keepAlive }: ResolvedSessionPolicy,
    nextAskedAt: number,
  ): void {
    if (answer.isAlive) {
      const { idleExpiresAt } = answer;
      if (
        keepAlive &&
        idleExpiresAt !== null &&
        idleExpiresAt < Math.min(nextAskedAt, user.expiresAt.getTime())
      ) {
        this.warnOnce(
          "Hanko's idle timeout is shorter than the refreshSeconds of a session policy: active users are signed out.",
        );
      }
    } else if (answer.isUnreadable) {
      this.warnOnce(
        typeof user.claims.email === 'string'
          ? 'Hanko refuses to validate sessions whose "email" claim is text, so they are answered 401: ' +
              'a JWT template sets "email" for users without an address. Give that claim another name.'
          : 'Hanko refuses to validate a session because of the claims in its token, so it is answered 401.',
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
    { path: 'session', hint: 'needs apiUrl, or HANKO_API_URL: there is nobody to ask.' },
  ]);
