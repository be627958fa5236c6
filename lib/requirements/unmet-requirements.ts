import type { HankoUser } from '../user/hanko-user.js';
import { DemandWarnings } from './demand-warnings.js';
import type { DemandCheck, MetBy } from './demand-row.js';
import { type HankoRequirements, type HankoUnmetRequirement, writtenDemands } from './demands.js';

/** The requirements of a route, ready to be held against its callers. */
export type RequirementChecks = readonly DemandCheck<HankoUnmetRequirement>[];

/**
 * @param requirements without faults.
 * @param warnings default: of their own. Where requirements are made per request, one for all of them.
 */
export const requirementChecks = (
  requirements: HankoRequirements,
  warnings = new DemandWarnings(),
): RequirementChecks =>
  writtenDemands(requirements).flatMap(({ row, written }) => row.checks(written, warnings));

/** What a user lacks. */
export interface Unmet {
  /** Every requirement that is not met. */
  readonly requirements: readonly HankoUnmetRequirement[];
  /** `login` if a new login can meet all of them: else it would be for nothing. */
  readonly metBy: MetBy;
  /** For operators; never holds a claim's value. */
  readonly reason: string;
}

/**
 * Holds a user against requirements.
 * @param nowMs milliseconds since 1970.
 * @returns null if all are met.
 */
export function findUnmet(checks: RequirementChecks, user: HankoUser, nowMs: number): Unmet | null {
  const unmet = checks.filter((check) => !check.isMet(user, nowMs));
  if (unmet.length === 0) return null;
  return {
    requirements: unmet.map((check) => check.unmet(user, nowMs)),
    metBy: unmet.every(({ metBy }) => metBy === 'login') ? 'login' : 'rights',
    reason: unmet.map((check) => check.reason(user, nowMs)).join('; '),
  };
}
