import type { HankoUser } from '../user/hanko-user.js';
import { isPlainObject, kindOf } from '../util/value-checks.js';
import { DemandWarnings } from './demand-warnings.js';
import type { Demand, DemandCheck, DemandFault, MetBy } from './demand.js';
import { DEMANDS, type HankoRequirements, type HankoUnmetRequirement } from './demands.js';

/** The requirements of a route, ready to be held against its callers. */
export type RequirementChecks = readonly DemandCheck<HankoUnmetRequirement>[];

const ROWS = Object.entries(DEMANDS) as readonly (readonly [
  keyof HankoRequirements,
  Demand<HankoUnmetRequirement>,
])[];

const isWritten = (demand: unknown): boolean => demand !== undefined && demand !== null;

/**
 * @param requirements without faults.
 * @param warnings default: of their own. Where requirements are made per request, one for all of them.
 */
export const requirementChecks = (
  requirements: HankoRequirements,
  warnings = new DemandWarnings(),
): RequirementChecks =>
  ROWS.flatMap(([name, row]) => {
    const written = requirements[name];
    return isWritten(written) ? row.checks(written, warnings) : [];
  });

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

/** Where requirements are written, which decides what may be. */
interface Place {
  /** For the faults: `@RequireAuth()`. */
  readonly path: string;
  /** What else may be written there. */
  readonly besides?: readonly string[];
  /** Whether it is merged with what others demand: there only null takes something back. */
  readonly isMerged?: boolean;
}

/**
 * Finds what is wrong with requirements that somebody wrote; empty if nothing is.
 * @param written a `plainCopy`: what is read later must be what was checked.
 */
export function requirementFaults(
  written: unknown,
  { path, besides = [], isMerged = false }: Place,
): DemandFault[] {
  if (!isPlainObject(written)) {
    return [{ path, hint: `must be a plain object, got ${kindOf(written)}.` }];
  }
  const names = [...Object.keys(DEMANDS), ...besides];
  const unknown = Reflect.ownKeys(written)
    .filter((name) => !names.includes(name as string))
    .map((name) => ({
      path: `${path}.${String(name)}`,
      hint: `is not an option. The options are ${names.join(', ')}.`,
    }));
  const wrong = ROWS.flatMap(([name, row]): DemandFault[] => {
    const value = written[name];
    if (!isWritten(value)) return [];
    const faults = row.faults(value);
    return isMerged && value === false && faults.length === 0
      ? [{ path: `${path}.${name}`, hint: FALSE_HINT }]
      : faults.map((one) => ({
          path: [path, name, one.path].filter((part) => part !== '').join('.'),
          hint: one.hint,
        }));
  });
  return [...unknown, ...wrong];
}

const FALSE_HINT =
  'must be true, or null to remove the demand of the class: false does neither. Omit it to demand nothing.';

/** Deeper than anything that can be demanded. */
const MAX_DEPTH = 5;

/**
 * Copies plain objects and lists, with each member read once; everything else stays what it is, for the checks to
 * refuse. Members that are undefined say nothing and are dropped.
 */
export function plainCopy<T>(value: T, depth = MAX_DEPTH): T {
  if (depth === 0) return value;
  if (Array.isArray(value)) {
    return Array.from<unknown, unknown>(value, (member) => plainCopy(member, depth - 1)) as T;
  }
  if (!isPlainObject(value)) return value;
  const members = Reflect.ownKeys(value).map((name) => [
    name,
    plainCopy((value as Readonly<Record<PropertyKey, unknown>>)[name], depth - 1),
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined)) as T;
}
