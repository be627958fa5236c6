import { isObject, kindOf } from '../util/value-checks.js';
import {
  type HankoClaimDemands,
  isListOf,
  CLAIM_DEMANDS,
  type UnmetClaim,
} from './claim-demands.js';
import type { Demand, DemandCheck, DemandFault } from './demand-row.js';

/** An authentication method in Hanko's words; RFC 8176 names others (hanko backend/session/session.go). */
export type HankoAmr =
  'pwd' | 'passkey' | 'otp' | 'totp' | 'security_key' | 'ext' | `ext:${string}`;

/**
 * Authentication methods of which one (a list: any one; `allOf`: each one) must have been used at login. `ext`
 * stands for every external provider, `ext:google` for one.
 */
export type HankoAmrDemand =
  HankoAmr | readonly HankoAmr[] | { readonly allOf: readonly HankoAmr[] };

/**
 * Requirements on a user beyond a valid session token. All are read from the token, without network calls.
 * null demands nothing; on a handler it takes back what the class demands.
 */
export interface HankoRequirements {
  /**
   * Whether the login took a second factor (`totp` or `security_key` beside another method), or a passkey:
   * Hanko asks for nothing more after one. Sessions that the Admin API made never meet it. Default null: false.
   */
  readonly mfa?: boolean | null;
  /** Which authentication methods the login must have used. Default null: any. */
  readonly amr?: HankoAmrDemand | null;
  /** How long ago the login may be, in seconds; range 1 to 31,536,000 (a year). Default null: the token's life. */
  readonly maxAgeSeconds?: number | null;
  /** Whether the primary email address must have been verified. Default null: false. */
  readonly verifiedEmail?: boolean | null;
  /** Required values of the token's claims, by claim name or path. Default null: anything. */
  readonly claims?: HankoClaimDemands | null;
}

/** A requirement that a user does not meet, as the response's body says it. */
export type HankoUnmetRequirement =
  | { readonly requirement: 'mfa'; readonly needed: true; readonly actual: readonly string[] }
  | {
      readonly requirement: 'amr';
      readonly needed:
        { readonly anyOf: readonly string[] } | { readonly allOf: readonly string[] };
      /** The methods of the login. */
      readonly actual: readonly string[];
    }
  | {
      readonly requirement: 'maxAgeSeconds';
      readonly needed: number;
      /** Seconds since the login. */
      readonly actual: number;
    }
  | { readonly requirement: 'verifiedEmail'; readonly needed: true; readonly actual: false }
  | UnmetClaim;

type UnmetOf<Name> = Extract<HankoUnmetRequirement, { readonly requirement: Name }>;

const fault = (hint: string): readonly DemandFault[] => [{ path: '', hint }];

/** false demands nothing, for conditions: `{ mfa: amount > 1000 }`. */
const faultsOfBoolean = (written: unknown): readonly DemandFault[] =>
  typeof written === 'boolean' ? [] : fault('must be true or null.');

const METHODS = { type: 'array', items: { type: 'string' } };
const TRUE = { type: 'boolean', enum: [true] };

const FIRST_FACTOR = /^(?:pwd|otp|ext|ext:.+)$/;

/** Hanko asks for no second factor after a passkey. */
const MFA: DemandCheck<UnmetOf<'mfa'>> = {
  metBy: 'login',
  isMet({ amr }) {
    if (amr.includes('passkey')) return true;
    const hasSecond = amr.includes('totp') || amr.includes('security_key');
    return hasSecond && amr.some((method) => FIRST_FACTOR.test(method));
  },
  unmet: ({ amr }) => ({ requirement: 'mfa', needed: true, actual: amr }),
  reason: ({ amr }) => `the login used neither a second factor nor a passkey (${amrText(amr)})`,
};

/** RFC 8176 has other names: these are Hanko's. */
const AMR = /^(?:pwd|passkey|otp|totp|security_key|ext|ext:.+)$/;

const AMR_HINT =
  'must be one of pwd, passkey, otp, totp, security_key, ext and ext:<provider>, a list of them, or { allOf: […] }.';

const isAmr = (value: unknown): boolean => typeof value === 'string' && AMR.test(value);

function isAmrDemand(value: unknown): boolean {
  if (isAmr(value) || isListOf(isAmr, value)) return true;
  return isObject(value) && Object.keys(value).join() === 'allOf' && isListOf(isAmr, value.allOf);
}

function amrCheck(demand: HankoAmrDemand): DemandCheck<UnmetOf<'amr'>> {
  const isEach = isObject(demand);
  const methods = [...(typeof demand === 'string' ? [demand] : isEach ? demand.allOf : demand)];
  // What a filter of the app does to the response must not change the demand.
  const needed = Object.freeze(
    isEach ? { allOf: Object.freeze(methods) } : { anyOf: Object.freeze(methods) },
  );
  return {
    metBy: 'login',
    isMet({ amr }) {
      const isUsed = (method: string): boolean =>
        amr.includes(method) || (method === 'ext' && amr.some((used) => used.startsWith('ext:')));
      return isEach ? methods.every(isUsed) : methods.some(isUsed);
    },
    unmet: ({ amr }) => ({ requirement: 'amr', needed, actual: amr }),
    reason: ({ amr }) => `the login did not use the required methods (${amrText(amr)})`,
  };
}

/** A JWT template can fill the claim: nothing that a terminal would obey, and no more than a line. */
const amrText = (amr: readonly string[]): string =>
  `amr: ${JSON.stringify(amr)
    .replaceAll(/[^ -~]/g, '?')
    .slice(0, MAX_AMR_LENGTH)}`;

const MAX_AMR_LENGTH = 200;

const MAX_AGE_SECONDS = 31_536_000;

const isMaxAge = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_AGE_SECONDS;

function ageCheck(needed: number): DemandCheck<UnmetOf<'maxAgeSeconds'>> {
  // Whole seconds: `iat` has no others, and the response would say that 300 is more than 300.
  const age = (authenticatedAt: Date, nowMs: number): number =>
    Math.floor((nowMs - authenticatedAt.getTime()) / 1000);
  return {
    metBy: 'login',
    // Written so that a clock that is not a number refuses.
    isMet: ({ authenticatedAt }, nowMs) => age(authenticatedAt, nowMs) <= needed,
    unmet: ({ authenticatedAt }, nowMs) => ({
      requirement: 'maxAgeSeconds',
      needed,
      actual: age(authenticatedAt, nowMs),
    }),
    reason: ({ authenticatedAt }, nowMs) =>
      `the login was ${age(authenticatedAt, nowMs)} s ago, and at most ${needed} s are allowed`,
  };
}

const VERIFIED_EMAIL: DemandCheck<UnmetOf<'verifiedEmail'>> = {
  metBy: 'rights',
  isMet: ({ email }) => email?.isVerified === true,
  unmet: () => ({ requirement: 'verifiedEmail', needed: true, actual: false }),
  reason: ({ email }) =>
    email ? 'the email address is not verified' : 'the user has no email address',
};

/** All that is known of each demand. */
export const DEMANDS = {
  mfa: {
    faults: faultsOfBoolean,
    checks: (written) => (written === true ? [MFA] : []),
    unmetSchema: { needed: TRUE, actual: METHODS },
  },
  amr: {
    faults: (written) => (isAmrDemand(written) ? [] : fault(AMR_HINT)),
    checks: (written) => [amrCheck(written as HankoAmrDemand)],
    unmetSchema: {
      needed: {
        oneOf: ['anyOf', 'allOf'].map((name) => ({
          type: 'object',
          required: [name],
          properties: { [name]: METHODS },
        })),
      },
      actual: METHODS,
    },
  },
  maxAgeSeconds: {
    faults: (written) =>
      isMaxAge(written)
        ? []
        : fault(
            `must be a whole number from 1 to ${MAX_AGE_SECONDS} (seconds), got ${kindOf(written)}.`,
          ),
    checks: (written) => [ageCheck(written as number)],
    unmetSchema: { needed: { type: 'number' }, actual: { type: 'integer' } },
  },
  verifiedEmail: {
    faults: faultsOfBoolean,
    checks: (written) => (written === true ? [VERIFIED_EMAIL] : []),
    unmetSchema: { needed: TRUE, actual: { type: 'boolean', enum: [false] } },
  },
  claims: CLAIM_DEMANDS,
} as const satisfies {
  readonly [Name in keyof Required<HankoRequirements>]: Demand<UnmetOf<Name>>;
};

/** A demand that somebody wrote, and its row in the table. */
interface WrittenDemand {
  readonly name: string;
  readonly row: Demand<HankoUnmetRequirement>;
  readonly written: unknown;
}

/** Those that requirements hold: undefined and null demand nothing. */
export const writtenDemands = (requirements: object): readonly WrittenDemand[] =>
  Object.entries<Demand<HankoUnmetRequirement>>(DEMANDS).flatMap(([name, row]) => {
    const written: unknown = requirements[name as keyof typeof requirements];
    return written === undefined || written === null ? [] : [{ name, row, written }];
  });
