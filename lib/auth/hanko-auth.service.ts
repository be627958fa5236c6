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
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoUser } from '../user/hanko-user.js';
import { SessionTokenVerifier, type TrustedHanko } from '../verification/session-token.verifier.js';
import { AuthenticationLog } from './authentication-log.js';
import { routeMode } from './route-mode.js';
import { sendHeaders } from './send-headers.js';

/** Who was found behind a request, and the token that says so. */
interface Authenticated {
  readonly user: HankoUser;
  readonly token: string;
}

/** Nobody, for a reason that an `@OptionalAuth()` route forgives and every other route answers. */
interface Anonymous {
  readonly user: null;
  readonly error: HankoAuthError;
}

/**
 * Finds out who is calling. The guard and the parameter decorators go through it; use it yourself in
 * middleware and in guards of your own.
 */
@Injectable()
export class HankoAuthService {
  private readonly log = new AuthenticationLog();
  private readonly hanko: TrustedHanko;
  /**
   * Who is behind each request: it is verified once, whoever asks, also at the same time. Only this
   * map is trusted; nothing on the request itself, `request.user` included, is ever read back.
   */
  private readonly authenticated = new WeakMap<object, Promise<Authenticated | Anonymous>>();

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
    const authenticated = await this.authenticateSource(source, optional);
    return authenticated?.user ?? null;
  }

  /**
   * Verifies a session token that you have got hold of by other means. There is no cross-site check:
   * if it came from a cookie, that is yours.
   *
   * @throws HankoTokenError any `token_…` code (401)
   * @throws HankoUnavailableError `hanko_unavailable` (503)
   */
  verifyToken(token: string): Promise<HankoUser> {
    return this.verifier.verify(token, this.trustedHanko());
  }

  /**
   * As the route's `@Public()`, `@OptionalAuth()` or `@RequireAuth()` says.
   * @returns null where the route lets anonymous callers in and this one is.
   * @internal
   */
  async authenticateRoute(context: ExecutionContext): Promise<Authenticated | null> {
    const mode = routeMode(context);
    // First, and whatever the context: a public route costs nothing and cannot fail.
    return mode === 'public' ? null : this.authenticateSource(context, mode === 'optional');
  }

  private async authenticateSource(
    source: ExecutionContext | IncomingRequest,
    optional: boolean,
  ): Promise<Authenticated | null> {
    const context = isExecutionContext(source) ? source : undefined;
    const handler = context && handlerName(context);
    // What stands for the request in maps. Fastify's middleware sees Node's request, its handlers a wrapper.
    let identity: object = source;
    try {
      const request = context ? httpRequest(context) : (source as IncomingRequest);
      identity = request.raw ?? request;
      const found = await this.authenticateOnce(identity, request, handler);
      if (found.user !== null) {
        // For loggers, policies and the like that look for a user there.
        (request as { user?: unknown }).user = found.user;
        return found;
      }
      if (!optional) throw found.error;
      this.log.anonymous(identity, handler);
      return null;
    } catch (error) {
      if (isAuthError(error)) {
        this.log.refused(identity, error, handler);
        if (context?.getType() === 'http') {
          sendHeaders(context.switchToHttp().getResponse(), error.headers);
        }
      }
      throw error;
    }
  }

  private async authenticateOnce(
    identity: object,
    request: IncomingRequest,
    handler: string | undefined,
  ): Promise<Authenticated | Anonymous> {
    const known = this.authenticated.get(identity);
    if (known !== undefined) return known;

    const pending = this.authenticateRequest(request, handler);
    this.authenticated.set(identity, pending);
    try {
      const found = await pending;
      if (found.user === null) this.authenticated.delete(identity);
      return found;
    } catch (error) {
      this.authenticated.delete(identity);
      throw error;
    }
  }

  private async authenticateRequest(
    request: IncomingRequest,
    handler: string | undefined,
  ): Promise<Authenticated | Anonymous> {
    const [source, credential] = this.extract(request);
    if (credential === undefined) {
      const error = new HankoCredentialsError(
        'credentials_missing',
        'The request carries no credential',
      );
      return { user: null, error };
    }
    const isAmbient = credential.ambient !== false;
    if (isAmbient) refuseCrossSite(request, this.options.trustedOrigins);
    try {
      const found = await this.verifyCandidates(credential.tokens, this.trustedHanko());
      this.log.authenticated(found.user, source, handler);
      return found;
    } catch (error) {
      // JavaScript cannot clear an HttpOnly cookie, so an expired one must not lock its user out
      // of a page that anonymous callers may see.
      if (isAmbient && isAuthError(error) && error.code === 'token_expired') {
        return { user: null, error };
      }
      throw error;
    }
  }

  private extract(request: IncomingRequest): readonly [string, ExtractedCredential | undefined] {
    for (const extractor of this.options.extractors) {
      const credential = extractor.extract(request);
      if (credential && credential.tokens.length > 0) {
        return [extractor.name, credential];
      }
    }
    return ['', undefined];
  }

  /** All are verified: the first good one is the user, unless another good one is another user. */
  private async verifyCandidates(
    tokens: readonly string[],
    hanko: TrustedHanko,
  ): Promise<Authenticated> {
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

function httpRequest(context: ExecutionContext): IncomingRequest {
  const type = context.getType<string>();
  if (type !== 'http') throw new HankoContextError(type, handlerName(context));
  return context.switchToHttp().getRequest<IncomingRequest>();
}

/** By its brand: a JwksProvider may throw errors of another copy of this package. */
const isAuthError = (error: unknown): error is HankoAuthError =>
  isHankoError(error) && error.code !== 'configuration_invalid';
