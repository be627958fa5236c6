import { isPlainObject } from '../util/value-checks.js';
import type { HankoClaims } from './hanko-claims.js';

/** The primary email address of a user, as it was at login. */
export interface HankoUserEmail {
  /** The address itself, from the claim's `address`. */
  readonly address: string;
  /** Whether the claim's `is_primary` says so. */
  readonly isPrimary: boolean;
  /** False until the user has proved the address: grant nothing by an unverified one. */
  readonly isVerified: boolean;
}

/**
 * The current user: the verified claims of the session token, as they were **at login**. It is not
 * Hanko's user record: a changed address or role shows only after the next login.
 *
 * ```ts
 * const user = await hanko.authenticate(request);
 * if (user.email?.isVerified) console.log(user.id, user.email.address, user.claims['tier']);
 * ```
 *
 * It never holds the token, so it can be logged and returned as JSON. It is frozen, deeply, except for its `Date`s,
 * which JavaScript cannot freeze.
 */
export class HankoUser {
  /** The user's id, a UUID: the `sub` claim. */
  readonly id: string;
  /** Id of the session on the server, a UUID. */
  readonly sessionId: string;
  /**
   * The tenant that the app named for the request, and whose keys signed the token. Absent without the option `tenants`. It
   * never comes from a claim: Hanko sends none.
   */
  declare readonly tenantId?: string;
  /** Absent if the user has no address, and if a JWT template put something else in the claim. */
  declare readonly email?: HankoUserEmail;
  /** Absent if the user has none. */
  declare readonly username?: string;
  /**
   * Authentication methods of the login (RFC 8176), in Hanko's words: `pwd`, `passkey`, `otp`, `ext`,
   * `ext:<provider>`, `totp`, `security_key`. Empty for sessions made by the Admin API.
   */
  readonly amr: readonly string[];
  /** When the user logged in: the `iat` claim. Hanko never re-issues a token. */
  readonly authenticatedAt: Date;
  /** When the token expires: the `exp` claim. */
  readonly expiresAt: Date;
  /** Every claim as sent, or as the option `claimsSchema` makes it. */
  readonly claims: HankoClaims;

  /**
   * The package makes users from verified tokens only. Make one yourself only in a unit test.
   * @param claims verified claims; they are frozen, deeply.
   * @param tenantId the tenant whose keys signed them.
   */
  constructor(claims: HankoClaims, tenantId?: string) {
    const { email, amr } = parseClaims(claims);
    this.id = claims.sub;
    this.sessionId = claims.session_id;
    if (tenantId !== undefined) this.tenantId = tenantId;
    if (email) this.email = email;
    if (typeof claims.username === 'string') this.username = claims.username;
    this.amr = amr;
    this.authenticatedAt = new Date(claims.iat * 1000);
    this.expiresAt = new Date(claims.exp * 1000);
    this.claims = claims;
    Object.freeze(this);
  }
}

/** The keys that `@CurrentUser(key)` takes: each property of a {@link HankoUser}. */
export const HANKO_USER_KEYS = [
  'id',
  'sessionId',
  'email',
  'username',
  'amr',
  'authenticatedAt',
  'expiresAt',
  'claims',
  'tenantId',
] as const satisfies readonly (keyof HankoUser)[];

interface ParsedClaims {
  readonly email: HankoUserEmail | undefined;
  readonly amr: readonly string[];
}

/** The claims of a token that comes again and again are the same object: it is parsed and frozen once (the bench's `guard-alone`). */
const parsed = new WeakMap<HankoClaims, ParsedClaims>();

/** Throws what the app's own objects throw when they are read, if a schema put some in. */
export function parseClaims(claims: HankoClaims): ParsedClaims {
  let result = parsed.get(claims);
  if (result === undefined) {
    deepFreeze(claims);
    result = { email: parseEmail(claims.email), amr: parseAmr(claims.amr) };
    parsed.set(claims, result);
  }
  return result;
}

/** A template can supply `email` for users without one, in any shape: only Hanko's own shape counts. */
function parseEmail(claim: unknown): HankoUserEmail | undefined {
  if (typeof claim !== 'object' || claim === null) return undefined;
  const { address, is_primary, is_verified } = claim as Record<string, unknown>;
  if (typeof address !== 'string') return undefined;
  return Object.freeze({
    address,
    isPrimary: is_primary === true,
    isVerified: is_verified === true,
  });
}

/** Anything but a list of strings counts as no method at all. */
function parseAmr(claim: unknown): readonly string[] {
  const isList = Array.isArray(claim) && claim.every((method) => typeof method === 'string');
  return Object.freeze(isList ? [...claim] : []);
}

/**
 * Without recursion: a genuine token may be nested deeper than the stack. What JSON does not know (a `Date`, an
 * object of a class) came out of the app's schema, and is the app's: some of it cannot be frozen at all.
 */
function deepFreeze(value: unknown): void {
  const seen = new Set<object>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const member = pending.pop();
    if (!(Array.isArray(member) || isPlainObject(member)) || seen.has(member)) continue;
    seen.add(Object.freeze(member));
    for (const inner of Object.values(member)) pending.push(inner);
  }
}
