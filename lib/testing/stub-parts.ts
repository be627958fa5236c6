import { HankoConfigurationError, HankoTokenError } from '../errors/hanko.errors.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { SessionLiveness } from '../session/session-liveness.js';
import { TenantParts } from '../tenants/tenant-parts.js';
import type { HankoClaims } from '../user/hanko-claims.js';
import { HankoUser } from '../user/hanko-user.js';
import { andThen, type MaybePromise } from '../util/maybe-promise.js';
import { ClaimsSchema } from '../verification/claims-schema.js';
import { SessionTokenVerifier, type TrustedHanko } from '../verification/session-token.verifier.js';

/** Who a token stands for. */
export interface TokenUser {
  readonly claims: HankoClaims;
  /** undefined: a user of whatever tenant the request belongs to. */
  readonly tenantId: string | undefined;
}

/** Knows the tokens that a stub has given out, and no other. */
export class StubVerifier extends SessionTokenVerifier {
  private readonly ownSchema: ClaimsSchema;
  private readonly now: () => number;

  constructor(
    private readonly users: ReadonlyMap<string, TokenUser>,
    options: ResolvedHankoOptions,
  ) {
    super(options);
    this.ownSchema = new ClaimsSchema(options.claimsSchema);
    this.now = options.now;
  }

  override verify(token: string, { tenantId }: TrustedHanko): MaybePromise<HankoUser> {
    const user = this.users.get(token);
    if (user === undefined) {
      throw new HankoTokenError(
        'token_signature_invalid',
        'The token was not made by HankoStub.token()',
      );
    }
    const { claims } = user;
    if (user.tenantId !== undefined && user.tenantId !== tenantId) refuseTenant(tenantId);
    if (claims.exp * 1000 <= this.now()) {
      throw new HankoTokenError('token_expired', 'The expiresAt that the test gave is past');
    }
    return andThen(this.ownSchema.apply(claims), (applied) => new HankoUser(applied, tenantId));
  }
}

/** @param tenantId of the request; undefined in an app without tenants. */
function refuseTenant(tenantId: string | undefined): never {
  if (tenantId !== undefined) {
    // As the keys of one tenant are unknown to another.
    throw new HankoTokenError('token_key_unknown', 'The test made the token for another tenant');
  }
  throw new HankoConfigurationError([
    {
      path: 'user.tenantId',
      hint: 'names a tenant, and the app has none: set the option tenants, or omit it.',
    },
  ]);
}

/** Every session is alive, and nobody is asked. */
export class StubLiveness extends SessionLiveness {
  override check(): void {
    // Nothing to refuse.
  }
}

/** What each tenant has that the app trusts. */
export class StubParts extends TenantParts {
  constructor(private readonly users: ReadonlyMap<string, TokenUser>) {
    super();
  }

  override verifier(options: ResolvedHankoOptions): SessionTokenVerifier {
    return new StubVerifier(this.users, options);
  }

  override liveness(options: ResolvedHankoOptions): SessionLiveness {
    return new StubLiveness(options);
  }
}
