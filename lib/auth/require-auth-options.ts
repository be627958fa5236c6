import type { HankoSessionPolicy } from '../options/session-policy.js';
import type { HankoRequirements } from '../requirements/demands.js';

/**
 * Demands of a route on its callers. On a handler, null removes the demand of the class; false in `@RequireAuth()` is a
 * start-up error, because it is ambiguous.
 */
export interface RequireAuthOptions extends HankoRequirements {
  /**
   * Whether Hanko is asked if the session is still alive. Default: the class's, else the module's `session`; null: the
   * module's.
   */
  readonly session?: HankoSessionPolicy | null;
}
