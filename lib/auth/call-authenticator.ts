import type { ExecutionContext } from '@nestjs/common';
import type { HankoLiveSessions } from '../connections/live-sessions.js';
import {
  HankoContextError,
  HankoCredentialsError,
  HankoRequirementError,
  HankoStepUpError,
} from '../errors/hanko.errors.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { HttpCall } from '../transports/http.js';
import type { HankoCall, HankoTransport, LiveConnection } from '../transports/transport.js';
import { callOfUsual, openCall } from '../transports/transports.js';
import type { HankoUser } from '../user/hanko-user.js';
import { andThen, isPromise, type MaybePromise } from '../util/maybe-promise.js';
import { AuthenticationLog } from './authentication-log.js';
import { RefusedCalls } from './refused-calls.js';
import { refuseUnmet } from './refuse-unmet.js';
import type { Outcome, RequestAuthenticator } from './request-authenticator.js';
import type { Notes } from './request-notes.js';
import { hideUser, showUser } from './request-user.js';
import type { Route } from './routes.js';
import { type Authenticated, isAuthError } from './token-authenticator.js';

/** The demands on a call: those of its route, or those of the app's own code instead. */
export type Wanted = Omit<Route, 'name'> & { readonly name: string | undefined };

/** From a call to who is let in, or to a refusal that is logged, and thrown in the form of the way that the call came. */
export class CallAuthenticator {
  private readonly log: AuthenticationLog;
  private readonly refusedCalls: RefusedCalls;

  constructor(
    private readonly options: ResolvedHankoOptions,
    private readonly requests: RequestAuthenticator,
    private readonly transports: readonly HankoTransport[],
    private readonly live: HankoLiveSessions | null,
  ) {
    this.log = new AuthenticationLog(options.extractors);
    this.refusedCalls = new RefusedCalls(this.log);
  }

  /** For the app's own code: throws our errors as they are. */
  async authenticate(call: HankoCall, wanted: Wanted): Promise<Authenticated | null> {
    const notes = this.requests.notesOf(call);
    try {
      return this.admit(call, notes, await this.find(call, notes, wanted), wanted);
    } catch (error) {
      this.refused(error, call, notes, wanted);
      throw error;
    }
  }

  /** @returns null for an anonymous caller on a route that allows them; no promise if nothing has to be awaited. */
  authenticateRoute(context: ExecutionContext, route: Route): MaybePromise<Authenticated | null> {
    // First, in every context: a public route costs nothing and cannot fail.
    if (route.mode === 'public') return null;
    let call: HankoCall;
    try {
      call = openCall(context, this.transports);
    } catch (error) {
      return this.refuseUnopened(error, context, route);
    }
    return this.authenticateCall(call, route, context);
  }

  /** @param context where there is one. */
  authenticateCall(
    call: HankoCall,
    wanted: Wanted,
    context?: ExecutionContext,
  ): MaybePromise<Authenticated | null> {
    const notes = this.requests.notesOf(call);
    try {
      const outcome = this.find(call, notes, wanted);
      return isPromise(outcome)
        ? outcome
            .then((settled) => this.admit(call, notes, settled, wanted))
            .catch((error: unknown) => this.refuse(error, call, notes, wanted, context))
        : this.admit(call, notes, outcome, wanted);
    } catch (error) {
      return this.refuse(error, call, notes, wanted, context);
    }
  }

  /**
   * For what opens a connection: it is let in if one of several lets it in. Whoever has the connection watches it.
   * @throws why the first refuses.
   */
  async authenticateConnection(
    call: HankoCall,
    alternatives: readonly [Wanted, ...Wanted[]],
  ): Promise<Authenticated | null> {
    const notes = this.requests.notesOf(call);
    let refusal: unknown;
    for (const wanted of alternatives) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the first that lets in decides
        return this.admit(
          { ...call, connection: undefined },
          notes,
          await this.find(call, notes, wanted),
          wanted,
        );
      } catch (error) {
        refusal ??= error;
      }
    }
    this.refused(refusal, call, notes, alternatives[0]);
    throw refusal;
  }

  /**
   * The tenant of a call that is let in: the user's, or the one that the app names for an anonymous caller.
   * @returns undefined without the option `tenants`.
   */
  tenantOf(context: ExecutionContext, route: Route): MaybePromise<string | undefined> {
    return andThen(
      this.authenticateRoute(context, route),
      (found) => found?.user.tenantId ?? this.namedTenant(context, route),
    );
  }

  private namedTenant(context: ExecutionContext, route: Route): MaybePromise<string | undefined> {
    let call: HankoCall;
    try {
      call = openCall(context, this.transports);
    } catch (error) {
      return this.refuseUnopened(error, context, route);
    }
    const notes = this.requests.notesOf(call);
    try {
      refuseUnsupported(call, route);
      const tenant = this.requests.tenantOf(call, notes);
      return isPromise(tenant)
        ? tenant.catch((error: unknown) => this.refuse(error, call, notes, route, context))
        : tenant;
    } catch (error) {
      return this.refuse(error, call, notes, route, context);
    }
  }

  /** A signal that aborts when the session of an admitted caller ends. */
  sessionSignal({ user }: Authenticated, context: ExecutionContext): AbortSignal | null {
    const { live } = this;
    if (live === null) return null;
    const call = openCall(context, this.transports);
    if (call.onClose !== undefined) {
      const onClose = (listener: () => void): void => call.onClose?.(listener);
      // One query may have thousands of fields that ask.
      return call.identity === undefined
        ? live.signal(user, onClose)
        : live.signalOn(user, { key: call.identity, onClose });
    }
    // Messages, of which nobody says when they are over, share one.
    return call.connection === undefined ? live.signal(user) : live.signalOn(user, call.connection);
  }

  open(context: ExecutionContext, { name }: Wanted): HankoCall {
    try {
      return openCall(context, this.transports);
    } catch (error) {
      this.log.refused({}, error, name, {});
      throw isAuthError(error) ? error : this.refusedCalls.hidden(error, context);
    }
  }

  private find(call: HankoCall, notes: Notes<Outcome>, wanted: Wanted): MaybePromise<Outcome> {
    refuseUnsupported(call, wanted);
    return this.requests.authenticate(call, notes, wanted);
  }

  private admit(
    call: HankoCall,
    notes: Notes<Outcome>,
    outcome: Outcome,
    wanted: Wanted,
  ): Authenticated | null {
    if (outcome.user === null) {
      if (wanted.mode === 'required') throw outcome.failure ?? missing();
      hideUser(notes);
      this.log.anonymous(notes, wanted.name, outcome.failure);
      return null;
    }
    // The guard has admitted it; now a parameter decorator asks.
    if (notes.admittedTo === wanted && notes.admittedAs === call.request) return outcome;
    if (wanted.requirements.length > 0) {
      refuseUnmet(wanted.requirements, outcome.user, this.options.now());
    }
    if (call.connection !== undefined) this.watch(outcome.user, call.connection);
    this.log.authenticated(notes, outcome.user, wanted.name);
    if (call instanceof HttpCall) showUser(notes, call.request, outcome.user);
    // Unless another caller was looked for meanwhile: parameters must get who was admitted, and nobody else.
    if (notes.outcome === outcome) {
      notes.admittedTo = wanted;
      notes.admittedAs = call.request;
    }
    return outcome;
  }

  /** What was opened by a session ends with it; one that ended while it was verified opens nothing. */
  private watch(user: HankoUser, connection: LiveConnection): void {
    const over = this.live?.begin(user, connection) ?? null;
    if (over !== null) throw over;
  }

  private refused(error: unknown, call: HankoCall, notes: Notes<Outcome>, { name }: Wanted): void {
    hideUser(notes);
    this.log.refused(notes, error, name, call, unmetBy(error, notes.outcome));
  }

  private refuseUnopened(error: unknown, context: ExecutionContext, route: Route): Promise<never> {
    const usual = callOfUsual(context, this.transports);
    return this.refuse(error, usual, this.requests.notesOf(usual), route, context);
  }

  private refuse(
    error: unknown,
    call: HankoCall,
    notes: Notes<Outcome>,
    wanted: Wanted,
    context: ExecutionContext | undefined,
  ): Promise<never> {
    this.refused(error, call, notes, wanted);
    return this.refusedCalls.refuse(error, call, wanted.name, context);
  }
}

/** Who does not meet what a route requires. A token that another error speaks of may be nobody's. */
function unmetBy(error: unknown, outcome: Notes<Outcome>['outcome']): HankoUser | undefined {
  const isUnmet = error instanceof HankoRequirementError || error instanceof HankoStepUpError;
  if (!isUnmet || outcome === undefined || isPromise(outcome)) return undefined;
  return outcome.user ?? undefined;
}

/** @throws HankoContextError for a call of a kind that cannot be authenticated. */
function refuseUnsupported({ unsupported }: HankoCall, { name }: Pick<Wanted, 'name'>): void {
  if (unsupported === undefined) return;
  throw new HankoContextError('', name ?? 'authenticate()', unsupported);
}

const missing = (): HankoCredentialsError =>
  new HankoCredentialsError('credentials_missing', 'The request carries no credential');
