import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { SessionLiveness } from '../session/session-liveness.js';
import type { SessionTokenVerifier } from '../verification/session-token.verifier.js';
import type { Hanko } from './hanko.js';
import { Hankos } from './hankos.js';

/** The app has one Hanko, and each request belongs to it. */
export class OneHanko extends Hankos {
  override readonly hasTenants = false;
  private readonly hanko: Hanko;

  constructor(
    options: ResolvedHankoOptions,
    jwks: JwksProvider,
    verifier: SessionTokenVerifier,
    liveness: SessionLiveness,
  ) {
    super();
    const { audience, issuer } = options;
    this.hanko = { tenantId: undefined, options, jwks, audience, issuer, verifier, liveness };
  }

  override of(): Hanko {
    return this.hanko;
  }

  override named(tenantId: unknown, path: string): Hanko {
    if (tenantId === undefined) return this.hanko;
    throw new HankoConfigurationError([
      { path, hint: 'names a tenant, and the app has none: set the option tenants, or omit it.' },
    ]);
  }

  override known(): Hanko {
    return this.hanko;
  }

  /** It stays as long as the app does. */
  override onEnded(): void {}

  override all(): readonly Hanko[] {
    return [this.hanko];
  }
}
