import {
  HankoConfigurationError,
  HankoRequirementError,
  HankoStepUpError,
} from '../errors/hanko.errors.js';
import type { HankoUnmetRequirement } from '../errors/unmet-requirement.js';
import { isPromise } from '../util/maybe-promise.js';
import { isObject } from '../util/value-checks.js';
import { claimAt } from '../user/claim-path.js';
import type { HankoUser } from '../user/hanko-user.js';
import type { HankoAmrDemand, HankoClaimDemand, HankoRequirements } from './requirements.js';

/** One that is not met. */
interface Unmet {
  readonly requirement: HankoUnmetRequirement;
  /** For operators; never holds a claim's value. */
  readonly reason: string;
}

/** Holds a user against one requirement; `nowMs` in milliseconds since 1970. */
type Check = (user: HankoUser, nowMs: number) => Unmet | undefined;

/** The requirements of a route, ready to be held against its callers. */
export type RequirementChecks = readonly Check[];

/** @param requirements without faults. */
export function requirementChecks({
  mfa = false,
  amr,
  maxAgeSeconds,
  verifiedEmail = false,
  claims = {},
}: HankoRequirements): RequirementChecks {
  const checks: Check[] = [];
  if (mfa) checks.push(checkMfa);
  if (amr !== undefined && amr !== null) checks.push(checkAmr(amr));
  if (maxAgeSeconds !== undefined && maxAgeSeconds !== null) checks.push(checkAge(maxAgeSeconds));
  if (verifiedEmail) checks.push(checkEmail);
  for (const [path, demand] of Object.entries(
    claims as Readonly<Record<string, HankoClaimDemand>>,
  )) {
    if (demand !== undefined && demand !== null) checks.push(checkClaim(path, demand));
  }
  return checks;
}

/**
 * Passes if the user meets all of them.
 *
 * @param nowMs milliseconds since 1970.
 * @throws HankoRequirementError `requirement_not_met` (403) if there is one that no new login would meet
 * @throws HankoStepUpError `step_up_required` (401)
 */
export function refuseUnmet(checks: RequirementChecks, user: HankoUser, nowMs: number): void {
  const unmet = checks.flatMap((check) => check(user, nowMs) ?? []);
  if (unmet.length === 0) return;
  const requirements = unmet.map(({ requirement }) => requirement);
  const reason = unmet.map((one) => one.reason).join('; ');
  // To log in again would be for nothing where something else is missing.
  throw requirements.every(isMetByLogin)
    ? new HankoStepUpError(requirements, user.authenticatedAt, reason)
    : new HankoRequirementError(requirements, reason);
}

const isMetByLogin = ({ requirement }: HankoUnmetRequirement): boolean =>
  requirement === 'mfa' || requirement === 'amr' || requirement === 'maxAgeSeconds';

const FIRST_FACTOR = /^(?:pwd|otp|ext|ext:.+)$/;

/** Contract §1.2: Hanko asks for no second factor after a passkey. */
const checkMfa: Check = ({ amr }) => {
  const hasSecond = amr.includes('totp') || amr.includes('security_key');
  const isMfa = hasSecond && amr.some((method) => FIRST_FACTOR.test(method));
  if (isMfa || amr.includes('passkey')) return undefined;
  return {
    requirement: { requirement: 'mfa', needed: true, actual: amr },
    reason: `the login took no second factor and no passkey (${amrText(amr)})`,
  };
};

function checkAmr(demand: HankoAmrDemand): Check {
  const isEach = isObject(demand);
  const methods = [...(typeof demand === 'string' ? [demand] : isEach ? demand.allOf : demand)];
  // What a filter of the app does to the answer must not change the demand.
  const needed = Object.freeze(
    isEach ? { allOf: Object.freeze(methods) } : { anyOf: Object.freeze(methods) },
  );
  return ({ amr }) => {
    const isUsed = (method: string): boolean =>
      amr.includes(method) || (method === 'ext' && amr.some((used) => used.startsWith('ext:')));
    if (isEach ? methods.every(isUsed) : methods.some(isUsed)) return undefined;
    return {
      requirement: { requirement: 'amr', needed, actual: amr },
      reason: `the login did not use the methods that are needed (${amrText(amr)})`,
    };
  };
}

/** A template can fill the claim (contract §1.3): nothing that a terminal would obey, and no more than a line. */
const amrText = (amr: readonly string[]): string =>
  `amr: ${JSON.stringify(amr)
    .replaceAll(/[^ -~]/g, '?')
    .slice(0, MAX_AMR_LENGTH)}`;

const MAX_AMR_LENGTH = 200;

const checkAge =
  (maxAgeSeconds: number): Check =>
  ({ authenticatedAt }, nowMs) => {
    // Whole seconds: `iat` has no others, and the answer would say that 300 is more than 300.
    const actual = Math.floor((nowMs - authenticatedAt.getTime()) / 1000);
    // Written so that a clock that is not a number refuses.
    if (actual <= maxAgeSeconds) return undefined;
    return {
      requirement: { requirement: 'maxAgeSeconds', needed: maxAgeSeconds, actual },
      reason: `the login was ${actual} s ago, ${maxAgeSeconds} s are allowed`,
    };
  };

const checkEmail: Check = ({ email }) => {
  if (email?.isVerified === true) return undefined;
  return {
    requirement: { requirement: 'verifiedEmail', needed: true, actual: false },
    reason: email ? 'the email address is not verified' : 'the user has no email address',
  };
};

function checkClaim(path: string, demand: HankoClaimDemand): Check {
  return (user) => {
    const value = claimAt(user.claims, path);
    if (isWhatIsDemanded(demand, value, user, path)) return undefined;
    return {
      requirement: { requirement: 'claims', claim: path },
      reason: `the claim ${path} is not what is demanded: it is ${typeOf(value)}`,
    };
  };
}

function isWhatIsDemanded(
  demand: HankoClaimDemand,
  value: unknown,
  user: HankoUser,
  path: string,
): boolean {
  if (typeof demand === 'function') {
    const verdict: unknown = demand(value, user);
    if (isPromise(verdict)) {
      // Nobody waits for it: unhandled, its failure would end the process.
      Promise.resolve(verdict).catch(() => undefined);
      throw asyncPredicate(path);
    }
    return verdict === true;
  }
  if (Array.isArray(demand)) return demand.includes(value);
  if (isObject(demand)) return Array.isArray(value) && value.includes(demand.includes);
  return value === demand;
}

/** A promise is neither true nor false yet. */
const asyncPredicate = (path: string): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: `claims.${path}`,
      hint: 'must be a function that returns true or false, and no promise: it is given what the token says.',
    },
  ]);

/** Its type alone; numbers that a template made text are the usual surprise (contract §1.3). */
function typeOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
}
