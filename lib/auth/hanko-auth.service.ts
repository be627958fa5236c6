import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import {
  HankoConfigurationError,
  HankoContextError,
  HankoCredentialsError,
} from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import { HANKO_JWKS, HANKO_OPTIONS, HANKO_TRANSPORTS } from '../hanko.constants.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import {
  type HankoSessionPolicy,
  type ResolvedSessionPolicy,
  sessionPolicyFaults,
} from '../options/session-policy.js';
import type { HankoRequirements } from '../requirements/demands.js';
import { DemandWarnings } from '../requirements/demand-warnings.js';
import { plainCopy, requirementFaults } from '../requirements/requirement-faults.js';
import { requirementChecks } from '../requirements/unmet-requirements.js';
import { HttpCall } from '../transports/http.js';
import type { HankoCall, HankoTransport } from '../transports/transport.js';
import {
  asHandshake,
  builtInTransports,
  isExecutionContext,
  openCall,
  openSource,
  callOfUsual,
} from '../transports/transports.js';
import type { GatewayClient } from '../transports/ws.js';
import type { HankoUser } from '../user/hanko-user.js';
import { isPromise, type MaybePromise } from '../util/maybe-promise.js';
import type { TrustedHanko } from '../verification/session-token.verifier.js';
import type { HankoAuthenticateOptions, HankoVerifyOptions } from './authenticate-options.js';
import { AuthenticationLog } from './authentication-log.js';
import { RefusedCalls } from './refused-calls.js';
import { refuseUnmet } from './refuse-unmet.js';
import { type Outcome, RequestAuthenticator } from './request-authenticator.js';
import type { RequireAuthOptions } from './require-auth-options.js';
import type { Notes } from './request-notes.js';
import { type Route, Routes } from './routes.js';
import { hideUser, showUser } from './request-user.js';
import { type Authenticated, isAuthError, TokenAuthenticator } from './token-authenticator.js';

/** The demands on a call: those of its route, or those of the app's own code instead. */
export type Wanted = Omit<Route, 'name'> & { readonly name: string | undefined };

/**
 * Finds out who is calling. The guard and the parameter decorators go through it; use it yourself in
 * middleware and in guards of your own.
 */
@Injectable()
export class HankoAuthService {
  private readonly log: AuthenticationLog;
  private readonly refusedCalls: RefusedCalls;
  private readonly demandWarnings = new DemandWarnings();
  private readonly hanko: TrustedHanko;
  private readonly routes: Routes;
  private readonly requests: RequestAuthenticator;

  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(HANKO_JWKS) jwks: JwksProvider,
    @Inject(TokenAuthenticator) private readonly tokens: TokenAuthenticator,
    @Inject(HANKO_TRANSPORTS)
    private readonly transports: readonly HankoTransport[] = builtInTransports(),
  ) {
    this.log = new AuthenticationLog(options.extractors);
    this.refusedCalls = new RefusedCalls(this.log);
    this.routes = new Routes(options);
    this.hanko = { jwks, audience: options.audience, issuer: options.issuer };
    this.requests = new RequestAuthenticator(options, tokens, this.hanko);
  }

  /**
   * Finds the session token in a request and verifies it. It sets no header fields on the response: those of a refusal
   * (`WWW-Authenticate`, `Retry-After`) are in `error.headers`. Copy them if you send the error yourself.
   *
   * ```ts
   * const user = await hanko.authenticate(request);
   * const orNull = await hanko.authenticate(request, { optional: true });
   * ```
   *
   * @param source an `ExecutionContext`, a request (Express, Fastify, Node), or the client that a gateway is given. A
   * context's route has its say too: what `@RequireAuth()` demands there is checked.
   * @param options `optional: true` resolves to null without a credential, and with an invalid cookie.
   * @throws HankoAuthError any of its codes; its table has their classes and statuses
   * @throws HankoConfigurationError `configuration_invalid` for a wrong `session`, a source that is neither, and an
   * extractor that breaks its contract
   */
  authenticate(
    source: ExecutionContext | IncomingRequest | GatewayClient,
    options?: HankoAuthenticateOptions & { readonly optional?: false },
  ): Promise<HankoUser>;
  authenticate(
    source: ExecutionContext | IncomingRequest | GatewayClient,
    options: HankoAuthenticateOptions,
  ): Promise<HankoUser | null>;
  async authenticate(
    source: ExecutionContext | IncomingRequest | GatewayClient,
    { optional = false, session, isHandshake }: HankoAuthenticateOptions = {},
  ): Promise<HankoUser | null> {
    const route = isExecutionContext(source) ? this.routes.of(source) : undefined;
    const wanted: Wanted = {
      mode: optional ? 'optional' : 'required',
      name: route?.name,
      session:
        session === undefined && route !== undefined ? route.session : this.sessionPolicy(session),
      requirements: route?.requirements ?? [],
    };
    let call = isExecutionContext(source)
      ? this.open(source, wanted)
      : openSource(source, this.transports, isHandshake);
    if (isHandshake === true) call = asHandshake(call);
    const notes = this.requests.notesOf(call);
    try {
      const outcome = await this.find(call, notes, wanted);
      return this.admit(call, notes, outcome, wanted)?.user ?? null;
    } catch (error) {
      this.refused(error, call, notes, wanted);
      throw error;
    }
  }

  /**
   * Throws unless the user meets the requirements. For requirements that are known only inside the handler. It sets no
   * header fields on the response: those of a refusal are in `error.headers`.
   *
   * ```ts
   * const user = await hanko.authenticate(request);
   * hanko.assertRequirements(user, { maxAgeSeconds: 300 });
   * ```
   *
   * @param requirements as `@RequireAuth()` takes them, without `session`: for that one a request or a token
   * is needed, so `authenticate` and `verifyToken` take it.
   * @throws HankoStepUpError `step_up_required` (401)
   * @throws HankoRequirementError `requirement_not_met` (403)
   * @throws HankoConfigurationError `configuration_invalid` for a wrong requirement
   */
  assertRequirements(user: HankoUser, requirements: HankoRequirements): void {
    const demanded = plainCopy(requirements);
    const faults = requirementFaults(demanded, { path: 'assertRequirements()' });
    if (faults.length > 0) throw new HankoConfigurationError(faults);
    refuseUnmet(requirementChecks(demanded, this.demandWarnings), user, this.options.now());
  }

  /**
   * Verifies a session token that was obtained outside of a request. No cross-site check is made: if the token came from
   * a cookie, that check is your responsibility.
   *
   * ```ts
   * const user = await hanko.verifyToken(token, { session: 'online' });
   * ```
   *
   * @throws HankoTokenError any `token_…` code, `session_revoked` (401)
   * @throws HankoUnavailableError `hanko_unavailable` (503)
   * @throws HankoConfigurationError `configuration_invalid` for a wrong `session`
   */
  async verifyToken(token: string, { session }: HankoVerifyOptions = {}): Promise<HankoUser> {
    const policy = this.sessionPolicy(session);
    const { user } = await this.tokens.verify(token, this.hanko, policy);
    return user;
  }

  /**
   * Authenticates as the route's `@Public()`, `@OptionalAuth()` or `@RequireAuth()` says, for the guard and the
   * parameter decorators. The header fields of a refusal are set on the response.
   * @returns null for an anonymous caller on a route that allows them; no promise if nothing has to be awaited.
   * @internal
   */
  authenticateRoute(context: ExecutionContext): MaybePromise<Authenticated | null> {
    const route = this.routes.of(context);
    // First, in every context: a public route costs nothing and cannot fail.
    if (route.mode === 'public') return null;
    let call: HankoCall;
    try {
      call = openCall(context, this.transports);
    } catch (error) {
      const usual = callOfUsual(context, this.transports);
      return this.refuse(error, usual, this.requests.notesOf(usual), route, context);
    }
    return this.authenticateCall(call, route, context);
  }

  /**
   * Authenticates a call that has no route, for middleware. The header fields of a refusal are set on the response.
   * @param context where there is one.
   * @internal
   */
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
   * Makes of options what `@RequireAuth(options)` would demand, for a call that has no route.
   * @param options checked already.
   * @param name what asks, for the log.
   * @throws HankoConfigurationError for a session policy, where there is no address to ask.
   * @internal
   */
  wantedBy({ session, ...requirements }: RequireAuthOptions, name: string): Wanted {
    const policy = this.sessionPolicy(session ?? undefined);
    if (policy !== null && this.options.apiUrl === null) {
      throw new HankoConfigurationError([
        {
          path: `${name}.session`,
          hint: 'needs apiUrl or HANKO_API_URL, because it calls Hanko.',
        },
      ]);
    }
    return {
      mode: 'required',
      name,
      session: policy,
      requirements: requirementChecks(requirements),
    };
  }

  private open(context: ExecutionContext, { name }: Wanted): HankoCall {
    try {
      return openCall(context, this.transports);
    } catch (error) {
      this.log.refused({}, error, name, {});
      throw isAuthError(error) ? error : this.refusedCalls.hidden(error, context);
    }
  }

  private find(call: HankoCall, notes: Notes<Outcome>, wanted: Wanted): MaybePromise<Outcome> {
    const { unsupported } = call;
    if (unsupported !== undefined) {
      throw new HankoContextError('', wanted.name ?? 'authenticate()', unsupported);
    }
    return this.requests.authenticate(call, notes, wanted);
  }

  /** @throws HankoConfigurationError */
  private sessionPolicy(written: HankoSessionPolicy | undefined): ResolvedSessionPolicy | null {
    if (written === undefined) return this.routes.moduleSession;
    const faults = sessionPolicyFaults(written, 'session');
    if (faults.length > 0) throw new HankoConfigurationError(faults);
    return this.routes.resolve(written);
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
    this.log.authenticated(notes, outcome.user, wanted.name);
    if (wanted.requirements.length > 0) {
      refuseUnmet(wanted.requirements, outcome.user, this.options.now());
    }
    if (call instanceof HttpCall) showUser(notes, call.request, outcome.user);
    notes.admittedTo = wanted;
    notes.admittedAs = call.request;
    return outcome;
  }

  private refused(error: unknown, call: HankoCall, notes: Notes<Outcome>, { name }: Wanted): void {
    hideUser(notes);
    this.log.refused(notes, error, name, call);
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

const missing = (): HankoCredentialsError =>
  new HankoCredentialsError('credentials_missing', 'The request carries no credential');
