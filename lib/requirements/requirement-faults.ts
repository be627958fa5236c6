import type { ConfigurationFault } from '../errors/hanko.errors.js';
import { isFunction, isObject, isPlainObject, isText, kindOf } from '../util/value-checks.js';

const NAMES = ['mfa', 'amr', 'maxAgeSeconds', 'verifiedEmail', 'claims'];

/** RFC 8176 has other names: those of Hanko, contract §1.2. */
const AMR = /^(?:pwd|passkey|otp|totp|security_key|ext|ext:.+)$/;

const MAX_AGE_SECONDS = 31_536_000;

const AMR_HINT =
  'must be one of pwd, passkey, otp, totp, security_key, ext and ext:<provider>, a list of them, or { allOf: […] }.';

const CLAIM_HINT =
  'must be a text, number, boolean, a list of them, { includes: value } or a function; null demands nothing.';

/** Of a class's instance or a Map, some demands or all would be overlooked. */
const PLAIN_HINT = 'must be a plain object';

const isAmr = (value: unknown): boolean => typeof value === 'string' && AMR.test(value);

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

/** With its gaps: `['a', , 'b']` would include what is absent. */
const isListOf = (isMember: (value: unknown) => boolean, value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && Array.from<unknown>(value).every(isMember);

/**
 * What is wrong with requirements that somebody wrote; empty if nothing is.
 * @param besides what else may be written there.
 */
export function requirementFaults(
  written: unknown,
  path: string,
  besides: readonly string[] = [],
): ConfigurationFault[] {
  if (!isPlainObject(written)) return [{ path, hint: `${PLAIN_HINT}, got ${kindOf(written)}.` }];
  const faults: ConfigurationFault[] = [];
  const fault = (name: string, hint: string): unknown =>
    faults.push({ path: `${path}.${name}`, hint });
  const { mfa, amr, maxAgeSeconds, verifiedEmail, claims } = written;
  for (const name of Object.keys(written)) {
    if (NAMES.includes(name) || besides.includes(name)) continue;
    fault(name, `is not an option: there are ${[...NAMES, ...besides].join(', ')}.`);
  }
  for (const [name, value] of Object.entries({ mfa, verifiedEmail })) {
    if (value !== undefined && typeof value !== 'boolean') fault(name, 'must be true or false.');
  }
  if (!isNothing(amr) && !isAmrDemand(amr)) fault('amr', AMR_HINT);
  if (!isNothing(maxAgeSeconds) && !isMaxAge(maxAgeSeconds)) {
    fault(
      'maxAgeSeconds',
      `must be a whole number from 1 to ${MAX_AGE_SECONDS} (seconds), got ${kindOf(maxAgeSeconds)}.`,
    );
  }
  if (claims !== undefined && !isPlainObject(claims)) {
    fault('claims', `${PLAIN_HINT}, got ${kindOf(claims)}.`);
  }
  for (const [name, demand] of Object.entries(isObject(claims) ? claims : {})) {
    if (!isText(name)) fault('claims', 'must not have an empty name.');
    if (demand !== undefined && !isClaimDemand(demand)) fault(`claims.${name}`, CLAIM_HINT);
  }
  return faults;
}

const isNothing = (value: unknown): boolean => value === undefined || value === null;

function isAmrDemand(value: unknown): boolean {
  if (isAmr(value) || isListOf(isAmr, value)) return true;
  return isObject(value) && Object.keys(value).join() === 'allOf' && isListOf(isAmr, value.allOf);
}

const isMaxAge = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_AGE_SECONDS;

function isClaimDemand(value: unknown): boolean {
  if (value === null || isScalar(value) || isFunction(value) || isListOf(isScalar, value))
    return true;
  return isObject(value) && Object.keys(value).join() === 'includes' && isScalar(value.includes);
}
