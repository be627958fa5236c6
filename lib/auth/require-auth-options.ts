import type { HankoSessionPolicy } from '../options/session-policy.js';
import type { HankoRequirements } from '../requirements/demands.js';

/**
 * What a route demands of its callers. On a handler, null takes back what the class demands; in `@RequireAuth()`, false
 * is a start-up error, since it could mean that or nothing.
 */
export interface RequireAuthOptions extends HankoRequirements {
  /**
   * Whether Hanko is asked if the session is still alive. Default: the class's, else the module's `session`; null: the
   * module's.
   */
  readonly session?: HankoSessionPolicy | null;
}
