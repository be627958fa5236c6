import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import {
  HankoAuthError,
  HankoConfigurationError,
  HankoContextError,
  HankoCredentialsError,
} from '../errors/hanko.errors.js';
import { refuseCrossSite } from '../extraction/cross-site.js';
import { handlerName, isExecutionContext, type IncomingRequest } from '../extraction/request.js';
import type { ExtractedCredential } from '../extraction/token-extractor.js';
import { HANKO_JWKS, HANKO_OPTIONS } from '../hanko.constants.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import { isPromise, type MaybePromise, settle } from '../util/maybe-promise.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoUser } from '../user/hanko-user.js';
import {
  type HankoSessionPolicy,
  type ResolvedSessionPolicy,
  isSamePolicy,
  sessionPolicyFaults,
} from '../options/session-policy.js';
import type { HankoRequirements } from '../requirements/demands.js';
import { DemandWarnings } from '../requirements/demand-warnings.js';
import { plainCopy, requirementChecks, requirementFaults } from '../requirements/requirements.js';
import type { TrustedHanko } from '../verification/session-token.verifier.js';
import { AuthenticationLog } from './authentication-log.js';
import { refuseUnmet } from './refuse-unmet.js';
import type { RequireAuthOptions } from './require-auth-options.js';
import { type Notes, RequestNotes } from './request-notes.js';
import { type Route, Routes } from './routes.js';
import { sendHeaders } from './send-headers.js';
import { type Authenticated, isAuthError, TokenAuthenticator } from './token-authenticator.js';

/** Nobody, for a reason that an `@OptionalAuth()` route forgives and every other route answers. */
interface Anonymous {
  readonly user: null;
  /** Made when it is needed: an error costs more than the rest of such a request. */
  readonly error: () => HankoAuthError;
}

type Outcome = Authenticated | Anonymous;

/** What is asked of a request: what its route asks, or what the app's own code asks in its place. */
export type Wanted = Omit<Route, 'name'> & { readonly name: string | undefined };

/** How a token is looked at. */
export interface HankoVerifyOptions {
  /** Whether Hanko is asked if the session is still alive. Default: that of the route, else the module's. */
  readonly session?: HankoSessionPolicy;
}

/** How a request is looked at. */
export interface HankoAuthenticateOptions extends HankoVerifyOptions {
  /** Whether callers without a credential, or with a dead cookie, are let in: as null. Default false. */
  readonly optional?: boolean;
}

/**
 * Finds out who is calling. The guard and the parameter decorators go through it; use it yourself in
 * middleware and in guards of your own.
 */
@Injectable()
export class HankoAuthService {
  private readonly log = new AuthenticationLog();
  private readonly demandWarnings = new DemandWarnings();
  private readonly hanko: TrustedHanko;
  private readonly routes: Routes;
  /**
   * Who is behind each request: it is verified once, whoever asks, also at the same time. Only this
   * is trusted; nothing that others can write, `request.user` included, is ever read back.
   */
  private readonly notes = new RequestNotes<Outcome>();

  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(HANKO_JWKS) jwks: JwksProvider,
    @Inject(TokenAuthenticator) private readonly tokens: TokenAuthenticator,
  ) {
    this.routes = new Routes(options);
    this.hanko = { jwks, audience: options.audience, issuer: options.issuer };
  }

  /**
   * Finds the session token in a request and verifies it.
   *
   * @param source an `ExecutionContext` of an HTTP handler, or a request (Express, Fastify, Node).
   * For a context, the header fields of a refusal are set on its response; for a request, copy
   * `error.headers` yourself.
   * A context's route has its say too: what `@RequireAuth()` demands there is checked.
   * @param options `optional: true` resolves to null where there is no credential, or a cookie that
   * has merely expired or whose session has ended, which the browser goes on sending.
   * @throws HankoAuthError any of its codes; its table has their classes and statuses
   * @throws HankoConfigurationError `configuration_invalid` for a wrong `session`
   */
  authenticate(
    source: ExecutionContext | IncomingRequest,
    options?: HankoAuthenticateOptions & { readonly optional?: false },
  ): Promise<HankoUser>;
  authenticate(
    source: ExecutionContext | IncomingRequest,
    options: HankoAuthenticateOptions,
  ): Promise<HankoUser | null>;
  async authenticate(
    source: ExecutionContext | IncomingRequest,
    { optional = false, session }: HankoAuthenticateOptions = {},
  ): Promise<HankoUser | null> {
    const route = isExecutionContext(source) ? this.routes.of(source) : undefined;
    const authenticated = await this.authenticateSource(source, {
      mode: optional ? 'optional' : 'required',
      name: route?.name,
      session:
        session === undefined && route !== undefined ? route.session : this.sessionPolicy(session),
      requirements: route?.requirements ?? [],
    });
    return authenticated?.user ?? null;
  }

  /**
   * Passes if the user meets the requirements, of which the token tells; for those that a handler knows only
   * when it runs. It has no response: the header fields of a refusal are in `error.headers` alone.
   *
   * @param requirements as `@RequireAuth()` takes them, without `session`: for that one a request or a token
   * is needed, so `authenticate` and `verifyToken` take it.
   * @throws HankoStepUpError `step_up_required` (401)
   * @throws HankoRequirementError `requirement_not_met` (403)
   * @throws HankoConfigurationError `configuration_invalid` for a wrong requirement
   */
  check(user: HankoUser, requirements: HankoRequirements): void {
    const demanded = plainCopy(requirements);
    const faults = requirementFaults(demanded, { path: 'check()' });
    if (faults.length > 0) throw new HankoConfigurationError(faults);
    refuseUnmet(requirementChecks(demanded, this.demandWarnings), user, this.options.now());
  }

  /**
   * Verifies a session token that you have got hold of by other means. There is no cross-site check:
   * if it came from a cookie, that is yours.
   *
   * @throws HankoTokenError any `token_…` code, `session_revoked` (401)
   * @throws HankoUnavailableError `hanko_unavailable` (503)
   * @throws HankoConfigurationError `configuration_invalid` for a wrong `session`
   */
  async verifyToken(token: string, { session }: HankoVerifyOptions = {}): Promise<HankoUser> {
    const policy = this.sessionPolicy(session);
    const { user } = await this.tokens.verify(token, this.trustedHanko(), policy);
    return user;
  }

  /**
   * As the route's `@Public()`, `@OptionalAuth()` or `@RequireAuth()` says.
   * @returns null where the route lets anonymous callers in and this one is; without a promise where
   * there is nothing to wait for.
   * @internal
   */
  authenticateRoute(context: ExecutionContext): MaybePromise<Authenticated | null> {
    const route = this.routes.of(context);
    // First, and whatever the context: a public route costs nothing and cannot fail.
    if (route.mode === 'public') return null;
    return this.admitted(context, route) ?? this.authenticateSource(context, route);
  }

  /**
   * What `@RequireAuth(options)` would want, for what has no route.
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
          hint: 'needs apiUrl or HANKO_API_URL: there is nobody to ask.',
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

  /** Who was let in to this very route already: by the guard, when a parameter asks. */
  private admitted(context: ExecutionContext, route: Route): Authenticated | undefined {
    if (context.getType() !== 'http') return undefined;
    const { admittedTo, outcome } = this.notes.of(identityOf(httpRequest(context)));
    return admittedTo === route && isAuthenticated(outcome) ? outcome : undefined;
  }

  /** @throws HankoConfigurationError */
  private sessionPolicy(written: HankoSessionPolicy | undefined): ResolvedSessionPolicy | null {
    if (written === undefined) return this.routes.moduleSession;
    const faults = sessionPolicyFaults(written, 'session');
    if (faults.length > 0) throw new HankoConfigurationError(faults);
    return this.routes.resolve(written);
  }

  /** @internal */
  authenticateSource(
    source: ExecutionContext | IncomingRequest,
    wanted: Wanted,
  ): MaybePromise<Authenticated | null> {
    const { mode, name, requirements } = wanted;
    const context = isExecutionContext(source) ? source : undefined;
    let identity: object = source;
    let request: IncomingRequest;
    return settle(
      () => {
        request = context ? httpRequest(context) : (source as IncomingRequest);
        identity = identityOf(request);
        return this.authenticateOnce(this.notes.of(identity), request, wanted);
      },
      (outcome) => {
        if (outcome.user === null) {
          if (mode === 'required') throw outcome.error();
          this.log.anonymous(this.notes.of(identity), name);
          return null;
        }
        if (requirements.length > 0) refuseUnmet(requirements, outcome.user, this.options.now());
        // For loggers, policies and the like that look for a user there.
        (request as { user?: unknown }).user = outcome.user;
        this.notes.of(identity).admittedTo = wanted;
        return outcome;
      },
      (error) => {
        if (isAuthError(error)) {
          this.log.refused(this.notes.of(identity), error, name);
          if (context?.getType() === 'http') {
            sendHeaders(context.switchToHttp().getResponse(), error.headers);
          }
        }
        throw error;
      },
    );
  }

  private authenticateOnce(
    notes: Notes<Outcome>,
    request: IncomingRequest,
    wanted: Wanted,
  ): MaybePromise<Outcome> {
    const { session } = wanted;
    if (notes.outcome !== undefined && isSamePolicy(notes.policy, session)) return notes.outcome;

    const outcome = this.authenticateRequest(notes, request, wanted);
    notes.policy = session;
    notes.admittedTo = null;
    if (!isPromise(outcome)) return keep(notes, outcome);
    const later: Promise<Outcome> = outcome.then(
      (settled) => (notes.outcome === later ? keep(notes, settled) : settled),
      (error: unknown) => {
        if (notes.outcome === later) notes.outcome = undefined;
        throw error;
      },
    );
    notes.outcome = later;
    return later;
  }

  private authenticateRequest(
    notes: Notes<Outcome>,
    request: IncomingRequest,
    wanted: Wanted,
  ): MaybePromise<Outcome> {
    for (const extractor of this.options.extractors) {
      const credential = extractor.extract(request);
      if (credential && credential.tokens.length > 0) {
        return this.authenticateCredential(notes, request, credential, extractor.name, wanted);
      }
    }
    return NO_CREDENTIAL;
  }

  private authenticateCredential(
    notes: Notes<Outcome>,
    request: IncomingRequest,
    { tokens, ambient }: ExtractedCredential,
    source: string,
    { session, name }: Wanted,
  ): MaybePromise<Outcome> {
    const isAmbient = ambient !== false;
    if (isAmbient) refuseCrossSite(request, this.options.trustedOrigins);
    return settle<Authenticated, Outcome>(
      () => this.tokens.verifyAny(tokens, this.trustedHanko(), session),
      (found) => {
        this.log.authenticated(notes, found.user, source, name);
        return found;
      },
      (error) => {
        // JavaScript cannot clear an HttpOnly cookie, so a dead one must not lock its user out
        // of a page that anonymous callers may see.
        if (isAmbient && isAuthError(error) && isDead(error)) {
          return { user: null, error: () => error };
        }
        throw error;
      },
    );
  }

  /** Which Hanko answers for a request: the one place that knows. There is one. */
  private trustedHanko(): TrustedHanko {
    return this.hanko;
  }
}

/** Only a user is kept: who asks again without one may ask for something else. */
function keep(notes: Notes<Outcome>, outcome: Outcome): Outcome {
  notes.outcome = outcome.user === null ? undefined : outcome;
  return outcome;
}

/** It was good once, and only time or a logout has ended it. */
const isDead = ({ code }: HankoAuthError): boolean =>
  code === 'token_expired' || code === 'session_revoked';

const NO_CREDENTIAL: Anonymous = {
  user: null,
  error: () =>
    new HankoCredentialsError('credentials_missing', 'The request carries no credential'),
};

function httpRequest(context: ExecutionContext): IncomingRequest {
  const type = context.getType<string>();
  if (type !== 'http') throw new HankoContextError(type, handlerName(context));
  // What switchToHttp().getRequest() returns; that makes three closures on each call.
  return context.getArgByIndex<IncomingRequest>(0);
}

/** Fastify's middleware sees Node's request, its handlers a wrapper: notes are kept with the former. */
const identityOf = (request: IncomingRequest): object => request.raw ?? request;

const isAuthenticated = (outcome: MaybePromise<Outcome> | undefined): outcome is Authenticated =>
  outcome !== undefined && !isPromise(outcome) && outcome.user !== null;
