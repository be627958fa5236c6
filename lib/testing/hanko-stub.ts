import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { HankoConfigurationError, HankoTokenError } from '../errors/hanko.errors.js';
import { bearerTokenExtractor } from '../extraction/bearer.js';
import { cookieTokenExtractor } from '../extraction/cookie.js';
import type { TokenExtractor } from '../extraction/token-extractor.js';
import { HANKO_MODULE_OPTIONS, HANKO_OPTIONS } from '../hanko.constants.js';
import { HankoModule } from '../hanko.module.js';
import type { HankoForRootOptions } from '../hanko.module-definition.js';
import { andThen, type MaybePromise } from '../util/maybe-promise.js';
import {
  type HankoModuleOptions,
  type ResolvedHankoOptions,
  resolveOptions,
} from '../options/hanko-options.js';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { HankoProfile } from '../profile/hanko-profile.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import { SessionLiveness } from '../session/session-liveness.js';
import type { HankoClaims } from '../user/hanko-claims.js';
import { HankoUser } from '../user/hanko-user.js';
import { isProduction } from '../util/process-environment.js';
import { isObject } from '../util/value-checks.js';
import { ClaimsSchema } from '../verification/claims-schema.js';
import type { HankoTenantsOptions } from '../options/tenants-option.js';
import { Hankos } from '../tenants/hankos.js';
import { TenantParts } from '../tenants/tenant-parts.js';
import { SessionTokenVerifier, type TrustedHanko } from '../verification/session-token.verifier.js';
import { StubProfile } from './stub-profile.js';
import { type HankoStubUser, stubClaims } from './stub-user.js';

/** The part of `Test.createTestingModule()`'s return value that the stub uses. */
export interface OverridableBuilder {
  /** Replaces a provider of the module under test. */
  overrideProvider(token: unknown): {
    useFactory(options: {
      readonly factory: (...args: never[]) => unknown;
      readonly inject?: (string | symbol)[];
    }): unknown;
  };
}

/**
 * Says who is calling in tests of an app, over HTTP, GraphQL and WebSockets, and in messages: without Hanko, keys or
 * network.
 * ```ts
 * const hanko = new HankoStub();
 * const app = (await hanko.override(Test.createTestingModule({ imports: [AppModule] })).compile())
 *   .createNestApplication();
 * await app.init();
 *
 * hanko.signIn({ email: 'ada@example.test' });
 * await request(app.getHttpServer()).get('/notes').expect(200);
 * ```
 * Guard, marks, demands and responses are the real ones; only tokens are not verified, and `HankoProfile` knows of a user
 * what the test says. It is nothing for production, and refuses to start there.
 */
export class HankoStub {
  /** By token. */
  private readonly claims = new Map<string, HankoClaims>();
  private signedIn: string | undefined;

  /**
   * Nobody is signed in yet.
   * @throws HankoConfigurationError `configuration_invalid` if `NODE_ENV` is `production`.
   */
  constructor() {
    refuseInProduction();
  }

  /**
   * From now on this user is the caller of each request and message that brings no credential of its own.
   * @param user what the test cares about; everything else has a default. Or a user from `hankoUser()`.
   * @returns the user, as long as the option `claimsSchema` changes nothing about it.
   * @throws HankoConfigurationError `configuration_invalid` for a member that no user has, or of a wrong type.
   */
  signIn(user: HankoStubUser | HankoUser = {}): HankoUser {
    this.signedIn = this.token(user);
    return new HankoUser(this.claims.get(this.signedIn) as HankoClaims);
  }

  /** From now on a request or message that brings no credential of its own is anonymous. */
  signOut(): void {
    this.signedIn = undefined;
  }

  /**
   * A token for one request, connection or message: `Authorization: Bearer <token>`, the cookie, or wherever else a
   * client puts one. It goes before who is signed in.
   * @param user what the test cares about; everything else has a default. Or a user from `hankoUser()`.
   * @returns a text that only this stub knows; it is no JWT.
   * @throws HankoConfigurationError `configuration_invalid` for a member that no user has, or of a wrong type.
   */
  token(user: HankoStubUser | HankoUser = {}): string {
    const claims = isUser(user) ? user.claims : stubClaims(user);
    const token = `stub-token-${this.claims.size + 1}`;
    this.claims.set(token, claims);
    return token;
  }

  /**
   * Takes the place of Hanko in an app that imports `HankoModule`:
   * `hanko.override(Test.createTestingModule({ imports: [AppModule] })).compile()`.
   * Of the app's options `claimsSchema`, `cookieName`, `extractors`, `logRoutes`, `now`, `transports` and
   * `trustedOrigins` stay in force.
   * @returns the same builder.
   */
  override<Builder extends OverridableBuilder>(builder: Builder): Builder {
    for (const { provide, useFactory, inject } of this.providers()) {
      builder.overrideProvider(provide).useFactory({
        factory: useFactory,
        inject: inject as symbol[],
      });
    }
    return builder;
  }

  /**
   * Takes the place of `HankoModule.forRoot()` in a test without the app's root module:
   * `Test.createTestingModule({ imports: [hanko.forRoot()], controllers: [NotesController] })`.
   * @param options those of `HankoModule.forRoot()`; what is about tokens, keys and Hanko's address has no effect.
   * @throws HankoConfigurationError `configuration_invalid` for something else than an object.
   */
  forRoot(options: HankoForRootOptions = {}): DynamicModule {
    const module = HankoModule.forRoot(options);
    return { ...module, providers: [...(module.providers ?? []), ...this.providers()] };
  }

  private providers(): FactoryProvider[] {
    return [
      {
        provide: HANKO_OPTIONS,
        inject: [HANKO_MODULE_OPTIONS],
        useFactory: this.resolve,
      },
      {
        provide: SessionTokenVerifier,
        inject: [HANKO_OPTIONS],
        useFactory: (options: ResolvedHankoOptions) => new StubVerifier(this.claims, options),
      },
      {
        provide: SessionLiveness,
        inject: [HANKO_OPTIONS],
        useFactory: (options: ResolvedHankoOptions) => new StubLiveness(options),
      },
      {
        provide: HankoProfile,
        inject: [HANKO_OPTIONS, HankoAuthService, HankoRevocation, Hankos],
        useFactory: (...given: ConstructorParameters<typeof StubProfile>) =>
          new StubProfile(...given),
      },
      { provide: TenantParts, useFactory: () => new StubParts(this.claims) },
    ];
  }

  private readonly resolve = (written: unknown): ResolvedHankoOptions => {
    refuseInProduction();
    const { cookieName, extractors, ...options } = (
      isObject(written) ? written : {}
    ) as HankoModuleOptions;
    const { claimsSchema, logRoutes, now, transports, trustedOrigins, tenants } = options;
    const kept = {
      claimsSchema,
      logRoutes,
      now,
      transports,
      trustedOrigins,
      ...stubTenants(tenants),
    };
    return resolveOptions(
      {
        ...kept,
        // Named, so that routes with a session policy have somebody to ask, and nobody is asked.
        apiUrl: 'https://hanko.invalid',
        audience: null,
        ...(tenants === undefined && { jwks: NO_KEYS }),
        extractors: [
          ...(extractors ?? [bearerTokenExtractor(), cookieTokenExtractor(cookieName)]),
          this.extractor,
        ],
      },
      () => undefined,
    );
  };

  /** After all others: finds whoever is signed in. */
  private readonly extractor: TokenExtractor = {
    name: 'stub',
    extract: () =>
      this.signedIn === undefined ? undefined : { tokens: [this.signedIn], ambient: false },
  };
}

/** By what it holds: Jest can load a class twice. */
const isUser = (user: HankoStubUser | HankoUser): user is HankoUser =>
  isObject(user) && isObject(user.claims) && 'session_id' in user.claims;

/** Knows the tokens that a stub has given out, and no other. */
class StubVerifier extends SessionTokenVerifier {
  private readonly ownSchema: ClaimsSchema;
  private readonly now: () => number;

  constructor(
    private readonly tokens: ReadonlyMap<string, HankoClaims>,
    options: ResolvedHankoOptions,
  ) {
    super(options);
    this.ownSchema = new ClaimsSchema(options.claimsSchema);
    this.now = options.now;
  }

  override verify(token: string, { tenantId }: TrustedHanko): MaybePromise<HankoUser> {
    const claims = this.tokens.get(token);
    if (claims === undefined) {
      throw new HankoTokenError(
        'token_signature_invalid',
        'The token was not made by HankoStub.token()',
      );
    }
    if (claims.exp * 1000 <= this.now()) {
      throw new HankoTokenError('token_expired', 'The expiresAt that the test gave is past');
    }
    return andThen(this.ownSchema.apply(claims), (applied) => new HankoUser(applied, tenantId));
  }
}

/** Every session is alive, and nobody is asked. */
class StubLiveness extends SessionLiveness {
  override check(): void {
    // Nothing to refuse.
  }
}

/** Of each tenant that the app trusts. */
class StubParts extends TenantParts {
  constructor(private readonly tokens: ReadonlyMap<string, HankoClaims>) {
    super();
  }

  override verifier(options: ResolvedHankoOptions): SessionTokenVerifier {
    return new StubVerifier(this.tokens, options);
  }

  override liveness(options: ResolvedHankoOptions): SessionLiveness {
    return new StubLiveness(options);
  }
}

/** The app says which tenants there are; where their Hankos are does not matter. */
function stubTenants(tenants: HankoTenantsOptions | undefined): {
  readonly tenants?: HankoTenantsOptions;
} {
  if (tenants === undefined) return {};
  const { trust } = tenants;
  const there = { apiUrl: 'https://hanko.invalid' };
  return {
    tenants: {
      ...tenants,
      trust: async (id) => ((trust === undefined ? true : await trust(id)) ? there : null),
    },
  };
}

const NO_KEYS = { getKey: () => undefined };

function refuseInProduction(): void {
  if (!isProduction()) return;
  throw new HankoConfigurationError([
    {
      path: 'HankoStub',
      hint: 'accepts any user that a test names. It is for tests only: NODE_ENV must not be production.',
    },
  ]);
}
