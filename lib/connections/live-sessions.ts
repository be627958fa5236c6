import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { type HankoAuthError, HankoTokenError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import { sessionCheckOf } from '../session/session-checks.js';
import { Hankos } from '../tenants/hankos.js';
import type { LiveConnection } from '../transports/transport.js';
import { isPromise } from '../util/maybe-promise.js';
import { scopedId } from '../util/scoped-id.js';
import { newController, usable } from './abort-controllers.js';
import { AskingLine } from './asking-line.js';
import { ConnectionLog } from './connection-log.js';
import { countOf, eachOf, type Few, hasOne, withOne, withoutOne } from './few.js';
import type { LiveSession, SessionAsker } from './live-session.js';
import { checkConnection, checkUser, type LiveUser } from './live-arguments.js';
import { livenessIn } from './liveness-of-tenants.js';
import { Schedule } from './schedule.js';
import { SessionIndex } from './session-index.js';
import { StoreRounds } from './store-rounds.js';
import { expired, Watch } from './watch.js';

/**
 * Ends what lives on after a call was let in (sockets, subscriptions, streams) when its session ends: when the token
 * expires, when the session or its user is revoked, and when Hanko says that it is over, if a session policy asks.
 *
 * Sockets, subscriptions, `@Sse()` and gRPC streams that the guard lets in are watched without your code. Use it for
 * what your own code keeps open:
 *
 * ```ts
 * const user = await hanko.authenticate(request);
 * const onClose = (listener: () => void) => (request.res.closed ? listener() : request.res.once('close', listener));
 * const signal = app.get(HankoLiveSessions).signal(user, onClose);
 * signal.addEventListener('abort', () => request.res.destroy());
 * ```
 */
@Injectable()
export class HankoLiveSessions implements OnModuleDestroy {
  private readonly log = new ConnectionLog();
  private readonly schedule: Schedule;
  private readonly line = new AskingLine<LiveSession>();
  private readonly storeRounds: StoreRounds | null;
  private readonly asker: SessionAsker;
  private readonly revocations: Subscription;
  private readonly sessions = new SessionIndex();
  /** By the key of the connection. Several only if several users came by it. */
  private readonly watches = new Map<object, Few<Watch<LiveSession>>>();
  /** Those that calls on one connection share: by its key and the session. */
  private readonly controllers = new WeakMap<object, Map<string, AbortController>>();
  private isClosed = false;

  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(HankoRevocation) private readonly revocation: HankoRevocation,
    @Inject(Hankos) private readonly hankos: Hankos,
  ) {
    const { now } = options;
    const { line } = this;
    this.schedule = new Schedule(now);
    const end = (watch: Watch<LiveSession>, error: HankoAuthError): void => this.end(watch, error);
    this.asker = { now, schedule: this.schedule, line, liveness: livenessIn(hankos), end };
    this.storeRounds =
      revocation.storeClient === null
        ? null
        : new StoreRounds(options, this.schedule, revocation, this.sessions);
    this.revocations = revocation.revoked$.subscribe((subject) =>
      this.endAll(this.sessions.endedBy(subject), revoked()),
    );
    hankos.onEnded((tenantId, error) => this.endAll(this.sessions.ofTenant(tenantId), error));
  }

  /** Watches nothing any more. What is open stays open: the app closes its own connections. */
  onModuleDestroy(): void {
    this.isClosed = true;
    this.revocations.unsubscribe();
    this.schedule.close();
    this.storeRounds?.stop();
    this.line.clear();
    this.sessions.clear();
    this.watches.clear();
  }

  /** How many connections and signals are watched now. */
  get size(): number {
    let size = 0;
    for (const watches of this.watches.values()) size += countOf(watches);
    return size;
  }

  /**
   * Ends a connection when the user's session ends; at once, if it has ended.
   *
   * A connection is watched once for each user who came by it, whatever the number of calls. For a later token of the same
   * user the later one counts.
   *
   * @param user from `authenticate()`, `verifyToken()` or `@CurrentUser()`. Its session policy is the one of the route or
   * call that it comes from; a copy of it has none.
   * @param connection how it ends, and how to know that it has closed. Nothing is held after that.
   * @throws TypeError if the user lacks a member of `LiveUser`. An ended session throws nothing: the connection is ended, with
   * `token_expired` or `session_revoked`
   * @throws HankoConfigurationError `configuration_invalid` for a connection without `key`, `end()` and `onClose()`
   */
  watch(user: LiveUser, connection: LiveConnection): void {
    checkUser('watch()', user, this.hankos.hasTenants);
    checkConnection(connection);
    const { key } = connection;
    this.watchOrEnd(user, {
      // Read once: it must not be another one later.
      key,
      end: (error) => connection.end(error),
      onClose: (listener) => connection.onClose(listener),
    });
  }

  /**
   * A signal that aborts when the user's session ends: for downloads, long polling, and jobs that act for a user. The
   * reason is the error, a `HankoTokenError`; or a `HankoUnavailableError` if nobody could say for too long whether the session
   * is alive. In a handler `@SessionSignal()` does it, and forgets it when the call is over.
   *
   * @param user from `authenticate()`, `verifyToken()` or `@CurrentUser()`. Its session policy is the one of the route or
   * call that it comes from; a copy of it has none.
   * @param onClose calls its listener once nobody needs the signal any more, which is then forgotten. Without it all callers
   * get the same signal of a session, which is kept until the session has ended: remove your listeners when you are done.
   * @throws TypeError if the user lacks a member of `LiveUser`. An ended session throws nothing: the signal has aborted, with
   * `token_expired` or `session_revoked`
   */
  signal(user: LiveUser, onClose?: LiveConnection['onClose']): AbortSignal {
    checkUser('signal()', user, this.hankos.hasTenants);
    if (onClose !== undefined) return this.watchSignal(user, newController(), onClose);
    const controller = usable(this.sessions.find(user)?.controller) ?? newController();
    const signal = this.watchSignal(user, controller, NEVER);
    const session = this.sessions.find(user);
    if (session !== undefined && !signal.aborted) session.controller = controller;
    return signal;
  }

  /**
   * A signal for the calls of one session that come by a connection, or for all that asks in one call: all get the same, until
   * it closes.
   * @internal
   */
  signalOn(user: LiveUser, connection: Pick<LiveConnection, 'key' | 'onClose'>): AbortSignal {
    const { key } = connection;
    const sessionId = scopedId(user.tenantId, user.sessionId);
    const controllers = this.controllers.get(key) ?? new Map<string, AbortController>();
    this.controllers.set(key, controllers);
    const known = usable(controllers.get(sessionId));
    if (known !== undefined) return known.signal;
    const controller = newController();
    controllers.set(sessionId, controller);
    return this.watchSignal(user, controller, (listener) =>
      connection.onClose(() => {
        if (controllers.get(sessionId) === controller) controllers.delete(sessionId);
        listener();
      }),
    );
  }

  /**
   * Watches, unless the session has ended.
   * @returns why it is over; null if it is not.
   * @internal
   */
  begin(user: LiveUser, connection: LiveConnection): HankoAuthError | null {
    const over = this.overBy(user);
    if (over !== null || this.isClosed) return over;
    const userId = scopedId(user.tenantId, user.id);
    for (const watch of eachOf(this.watches.get(connection.key))) {
      if (watch.userId !== userId) continue;
      if (watch.expiresAt <= this.endOf(user)) this.renew(watch, user);
      return null;
    }
    this.add(user, connection);
    return null;
  }

  private watchSignal(
    user: LiveUser,
    controller: AbortController,
    onClose: LiveConnection['onClose'],
  ): AbortSignal {
    const end = (error: HankoAuthError): void => controller.abort(error);
    this.watchOrEnd(user, { key: controller, end, onClose });
    return controller.signal;
  }

  private watchOrEnd(user: LiveUser, connection: LiveConnection): void {
    const error = this.begin(user, connection);
    if (error !== null) this.finish(connection, error);
  }

  private overBy(user: LiveUser): HankoTokenError | null {
    if (this.endOf(user) <= this.options.now()) return expired();
    return this.revocation.isKnownOf(user) ? revoked() : null;
  }

  private add(user: LiveUser, connection: LiveConnection): void {
    const { key } = connection;
    const watch = new Watch(connection, scopedId(user.tenantId, user.id), this.asker);
    this.watches.set(key, withOne(this.watches.get(key), watch));
    this.enter(watch, user);
    this.storeRounds?.start();
    this.log.watched(watch.session);
    try {
      const asked: unknown = connection.onClose(() => {
        if (this.forget(watch)) this.log.closed(watch.session);
      });
      // Held until its session ends, if this fails.
      if (isPromise(asked)) Promise.resolve(asked).catch((cause) => this.log.closeUnknown(cause));
    } catch (error) {
      // What cannot say when it has closed would be held for ever.
      this.forget(watch);
      throw error;
    }
  }

  /** A user came again: by the same session, or by a later one. */
  private renew(watch: Watch<LiveSession>, user: LiveUser): void {
    const isSame = watch.session.key === scopedId(user.tenantId, user.sessionId);
    if (isSame && watch.expiresAt === this.endOf(user)) {
      watch.session.admitted(watch, sessionCheckOf(user));
      return;
    }
    this.leave(watch);
    this.enter(watch, user);
  }

  private enter(watch: Watch<LiveSession>, user: LiveUser): void {
    const session = this.sessions.findOrMake(user, this.asker);
    session.add(watch);
    watch.hangOn(session, this.endOf(user));
    session.admitted(watch, sessionCheckOf(user));
  }

  private leave(watch: Watch<LiveSession>): void {
    const { session } = watch;
    this.schedule.delete(watch);
    if (!session.remove(watch)) return;
    this.sessions.delete(session);
    if (this.sessions.size === 0) this.storeRounds?.stop();
  }

  /** @returns whether it was watched. */
  private forget(watch: Watch<LiveSession>): boolean {
    const { key } = watch.connection;
    const watches = this.watches.get(key);
    if (!hasOne(watches, watch)) return false;
    this.leave(watch);
    const others = withoutOne(watches, watch);
    if (others === undefined) this.watches.delete(key);
    else this.watches.set(key, others);
    return true;
  }

  private endAll(sessions: readonly LiveSession[], error: HankoAuthError): void {
    for (const session of sessions) {
      for (const watch of eachOf(session.watches)) this.end(watch, error);
    }
  }

  /** Whoever else came by the same connection: it ends once. */
  private end(watch: Watch<LiveSession>, error: HankoAuthError): void {
    const { connection, session } = watch;
    const watches = this.watches.get(connection.key);
    if (!hasOne(watches, watch)) return;
    for (const each of eachOf(watches)) this.forget(each);
    this.log.ended(session, error);
    // First: some connections close at once, and signals are forgotten then.
    this.controllers.get(connection.key)?.get(session.key)?.abort(error);
    this.finish(connection, error);
  }

  /** The app's own code may throw, or return a promise. */
  private finish(connection: LiveConnection, error: HankoAuthError): void {
    const failed = (cause: unknown): void => this.log.endFailed(cause);
    try {
      const ended: unknown = connection.end(error);
      if (isPromise(ended)) Promise.resolve(ended).catch(failed);
    } catch (cause) {
      failed(cause);
    }
  }

  /** When the verifier refuses its token. */
  private endOf({ expiresAt }: LiveUser): number {
    return expiresAt.getTime() + this.options.clockToleranceSeconds * 1000;
  }
}

const revoked = (): HankoTokenError =>
  new HankoTokenError('session_revoked', 'The session, or its user, was revoked');

const NEVER = (): void => undefined;
