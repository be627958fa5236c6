import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import {
  HankoAuthError,
  HankoContextError,
  HankoCredentialsError,
  isHankoError,
} from '../errors/hanko.errors.js';
import { refuseCrossSite } from '../extraction/cross-site.js';
import { handlerName, isExecutionContext, type IncomingRequest } from '../extraction/request.js';
import type { ExtractedCredential } from '../extraction/token-extractor.js';
import { HANKO_JWKS, HANKO_OPTIONS } from '../hanko.constants.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import { isLater, type NowOrLater, settle } from '../now-or-later.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoUser } from '../user/hanko-user.js';
import { SessionTokenVerifier, type TrustedHanko } from '../verification/session-token.verifier.js';
import { AuthenticationLog } from './authentication-log.js';
import { type Notes, RequestNotes } from './request-notes.js';
import { Routes } from './route-mode.js';
import { sendHeaders } from './send-headers.js';

/** Who was found behind a request, and the token that says so. */
interface Authenticated {
  readonly user: HankoUser;
  readonly token: string;
}

/** Nobody, for a reason that an `@OptionalAuth()` route forgives and every other route answers. */
interface Anonymous {
  readonly user: null;
  /** Made when it is needed: an error costs more than the rest of such a request. */
  readonly error: () => HankoAuthError;
}

type Outcome = Authenticated | Anonymous;

/**
 * Finds out who is calling. The guard and the parameter decorators go through it; use it yourself in
 * middleware and in guards of your own.
 */
@Injectable()
export class HankoAuthService {
  private readonly log = new AuthenticationLog();
  private readonly hanko: TrustedHanko;
  private readonly routes = new Routes();
  /**
   * Who is behind each request: it is verified once, whoever asks, also at the same time. Only this
   * is trusted; nothing that others can write, `request.user` included, is ever read back.
   */
  private readonly notes = new RequestNotes<Outcome>();

  constructor(
    @Inject(HANKO_OPTIONS) private readonly options: ResolvedHankoOptions,
    @Inject(HANKO_JWKS) jwks: JwksProvider,
    @Inject(SessionTokenVerifier) private readonly verifier: SessionTokenVerifier,
  ) {
    this.hanko = { jwks, audience: options.audience, issuer: options.issuer };
  }

  /**
   * Finds the session token in a request and verifies it.
   *
   * @param source an `ExecutionContext` of an HTTP handler, or a request (Express, Fastify, Node).
   * For a context, the header fields of a refusal are set on its response; for a request, copy
   * `error.headers` yourself.
   * @param options `optional: true` resolves to null where there is no credential, or a cookie that
   * has merely expired, which the browser goes on sending.
   * @throws HankoCredentialsError `credentials_missing` (401), `credentials_ambiguous` (400)
   * @throws HankoTokenError any `token_…` code (401)
   * @throws HankoCrossSiteError `cross_site_request` (403)
   * @throws HankoUnavailableError `hanko_unavailable` (503)
   * @throws HankoContextError `context_unsupported` (501)
   */
  authenticate(
    source: ExecutionContext | IncomingRequest,
    options?: { readonly optional?: false },
  ): Promise<HankoUser>;
  authenticate(
    source: ExecutionContext | IncomingRequest,
    options: { readonly optional?: boolean },
  ): Promise<HankoUser | null>;
  async authenticate(
    source: ExecutionContext | IncomingRequest,
    { optional = false }: { readonly optional?: boolean } = {},
  ): Promise<HankoUser | null> {
    const handler = isExecutionContext(source) ? handlerName(source) : undefined;
    const authenticated = await this.authenticateSource(source, optional, handler);
    return authenticated?.user ?? null;
  }

  /**
   * Verifies a session token that you have got hold of by other means. There is no cross-site check:
   * if it came from a cookie, that is yours.
   *
   * @throws HankoTokenError any `token_…` code (401)
   * @throws HankoUnavailableError `hanko_unavailable` (503)
   */
  async verifyToken(token: string): Promise<HankoUser> {
    return this.verifier.verify(token, this.trustedHanko());
  }

  /**
   * As the route's `@Public()`, `@OptionalAuth()` or `@RequireAuth()` says.
   * @returns null where the route lets anonymous callers in and this one is; without a promise where
   * there is nothing to wait for.
   * @internal
   */
  authenticateRoute(context: ExecutionContext): NowOrLater<Authenticated | null> {
    const { mode, name } = this.routes.of(context);
    // First, and whatever the context: a public route costs nothing and cannot fail.
    return mode === 'public' ? null : this.authenticateSource(context, mode === 'optional', name);
  }

  private authenticateSource(
    source: ExecutionContext | IncomingRequest,
    optional: boolean,
    handler: string | undefined,
  ): NowOrLater<Authenticated | null> {
    const context = isExecutionContext(source) ? source : undefined;
    // Fastify's middleware sees Node's request, its handlers a wrapper: notes are kept with the former.
    let identity: object = source;
    let request: IncomingRequest;
    return settle(
      () => {
        request = context ? httpRequest(context) : (source as IncomingRequest);
        identity = request.raw ?? request;
        return this.authenticateOnce(this.notes.of(identity), request, handler);
      },
      (outcome) => {
        if (outcome.user === null) {
          if (!optional) throw outcome.error();
          this.log.anonymous(this.notes.of(identity), handler);
          return null;
        }
        // For loggers, policies and the like that look for a user there.
        (request as { user?: unknown }).user = outcome.user;
        return outcome;
      },
      (error) => {
        if (isAuthError(error)) {
          this.log.refused(this.notes.of(identity), error, handler);
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
    handler: string | undefined,
  ): NowOrLater<Outcome> {
    if (notes.outcome !== undefined) return notes.outcome;

    const outcome = this.authenticateRequest(request, handler);
    if (!isLater(outcome)) return keep(notes, outcome);
    notes.outcome = outcome.then(
      (settled) => keep(notes, settled),
      (error: unknown) => {
        notes.outcome = undefined;
        throw error;
      },
    );
    return notes.outcome;
  }

  private authenticateRequest(
    request: IncomingRequest,
    handler: string | undefined,
  ): NowOrLater<Outcome> {
    for (const extractor of this.options.extractors) {
      const credential = extractor.extract(request);
      if (credential && credential.tokens.length > 0) {
        return this.authenticateCredential(request, credential, extractor.name, handler);
      }
    }
    return NO_CREDENTIAL;
  }

  private authenticateCredential(
    request: IncomingRequest,
    { tokens, ambient }: ExtractedCredential,
    source: string,
    handler: string | undefined,
  ): NowOrLater<Outcome> {
    const isAmbient = ambient !== false;
    if (isAmbient) refuseCrossSite(request, this.options.trustedOrigins);
    return settle<Authenticated, Outcome>(
      () => this.verifyCandidates(tokens, this.trustedHanko()),
      (found) => {
        this.log.authenticated(found.user, source, handler);
        return found;
      },
      (error) => {
        // JavaScript cannot clear an HttpOnly cookie, so an expired one must not lock its user out
        // of a page that anonymous callers may see.
        if (isAmbient && isAuthError(error) && error.code === 'token_expired') {
          return { user: null, error: () => error };
        }
        throw error;
      },
    );
  }

  private verifyCandidates(
    tokens: readonly string[],
    hanko: TrustedHanko,
  ): NowOrLater<Authenticated> {
    if (tokens.length > 1) return this.verifyEach(tokens, hanko);
    const token = tokens[0] as string;
    const user = this.verifier.verify(token, hanko);
    return isLater(user) ? user.then((found) => ({ user: found, token })) : { user, token };
  }

  /** All are verified: the first good one is the user, unless another good one is another user. */
  private async verifyEach(tokens: readonly string[], hanko: TrustedHanko): Promise<Authenticated> {
    let good: Authenticated | undefined;
    let failure: HankoAuthError | undefined;
    for (const token of tokens) {
      try {
        const user = await this.verifier.verify(token, hanko);
        if (good !== undefined && good.user.id !== user.id) {
          throw new HankoCredentialsError(
            'credentials_ambiguous',
            'The request has good session cookies of two different users',
          );
        }
        good ??= { user, token };
      } catch (error) {
        if (error instanceof HankoCredentialsError || !isAuthError(error)) throw error;
        // The first one's failure answers, except that "we cannot tell" beats "it is bad".
        if (failure === undefined || error.code === 'hanko_unavailable') failure = error;
      }
    }
    if (good === undefined) throw failure;
    return good;
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

const NO_CREDENTIAL: Anonymous = {
  user: null,
  error: () =>
    new HankoCredentialsError('credentials_missing', 'The request carries no credential'),
};

function httpRequest(context: ExecutionContext): IncomingRequest {
  const type = context.getType<string>();
  if (type !== 'http') throw new HankoContextError(type, handlerName(context));
  return context.switchToHttp().getRequest<IncomingRequest>();
}

/** By its brand: a JwksProvider may throw errors of another copy of this package. */
const isAuthError = (error: unknown): error is HankoAuthError =>
  isHankoError(error) && error.code !== 'configuration_invalid';
