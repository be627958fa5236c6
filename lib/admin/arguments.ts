import { isObject, isUuid, kindOf } from '../util/value-checks.js';

/**
 * An id that goes into a path.
 * @throws TypeError if it is no UUID.
 */
export function uuid(name: string, value: unknown): string {
  if (isUuid(value)) return value;
  throw new TypeError(
    `${name} must be a UUID, got ${isText(value) ? 'another text' : kindOf(value)}.`,
  );
}

/**
 * An id of another form, which is encoded where it goes into a path.
 * @throws TypeError if it is no text, or a text that a path takes for something else.
 */
export function pathText(name: string, value: unknown): string {
  if (isText(value) && value !== '.' && value !== '..') return value;
  throw new TypeError(`${name} must be a text that is not empty, got ${kindOf(value)}.`);
}

/** @throws TypeError if it is no text, or empty. */
export function text(name: string, value: unknown): string {
  if (isText(value)) return value;
  throw new TypeError(`${name} must be a text that is not empty, got ${kindOf(value)}.`);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** What is checked of one member, and what it is called in Hanko's JSON. */
export interface Member {
  readonly name: string;
  readonly is: (value: unknown) => boolean;
  /** As the end of the sentence "must be …". */
  readonly expected: string;
  /** What is sent. Default: the value. */
  readonly send?: (value: unknown) => unknown;
}

export const TEXT = { is: isText, expected: 'a text that is not empty' } as const;
export const FLAG = {
  is: (value: unknown): boolean => typeof value === 'boolean',
  expected: 'true or false',
} as const;
export const UUID = { is: isUuid, expected: 'a UUID' } as const;
export const DATE = {
  is: (value: unknown): boolean => value instanceof Date && !Number.isNaN(value.getTime()),
  expected: 'a valid Date',
  send: (value: unknown): string => (value as Date).toISOString(),
} as const;

/** The same, or null, which clears. */
export const orNull = <T extends Pick<Member, 'is' | 'expected'>>(member: T): T => ({
  ...member,
  is: (value: unknown) => value === null || member.is(value),
  expected: `${member.expected}, or null`,
});

/**
 * A body of known members only: Hanko lets some members of a body override ids of the path, so nothing else may get there.
 * @param what was given, for the error.
 * @throws TypeError for anything but an object, for a member that is not known, and for one of a wrong kind.
 */
export function bodyOf(
  what: string,
  written: unknown,
  members: Readonly<Record<string, Member>>,
): Record<string, unknown> {
  if (!isObject(written)) throw new TypeError(`${what} must be an object, got ${kindOf(written)}.`);
  const body: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(written)) {
    if (value === undefined) continue;
    const member = Object.hasOwn(members, key) ? members[key] : undefined;
    if (member === undefined) {
      throw new TypeError(
        `${what} has no member of that name: ${Object.keys(members).join(', ')}.`,
      );
    }
    if (!member.is(value)) {
      throw new TypeError(`${what}.${key} must be ${member.expected}, got ${kindOf(value)}.`);
    }
    body[member.name] = member.send?.(value) ?? value;
  }
  return body;
}
