import { type ExecutionContext, Inject, Injectable, Optional, type Type } from '@nestjs/common';
import { HankoLiveSessions } from '../connections/live-sessions.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import { HANKO_OPTIONS, HANKO_TRANSPORTS } from '../hanko.constants.js';
import { canAskHanko, type ResolvedHankoOptions } from '../options/hanko-options.js';
import {
  type HankoSessionPolicy,
  type ResolvedSessionPolicy,
  sessionPolicyFaults,
} from '../options/session-policy.js';
import type { HankoRequirements } from '../requirements/demands.js';
import { DemandWarnings } from '../requirements/demand-warnings.js';
import { plainCopy, requirementFaults } from '../requirements/requirement-faults.js';
import { requirementChecks } from '../requirements/unmet-requirements.js';
import type { HankoCall, HankoTransport } from '../transports/transport.js';
import {
  asHandshake,
  builtInTransports,
  isExecutionContext,
  openSource,
} from '../transports/transports.js';
import type { GatewayClient } from '../transports/ws.js';
import type { HankoUser } from '../user/hanko-user.js';
import { andThen, type MaybePromise } from '../util/maybe-promise.js';
import type { Hanko } from '../tenants/hanko.js';
import { Hankos } from '../tenants/hankos.js';
import type { HankoAuthenticateOptions, HankoVerifyOptions } from './authenticate-options.js';
import { CallAuthenticator, type Wanted } from './call-authenticator.js';
import { refuseUnmet } from './refuse-unmet.js';
import { RequestAuthenticator } from './request-authenticator.js';
import type { RequireAuthOptions } from './require-auth-options.js';
import { Routes } from './routes.js';
import { type Authenticated, TokenAuthenticator } from './token-authenticator.js';

/**
 * Finds out who is calling. The guard and the parameter decorators go through it; use it yourself in
 * middleware and in guards of your own.
 */
@Injectable()
export class HankoAuthService {
  private readonly demandWarnings = new DemandWarnings();
  private readonly routes: Routes;
  private readonly calls: CallAuthenticator;

  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(Hankos) private readonly hankos: Hankos,
    @Inject(TokenAuthenticator) private readonly tokens: TokenAuthenticator,
    @Inject(HANKO_TRANSPORTS)
    private readonly transports: readonly HankoTransport[] = builtInTransports(),
    @Optional()
    @Inject(HankoLiveSessions)
    live: HankoLiveSessions | null = null,
  ) {
    this.routes = new Routes(options);
    const requests = new RequestAuthenticator(options, tokens, hankos);
    this.calls = new CallAuthenticator(options, requests, transports, live);
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
    const call = isExecutionContext(source)
      ? this.calls.open(source, wanted)
      : openSource(source, this.transports, isHandshake);
    const found = await this.calls.authenticate(
      isHandshake === true ? asHandshake(call) : call,
      wanted,
    );
    return found?.user ?? null;
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
   * @throws HankoTenantError `tenant_unknown` (404)
   * @throws HankoUnavailableError `hanko_unavailable` (503)
   * @throws HankoConfigurationError `configuration_invalid` for a wrong `session`, and unless `tenant` is given exactly
   * where the app has tenants
   */
  async verifyToken(
    token: string,
    { session, tenant }: HankoVerifyOptions = {},
  ): Promise<HankoUser> {
    const policy = this.sessionPolicy(session);
    const hanko = await this.hankos.named(tenant, 'verifyToken().tenant');
    const { user } = await this.tokens.verify(token, hanko, policy);
    return user;
  }

  /**
   * Verifies a token whose session may be over.
   * @throws HankoTokenError any `token_…` code
   * @throws HankoUnavailableError `hanko_unavailable` without keys
   * @internal
   */
  async verifyAlone(token: string, hanko: Hanko): Promise<HankoUser> {
    return this.tokens.verifyAlone(token, hanko);
  }

  /**
   * Authenticates as the route's `@Public()`, `@OptionalAuth()` or `@RequireAuth()` says, for the guard and the
   * parameter decorators. The header fields of a refusal are set on the response.
   * @returns null for an anonymous caller on a route that allows them; no promise if nothing has to be awaited.
   * @internal
   */
  authenticateRoute(context: ExecutionContext): MaybePromise<Authenticated | null> {
    return this.calls.authenticateRoute(context, this.routes.of(context));
  }

  /**
   * Authenticates a call that has no route, for middleware. The header fields of a refusal are set on the response.
   * @internal
   */
  authenticateCall(call: HankoCall, wanted: Wanted): MaybePromise<Authenticated | null> {
    return this.calls.authenticateCall(call, wanted);
  }

  /**
   * Authenticates what opens a connection to gateways. Whoever one of them lets in is let in. It does not watch the
   * connection.
   * @param gateways their classes. Without one it is closed to those who are not signed in.
   * @returns null for an anonymous caller, where a gateway allows them.
   * @throws HankoAuthError any of its codes: why the gateway refuses that asks least
   * @internal
   */
  async authenticateConnection(
    call: HankoCall,
    gateways: readonly Type[],
  ): Promise<Authenticated | null> {
    const routes = gateways.map((gateway) => this.routes.ofClass(gateway));
    if (routes.some(({ mode }) => mode === 'public')) return null;
    const [first = this.wantedBy({}, 'connection'), ...others] = routes.toSorted(byDemands);
    return this.calls.authenticateConnection(call, [first, ...others]);
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
    if (policy !== null && !canAskHanko(this.options)) {
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

  /**
   * Whether the app names the tenant of each request.
   * @internal
   */
  get hasTenants(): boolean {
    return this.hankos.hasTenants;
  }

  /**
   * The tenant of a call, once its route lets it in.
   * @returns undefined without the option `tenants`.
   * @internal
   */
  tenantOf(context: ExecutionContext): MaybePromise<string | undefined> {
    return this.calls.tenantOf(context, this.routes.of(context));
  }

  /**
   * A signal that aborts when the session of the caller ends. It is forgotten when the call is over.
   * @returns null for an anonymous caller on a route that allows them.
   * @internal
   */
  sessionSignal(context: ExecutionContext): MaybePromise<AbortSignal | null> {
    return andThen(
      this.authenticateRoute(context),
      (found) => found && this.calls.sessionSignal(found, context),
    );
  }

  /** @throws HankoConfigurationError */
  private sessionPolicy(written: HankoSessionPolicy | undefined): ResolvedSessionPolicy | null {
    if (written === undefined) return this.routes.moduleSession;
    const faults = sessionPolicyFaults(written, 'session');
    if (faults.length > 0) throw new HankoConfigurationError(faults);
    return this.routes.resolve(written);
  }
}

/** Whoever asks less comes first. */
const byDemands = (a: Wanted, b: Wanted): number => weight(a) - weight(b);

const weight = ({ mode, requirements, session }: Wanted): number =>
  (mode === 'required' ? 2 : 0) + (session === null ? 0 : 1) + 2 * requirements.length;
