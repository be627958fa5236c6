import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { SessionLiveness } from '../session/session-liveness.js';
import type { SessionTokenVerifier, TrustedHanko } from '../verification/session-token.verifier.js';

/** One Hanko whose tokens are accepted, and all that belongs to it alone: the app's only one, or a tenant's. */
export interface Hanko extends TrustedHanko {
  /** The module's, with what is the tenant's own. */
  readonly options: ResolvedHankoOptions;
  readonly verifier: SessionTokenVerifier;
  readonly liveness: SessionLiveness;
}
