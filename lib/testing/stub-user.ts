import { randomUUID } from 'node:crypto';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { MAX_TENANT_ID, readTenantId } from '../options/tenant-id.js';
import type { HankoAmr } from '../requirements/demands.js';
import type { HANKO_CLAIM_NAMES } from '../user/standard-schema.js';
import type { HankoClaims } from '../user/hanko-claims.js';
import { HANKO_USER_KEYS, HankoUser, type HankoUserEmail } from '../user/hanko-user.js';
import { isDate, isObject, isText, kindOf } from '../util/value-checks.js';

type OwnClaim = (typeof HANKO_CLAIM_NAMES)[number];

/** A user for tests, in the words of {@link HankoUser}. Every member can be omitted. */
export interface HankoStubUser {
  /** Id of the user, in Hanko a UUID. Default: a new UUID. */
  readonly id?: string;
  /** Id of the session. Default: a new UUID. */
  readonly sessionId?: string;
  /**
   * Tenant of the user, in an app with the option `tenants`: at any other one the user is refused. Default: the user is one of
   * whatever tenant the request belongs to.
   */
  readonly tenantId?: string;
  /** A text stands for a primary, verified address. Default: the user has no address. */
  readonly email?: string | (Pick<HankoUserEmail, 'address'> & Partial<HankoUserEmail>);
  /** Username of the user. Default: the user has none. */
  readonly username?: string;
  /** Authentication methods of the login. Default `['pwd']`, which does not meet `mfa: true`. */
  readonly amr?: readonly HankoAmr[];
  /** When the user logged in. Default: now. */
  readonly authenticatedAt?: Date;
  /** When the token expires; a request after it is answered 401. Default: 12 hours after the login. */
  readonly expiresAt?: Date;
  /** Claims beside Hanko's own, as a JWT template sends them: before `claimsSchema`. Default: none. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const HALF_A_DAY_MS = 12 * 60 * 60 * 1000;

/**
 * Makes a real {@link HankoUser} without a server, to call a controller's method in a unit test.
 * ```ts
 * const controller = new NotesController();
 * controller.list(hankoUser({ email: 'ada@example.test' }));
 * ```
 * @param written what the test cares about; everything else has a default.
 * @throws HankoConfigurationError `configuration_invalid` for a member that no user has, or of a wrong type.
 */
export function hankoUser(written: HankoStubUser = {}): HankoUser {
  return new HankoUser(stubClaims(written), stubTenant(written));
}

/** The tenant of such a user, as it is compared. */
export const stubTenant = ({ tenantId }: HankoStubUser): string | undefined =>
  readTenantId(tenantId) ?? undefined;

/**
 * Makes the claims of a token that describes this user.
 * @throws HankoConfigurationError
 */
export function stubClaims(written: HankoStubUser): HankoClaims {
  const faults = faultsIn(written);
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  const { email, username, claims, amr = ['pwd'], authenticatedAt = new Date() } = written;
  const { expiresAt = new Date(authenticatedAt.getTime() + HALF_A_DAY_MS) } = written;
  return {
    // As a token holds them: JSON.
    ...(JSON.parse(JSON.stringify(claims ?? {})) as Partial<HankoClaims>),
    sub: written.id ?? randomUUID(),
    session_id: written.sessionId ?? randomUUID(),
    iat: secondsOf(authenticatedAt),
    exp: secondsOf(expiresAt),
    amr: [...amr],
    ...(email !== undefined && { email: emailClaim(email) }),
    ...(username !== undefined && { username }),
  };
}

const secondsOf = (date: Date): number => Math.floor(date.getTime() / 1000);

function emailClaim(email: NonNullable<HankoStubUser['email']>): Record<string, unknown> {
  const {
    address,
    isPrimary = true,
    isVerified = true,
  }: Partial<HankoUserEmail> = typeof email === 'string' ? { address: email } : email;
  return { address, is_primary: isPrimary, is_verified: isVerified };
}

function faultsIn(written: unknown): ConfigurationFault[] {
  if (!isObject(written)) {
    return [{ path: 'user', hint: `must be an object, got ${kindOf(written)}.` }];
  }
  const faults: ConfigurationFault[] = [];
  const check = (name: string, isRight: boolean, expected: string): void => {
    if (!isRight) {
      faults.push({
        path: `user.${name}`,
        hint: `must be ${expected}, got ${kindOf(written[name])}.`,
      });
    }
  };
  for (const name of Object.keys(written)) {
    if (!HANKO_USER_KEYS.includes(name as keyof HankoStubUser)) {
      faults.push({
        path: `user.${name}`,
        hint: `is not a member of a user. The members are ${HANKO_USER_KEYS.join(', ')}.`,
      });
    }
  }
  const { email, amr, claims } = written;
  for (const name of ['id', 'sessionId', 'username']) {
    check(name, written[name] === undefined || isText(written[name]), 'a text that is not empty');
  }
  const { tenantId } = written;
  check(
    'tenantId',
    tenantId === undefined || readTenantId(tenantId) !== null,
    `a text without white space, of at most ${MAX_TENANT_ID} characters`,
  );
  for (const name of ['authenticatedAt', 'expiresAt']) {
    check(name, written[name] === undefined || isDate(written[name]), 'a valid Date');
  }
  check(
    'email',
    email === undefined || isText(email) || hasAddress(email),
    'a text or { address }',
  );
  check('amr', amr === undefined || (Array.isArray(amr) && amr.every(isText)), 'a list of texts');
  check('claims', claims === undefined || isObject(claims), 'an object');
  for (const [name, member] of Object.entries(SAID_OTHERWISE)) {
    if (isObject(claims) && Object.hasOwn(claims, name)) {
      faults.push({ path: `user.claims.${name}`, hint: `is Hanko's own: set user.${member}.` });
    }
  }
  return faults;
}

const hasAddress = (value: unknown): boolean => isObject(value) && isText(value.address);

/** Hanko's own claims that are members of a user. */
const SAID_OTHERWISE: Partial<Record<OwnClaim, keyof HankoStubUser>> = {
  sub: 'id',
  session_id: 'sessionId',
  iat: 'authenticatedAt',
  exp: 'expiresAt',
  email: 'email',
  username: 'username',
  amr: 'amr',
};
