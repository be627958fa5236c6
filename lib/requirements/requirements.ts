import type { HankoSessionPolicy } from '../options/session-policy.js';
import type { HankoClaimAt, HankoClaimPath } from '../user/claim-path.js';
import type { HankoUser } from '../user/hanko-user.js';

/** An authentication method in Hanko's words (RFC 8176 names others), contract §1.2. */
export type HankoAmr =
  'pwd' | 'passkey' | 'otp' | 'totp' | 'security_key' | 'ext' | `ext:${string}`;

/**
 * Methods of which one (a list: any one; `allOf`: each one) must have been used at login. `ext` stands for
 * every external provider, `ext:google` for one.
 */
export type HankoAmrDemand =
  HankoAmr | readonly HankoAmr[] | { readonly allOf: readonly HankoAmr[] };

type Scalar = string | number | boolean;

/** What a claim of this type can be compared with. */
type ScalarOf<Value> = unknown extends Value ? Scalar : Extract<Value, Scalar>;

type MemberOf<Value> = unknown extends Value
  ? Scalar
  : Value extends readonly (infer Member)[]
    ? ScalarOf<Member>
    : never;

/**
 * What a claim must be: exactly this value; one of a list; a list that includes a value; or whatever a function
 * says, which must return true, and no promise; it may be asked more than once per request. Types count: `"42"` is not `42`. A claim that is absent
 * meets none of the first three. null takes back what the class demands.
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

/** What is asked of a user beyond a good session token. All of it is read off the token, at no cost. */
export interface HankoRequirements {
  /**
   * Whether the login took a second factor (`totp` or `security_key` beside another method), or a passkey:
   * Hanko asks for nothing more after one. Sessions that the Admin API made never meet it. Default false.
   */
  readonly mfa?: boolean;
  /** Which authentication methods the login must have used. Default null: any. */
  readonly amr?: HankoAmrDemand | null;
  /** How long ago the login may be, in seconds; range 1 to 31,536,000 (a year). Default null: the token's life. */
  readonly maxAgeSeconds?: number | null;
  /** Whether the primary email address must have been proved. Default false. */
  readonly verifiedEmail?: boolean;
  /** What the token's claims must be. */
  readonly claims?: HankoClaimDemands;
}

/** What a route demands of its callers. */
export interface RequireAuthOptions extends HankoRequirements {
  /** Whether Hanko is asked if the session is still alive. Default: the class's, else the module's `session`. */
  readonly session?: HankoSessionPolicy;
}
