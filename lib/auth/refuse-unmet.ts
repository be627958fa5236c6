import { HankoRequirementError, HankoStepUpError } from '../errors/hanko.errors.js';
import { findUnmet, type RequirementChecks } from '../requirements/unmet-requirements.js';
import type { HankoUser } from '../user/hanko-user.js';

/**
 * Passes if the user meets all requirements.
 *
 * @param nowMs milliseconds since 1970.
 * @throws HankoRequirementError `requirement_not_met` (403) if there is one that no new login would meet
 * @throws HankoStepUpError `step_up_required` (401)
 */
export function refuseUnmet(checks: RequirementChecks, user: HankoUser, nowMs: number): void {
  const unmet = findUnmet(checks, user, nowMs);
  if (unmet === null) return;
  const { requirements, metBy, reason } = unmet;
  throw metBy === 'login'
    ? new HankoStepUpError(requirements, user.authenticatedAt, reason)
    : new HankoRequirementError(requirements, reason);
}
