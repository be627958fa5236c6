import { setMaxListeners } from 'node:events';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { type HankoAuthError, HankoTokenError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import type { HankoRevoked } from '../revocation/revoked.js';
import { sessionCheckOf } from '../session/session-checks.js';
import { SessionLiveness } from '../session/session-liveness.js';
import type { LiveConnection } from '../transports/transport.js';
import type { HankoUser } from '../user/hanko-user.js';
import { isPromise } from '../util/maybe-promise.js';
import { whereThrown } from '../util/where-thrown.js';
import { expired, LiveSession, type SessionAsker, Watch } from './live-session.js';
import { Schedule } from './schedule.js';
import { StoreRounds } from './store-rounds.js';

/**
 * Ends what lives on after a call was let in (sockets, subscriptions, streams) when its session ends: when the token
 * expires, when the session or its user is revoked, and when Hanko says that it is over, if a session policy asks.
 *
 * Sockets, subscriptions, `@Sse()` and gRPC streams that the guard lets in are watched without your code. Use it for
 * what your own code keeps open:
 *
 * ```ts
 * const user = await hanko.authenticate(request);
 * const signal = app.get(HankoLiveSessions).signal(user);
 * signal.addEventListener('abort', () => download.destroy());
 * ```
 */
@Injectable()
export class HankoLiveSessions implements OnModuleDestroy {
  private readonly logger = new Logger('HankoLiveSessions');
  private readonly schedule: Schedule;
  private readonly storeRounds: StoreRounds | null;
  private readonly asker: SessionAsker;
  private readonly revocations: Subscription;
  /** By id in lower case. */
  private readonly sessions = new Map<string, LiveSession>();
  private readonly sessionsOfUser = new Map<string, Set<LiveSession>>();
  /** By the key of the connection. Several only if several users came by it. */
  private readonly watches = new Map<object, Watch[]>();
  private readonly logged = new Set<string>();

  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(HankoRevocation) private readonly revocation: HankoRevocation,
    @Inject(SessionLiveness) liveness: SessionLiveness,
  ) {
    const { now } = options;
    this.schedule = new Schedule(now);
    this.asker = {
      now,
      schedule: this.schedule,
      liveness,
      end: (watch, error) => this.end(watch, error),
    };
    this.storeRounds =
      revocation.storeClient === null
        ? null
        : new StoreRounds(options, this.schedule, revocation, this.sessions);
    this.revocations = revocation.revoked$.subscribe((revoked) => this.onRevoked(revoked));
  }

  /** Watches nothing any more. What is open stays open: the app closes its own connections. */
  onModuleDestroy(): void {
    this.revocations.unsubscribe();
    this.schedule.close();
    this.storeRounds?.stop();
    this.sessions.clear();
    this.sessionsOfUser.clear();
    this.watches.clear();
  }

  /** How many connections and signals are watched now. */
  get size(): number {
    let size = 0;
    for (const watches of this.watches.values()) size += watches.length;
    return size;
  }

  /**
   * Ends a connection when the user's session ends; at once, if it has ended.
   *
   * A connection is watched once for each user who came by it, whatever the number of calls. For a later token of the same
   * user the later one counts.
   *
   * @param user from `authenticate()`, `verifyToken()` or `@CurrentUser()`. Its session policy is the one of the route or
   * call that it comes from.
   * @param connection how it ends, and how to know that it has closed. Nothing is held after that.
   */
  watch(user: HankoUser, connection: LiveConnection): void {
    const error = this.begin(user, connection);
    if (error !== null) this.finish(connection, error);
  }

  /**
   * A signal that aborts when the user's session ends: for downloads, long polling, and jobs that act for a user. The
   * reason is the error, a `HankoTokenError`. In a handler `@SessionSignal()` does it, and forgets it after the response.
   *
   * All callers get the same signal of a session, which is kept until the session has ended: remove your listeners when
   * you are done.
   *
   * @param user from `authenticate()`, `verifyToken()` or `@CurrentUser()`.
   */
  signal(user: HankoUser): AbortSignal {
    const known = this.sessions.get(user.sessionId.toLowerCase())?.controller;
    const controller = known ?? newController();
    const error = this.begin(
      user,
      connectionOf(controller, () => undefined),
    );
    if (error !== null) controller.abort(error);
    else (this.sessions.get(user.sessionId.toLowerCase()) as LiveSession).controller = controller;
    return controller.signal;
  }

  /**
   * A signal of its own for one call.
   * @param onClose calls its listener when the call is over: then the signal is forgotten.
   * @internal
   */
  signalUntil(user: HankoUser, onClose: LiveConnection['onClose']): AbortSignal {
    const controller = newController();
    this.watch(user, connectionOf(controller, onClose));
    return controller.signal;
  }

  /**
   * Watches, unless the session has ended.
   * @returns why it is over; null if it is not.
   * @internal
   */
  begin(user: HankoUser, connection: LiveConnection): HankoAuthError | null {
    const over = this.overBy(user);
    if (over !== null) return over;
    const watches = this.watches.get(connection.key);
    const before = watches?.find(({ session }) => session.userId === user.id.toLowerCase());
    if (before === undefined) this.add(user, connection, watches);
    else if (before.expiresAt <= this.endOf(user)) this.renew(before, user);
    return null;
  }

  private overBy(user: HankoUser): HankoTokenError | null {
    if (this.endOf(user) <= this.options.now()) return expired();
    return this.revocation.isKnownOf(user) ? revoked() : null;
  }

  private add(user: HankoUser, connection: LiveConnection, others: Watch[] | undefined): void {
    const watch = new Watch(connection, this.asker);
    if (others === undefined) this.watches.set(connection.key, [watch]);
    else others.push(watch);
    this.enter(watch, user);
    this.storeRounds?.start();
    connection.onClose(() => this.forget(watch));
  }

  /** The same user came again: by the same session, or by a later one. */
  private renew(watch: Watch, user: HankoUser): void {
    if (watch.session.id === user.sessionId.toLowerCase() && watch.expiresAt === this.endOf(user)) {
      watch.session.askAs(watch, sessionCheckOf(user));
      return;
    }
    this.leave(watch);
    this.enter(watch, user);
  }

  private enter(watch: Watch, user: HankoUser): void {
    const id = user.sessionId.toLowerCase();
    let session = this.sessions.get(id);
    if (session === undefined) {
      session = new LiveSession(user, this.asker);
      this.sessions.set(id, session);
      const ofUser = this.sessionsOfUser.get(session.userId);
      if (ofUser === undefined) this.sessionsOfUser.set(session.userId, new Set([session]));
      else ofUser.add(session);
    }
    session.watches.add(watch);
    watch.hangOn(session, this.endOf(user));
    session.askAs(watch, sessionCheckOf(user));
  }

  private leave(watch: Watch): void {
    const { session } = watch;
    this.schedule.delete(watch);
    if (!session.watches.delete(watch) || session.watches.size > 0) return;
    this.schedule.delete(session);
    this.sessions.delete(session.id);
    const ofUser = this.sessionsOfUser.get(session.userId);
    ofUser?.delete(session);
    if (ofUser?.size === 0) this.sessionsOfUser.delete(session.userId);
    if (this.sessions.size === 0) this.storeRounds?.stop();
  }

  private forget(watch: Watch): boolean {
    const { key } = watch.connection;
    const watches = this.watches.get(key);
    if (watches === undefined || !watches.includes(watch)) return false;
    this.leave(watch);
    if (watches.length === 1) this.watches.delete(key);
    else watches.splice(watches.indexOf(watch), 1);
    return true;
  }

  private onRevoked(revocation: HankoRevoked): void {
    if (revocation.kind === 'session') {
      this.endAll(this.sessions.get(revocation.sessionId.toLowerCase()));
      return;
    }
    const upTo = revocation.issuedUpTo.getTime();
    for (const session of this.sessionsOfUser.get(revocation.userId.toLowerCase()) ?? []) {
      if (session.user.authenticatedAt.getTime() <= upTo) this.endAll(session);
    }
  }

  private endAll(session: LiveSession | undefined): void {
    for (const watch of session?.watches ?? []) this.end(watch, revoked());
  }

  private end(watch: Watch, error: HankoAuthError): void {
    if (this.forget(watch)) this.finish(watch.connection, error);
  }

  /** The app's own code may throw, or return a promise. */
  private finish(connection: LiveConnection, error: HankoAuthError): void {
    const failed = (cause: unknown): void => this.logOnce(cause);
    try {
      const ended: unknown = connection.end(error);
      if (isPromise(ended)) Promise.resolve(ended).catch(failed);
    } catch (cause) {
      failed(cause);
    }
  }

  /** When the verifier refuses its token. */
  private endOf({ expiresAt }: HankoUser): number {
    return expiresAt.getTime() + this.options.clockToleranceSeconds * 1000;
  }

  private logOnce(cause: unknown): void {
    const line = `A connection could not be ended: ${whereThrown(cause)}`;
    if (this.logged.has(line) || this.logged.size >= MAX_LOGGED) return;
    this.logged.add(line);
    this.logger.error(line);
  }
}

const MAX_LOGGED = 100;

const revoked = (): HankoTokenError =>
  new HankoTokenError('session_revoked', 'The session, or its user, was revoked');

/** Whoever has many streams has many listeners. */
function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

const connectionOf = (
  controller: AbortController,
  onClose: LiveConnection['onClose'],
): LiveConnection => ({ key: controller, end: (error) => controller.abort(error), onClose });
