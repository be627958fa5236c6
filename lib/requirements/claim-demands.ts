import { type HankoClaimAt, type HankoClaimPath, claimAt } from '../user/claim-path.js';
import type { HankoUser } from '../user/hanko-user.js';
import {
  classOf,
  isFunction,
  isObject,
  isPlainObject,
  isText,
  kindOf,
} from '../util/value-checks.js';
import type { DemandWarnings } from './demand-warnings.js';
import type { Demand, DemandCheck, DemandFault } from './demand-row.js';

type Scalar = string | number | boolean;

/** What a claim of this type can be compared with. */
type ScalarOf<Value> = unknown extends Value ? Scalar : Extract<Value, Scalar>;

type MemberOf<Value> = unknown extends Value
  ? Scalar
  : Value extends readonly (infer Member)[]
    ? ScalarOf<Member>
    : never;

/**
 * Demand on the value of a claim: exactly this value; one of a list; a list that includes a value; or whatever a function
 * says. Types count: `"42"` is not `42`. A claim that is absent meets none of the first three. null demands
 * nothing, and takes back what the class demands of this claim.
 *
 * A function must return true or false, and no promise; it may be called more than once per request. If it throws or
 * returns anything else, the demand is not met, and a warning is logged.
 */
export type HankoClaimDemand<Value = unknown> =
  | ScalarOf<Value>
  | readonly ScalarOf<Value>[]
  | { readonly includes: MemberOf<Value> }
  | ((value: Value | undefined, user: HankoUser) => boolean)
  | null;

/** Demands by claim, or by path into one: `{ role: 'admin', 'org.plan': ['pro', 'team'] }`. */
export type HankoClaimDemands = {
  readonly [Path in HankoClaimPath]?: HankoClaimDemand<HankoClaimAt<Path>>;
};

/** What the claim should be, and what it is, callers are not told. */
export interface UnmetClaim {
  /** The demand that is not met. */
  readonly requirement: 'claims';
  /** The claim, as a path. */
  readonly claim: string;
}

const CLAIM_HINT =
  'must be a text, number, boolean, a list of them, { includes: value } or a function; null demands nothing.';

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

/** With its gaps: `['a', , 'b']` would include what is absent. */
export const isListOf = (isMember: (value: unknown) => boolean, value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && Array.from<unknown>(value).every(isMember);

function isClaimDemand(value: unknown): boolean {
  if (isScalar(value) || isFunction(value) || isListOf(isScalar, value)) return true;
  return isObject(value) && Object.keys(value).join() === 'includes' && isScalar(value.includes);
}

const isNothing = (demand: unknown): boolean => demand === undefined || demand === null;

/** Any of them is met by a right, and none by a new login. */
export const CLAIM_DEMANDS: Demand<UnmetClaim> = {
  faults(written) {
    if (!isPlainObject(written)) {
      return [{ path: '', hint: `must be a plain object, got ${kindOf(written)}.` }];
    }
    return Reflect.ownKeys(written).flatMap((name): DemandFault[] => {
      if (typeof name === 'symbol') return [{ path: '', hint: 'must not be named by a symbol.' }];
      if (!isText(name)) return [{ path: '', hint: 'must not have an empty name.' }];
      const demand = written[name];
      return isNothing(demand) || isClaimDemand(demand) ? [] : [{ path: name, hint: CLAIM_HINT }];
    });
  },
  checks: (written, warnings) =>
    Object.entries(written as Readonly<Record<string, HankoClaimDemand | undefined>>).flatMap(
      ([claim, demand]) => (isNothing(demand) ? [] : [claimCheck(claim, demand, warnings)]),
    ),
  unmetSchema: { claim: { type: 'string' } },
};

function claimCheck(
  claim: string,
  demand: HankoClaimDemand | undefined,
  warnings: DemandWarnings,
): DemandCheck<UnmetClaim> {
  return {
    metBy: 'rights',
    isMet: (user) =>
      typeof demand === 'function'
        ? isMetByWord(demand, user, claim, warnings)
        : isWhatIsDemanded(demand, claimAt(user.claims, claim)),
    unmet: () => ({ requirement: 'claims', claim }),
    reason: (user) => `the claim ${claim} does not meet its demand: it is ${typeOf(user, claim)}`,
  };
}

function isWhatIsDemanded(demand: unknown, value: unknown): boolean {
  if (Array.isArray(demand)) return demand.includes(value);
  if (isObject(demand)) return Array.isArray(value) && value.includes(demand.includes);
  return value === demand;
}

/** The app's own function, of which anything can come: only true lets a user in. */
function isMetByWord(
  demand: (value: unknown, user: HankoUser) => unknown,
  user: HankoUser,
  claim: string,
  warnings: DemandWarnings,
): boolean {
  try {
    const verdict = demand(claimAt(user.claims, claim), user);
    if (typeof verdict === 'boolean') return verdict;
    // A number may be the claim itself. Nobody waits for a promise: unhandled, its failure would end the process.
    Promise.resolve(verdict).catch(() => undefined);
    warnings.warn(claim, `returned ${typeof verdict === 'number' ? 'a number' : kindOf(verdict)}`);
  } catch (error) {
    warnings.warn(claim, `threw ${classOf(error)}`);
  }
  return false;
}

/** Its type alone; numbers that a template made text are the usual surprise. */
function typeOf(user: HankoUser, claim: string): string {
  const value = claimAt(user.claims, claim);
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
}
