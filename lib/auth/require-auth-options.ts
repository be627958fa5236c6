import type { HankoSessionPolicy } from '../options/session-policy.js';
import type { HankoRequirements } from '../requirements/demands.js';

/** What a route demands of its callers. null demands nothing, and takes back what the class demands. */
export interface RequireAuthOptions extends HankoRequirements {
  /**
   * Whether the login must have taken a second factor (`totp` or `security_key` beside another method), or a passkey:
   * Hanko asks for nothing more after one. Sessions that the Admin API made never meet it. Default: the class's.
   */
  readonly mfa?: true | null;
  /** Whether the primary email address must have been verified. Default: the class's. */
  readonly verifiedEmail?: true | null;
  /**
   * Whether Hanko is asked if the session is still alive. Default: the class's, else the module's `session`; null: the
   * module's.
   */
  readonly session?: HankoSessionPolicy | null;
}
