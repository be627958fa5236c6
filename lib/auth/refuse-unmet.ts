import { HankoRequirementError, HankoStepUpError } from '../errors/hanko.errors.js';
import { findUnmet, type RequirementChecks, type Unmet } from '../requirements/requirements.js';
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
  if (unmet !== null) throw unmetError(unmet, user);
}

/** The error that answers a user who does not meet requirements. */
export const unmetError = (
  { requirements, metBy, reason }: Unmet,
  user: HankoUser,
): HankoStepUpError | HankoRequirementError =>
  metBy === 'login'
    ? new HankoStepUpError(requirements, user.authenticatedAt, reason)
    : new HankoRequirementError(requirements, reason);
