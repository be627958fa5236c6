import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { bearerTokenExtractor } from '../extraction/bearer.js';
import { cookieTokenExtractor } from '../extraction/cookie.js';
import type { TokenExtractor } from '../extraction/token-extractor.js';
import { HANKO_MODULE_OPTIONS, HANKO_OPTIONS } from '../hanko.constants.js';
import { HankoModule } from '../hanko.module.js';
import type { HankoForRootOptions } from '../hanko.module-definition.js';
import {
  type HankoModuleOptions,
  type ResolvedHankoOptions,
  resolveOptions,
} from '../options/hanko-options.js';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { HankoProfile } from '../profile/hanko-profile.js';
import { HankoRevocation } from '../revocation/hanko-revocation.js';
import { SessionLiveness } from '../session/session-liveness.js';
import { HankoUser } from '../user/hanko-user.js';
import { isProduction } from '../util/process-environment.js';
import { isFunction, isObject, isUuid } from '../util/value-checks.js';
import type { HankoTenantsOptions } from '../options/tenants-option.js';
import { Hankos } from '../tenants/hankos.js';
import { TenantParts } from '../tenants/tenant-parts.js';
import { SessionTokenVerifier } from '../verification/session-token.verifier.js';
import { StubLiveness, StubParts, StubVerifier, type TokenUser } from './stub-parts.js';
import { StubProfile } from './stub-profile.js';
import { type HankoStubUser, stubClaims, stubTenant } from './stub-user.js';

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
  private readonly users = new Map<string, TokenUser>();
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
    const { claims, tenantId } = this.users.get(this.signedIn) as TokenUser;
    return new HankoUser(claims, tenantId);
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
    const tenantId = isUser(user) ? user.tenantId : stubTenant(user);
    const token = `stub-token-${this.users.size + 1}`;
    this.users.set(token, { claims, tenantId });
    return token;
  }

  /**
   * Takes the place of Hanko in an app that imports `HankoModule`:
   * `hanko.override(Test.createTestingModule({ imports: [AppModule] })).compile()`.
   * Of the app's options `claimsSchema`, `cookieName`, `extractors`, `logRoutes`, `now`, `tenants`, `transports` and
   * `trustedOrigins` stay in force. Of what `tenants.trust()` returns nothing has an effect but whether there is such a tenant.
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
        useFactory: (options: ResolvedHankoOptions) => new StubVerifier(this.users, options),
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
      { provide: TenantParts, useFactory: () => new StubParts(this.users) },
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

/** The app says which tenants there are, as in production; where their Hankos are does not matter. */
function stubTenants(tenants: HankoTenantsOptions | undefined): {
  readonly tenants?: HankoTenantsOptions;
} {
  if (tenants === undefined) return {};
  const { trust } = isObject(tenants) ? (tenants as HankoTenantsOptions) : {};
  // Whatever is wrong with them is said where they are read.
  if (!isObject(tenants) || (trust !== undefined && !isFunction(trust))) return { tenants };
  const placeOf = (trusted: unknown): unknown => {
    if (!isObject(trusted)) return trusted;
    const { cookieName: _, ...others } = trusted;
    return { ...others, apiUrl: 'https://hanko.invalid' };
  };
  const stubbed = async (id: string): Promise<unknown> =>
    placeOf(trust === undefined ? (isUuid(id) ? {} : null) : await trust(id));
  return { tenants: { ...tenants, trust: stubbed as NonNullable<HankoTenantsOptions['trust']> } };
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
