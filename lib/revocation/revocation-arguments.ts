import { isDate } from 'node:util/types';
import { isUuid, kindOf } from '../util/value-checks.js';

/** A UUID of the wrong kind cannot be told apart from the right one. */
const IDS = {
  'revoke()': 'the id of a session: the UUID in the session_id claim, as in user.sessionId',
  'revokeUser()': 'the id of a user: the UUID in the sub claim, as in user.id',
} as const;

/** @throws TypeError that says what is expected, and does not repeat the value: it may be a token. */
export function checkId(method: keyof typeof IDS, id: unknown): asserts id is string {
  if (isUuid(id)) return;
  const given = typeof id === 'string' ? 'a string that is not a UUID' : kindWithoutValue(id);
  throw new TypeError(
    `HankoRevocation.${method} takes ${IDS[method]}. It was given ${given}, and nothing was revoked.`,
  );
}

/**
 * @param earliest of a time that can still have an effect, in milliseconds since 1970.
 * @returns milliseconds since 1970; undefined if the argument was omitted.
 * @throws TypeError for what is not a valid `Date`
 * @throws RangeError for a time outside of the range
 */
export function readTime(
  name: 'until' | 'issuedUpTo',
  value: unknown,
  { earliest, latest = Infinity, why }: { earliest: number; latest?: number; why: string },
): number | undefined {
  if (value === undefined) return undefined;
  const time = isDate(value) ? Date.prototype.getTime.call(value) : Number.NaN;
  if (Number.isNaN(time)) {
    const given = isDate(value) ? 'an invalid Date' : kindWithoutValue(value);
    throw new TypeError(
      `HankoRevocation: "${name}" must be a valid Date, made from milliseconds since 1970 where it is made ` +
        `from a number. It was given ${given}, and nothing was revoked.`,
    );
  }
  if (time >= earliest && time <= latest) return time;
  throw new RangeError(`HankoRevocation: "${name}" ${why} Nothing was revoked.`);
}

const kindWithoutValue = (value: unknown): string =>
  typeof value === 'number' ? 'a number' : kindOf(value);
