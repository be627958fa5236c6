import { isDate, isObject, isUuid, kindOf } from '../util/value-checks.js';

/**
 * An id that goes into a path, in lower case, as Hanko writes it.
 * @throws TypeError if it is no UUID.
 */
export function uuid(name: string, value: unknown): string {
  if (isUuid(value)) return value.toLowerCase();
  throw new TypeError(
    `${name} must be a UUID, got ${isText(value) ? 'another text' : kindOf(value)}.`,
  );
}

/** What WebAuthn allows are 1,023 bytes. */
const BASE64URL = /^[\w-]{1,1400}={0,2}$/;

/**
 * The id of a credential, which is no UUID. Encoding it is not enough: a proxy on the way may decode `%2F`, and take `..` for
 * a way up.
 * @throws TypeError if it is no base64url.
 */
export function base64url(name: string, value: unknown): string {
  if (typeof value === 'string' && BASE64URL.test(value)) return value;
  throw new TypeError(
    `${name} must be the id of a credential, which is base64url, got ${isText(value) ? 'another text' : kindOf(value)}.`,
  );
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
  /**
   * What is sent: never an object of the caller, which could change behind the check. Default: the value.
   * @param path of the member, for errors.
   */
  readonly send?: (value: unknown, path: string) => unknown;
  readonly isRequired?: boolean;
}

/** Hanko's columns hold as many characters, and none holds NUL. Of all else it says that it is broken (500). */
const MAX_CHARACTERS = 255;

/** Whether Hanko can store it: it finds nothing else either. */
export const isStorable = (value: unknown): value is string =>
  isText(value) && !value.includes('\0') && lettersOf(value).length <= MAX_CHARACTERS;

/** A character has two units at most; of more, nobody needs the rest to tell. */
const lettersOf = (value: string): readonly string[] =>
  Array.from(value.slice(0, 2 * (MAX_CHARACTERS + 1)));

export const TEXT = {
  is: isStorable,
  expected: `a text that is not empty, with at most ${MAX_CHARACTERS} characters and no NUL`,
} as const;

/** One that Hanko itself measures. */
export const LONG_TEXT = {
  is: (value: unknown): boolean => isText(value) && !value.includes('\0'),
  expected: 'a text that is not empty, without NUL',
} as const;

/** One that is cut to what Hanko can store. */
export const CUT_TEXT = {
  ...LONG_TEXT,
  send: (value: unknown): string =>
    lettersOf(value as string)
      .slice(0, MAX_CHARACTERS)
      .join(''),
} as const;

export const FLAG = {
  is: (value: unknown): boolean => typeof value === 'boolean',
  expected: 'true or false',
} as const;
export const UUID = {
  is: isUuid,
  expected: 'a UUID',
  send: (value: unknown): string => (value as string).toLowerCase(),
} as const;
export const DATE = {
  is: isDate,
  expected: 'a valid Date',
  send: (value: unknown): string => new Date(Number(value)).toISOString(),
} as const;

/** Part of a text that Hanko searches by SQL's `LIKE`, whose wildcards it does not escape. */
export const PART = {
  ...TEXT,
  send: (value: unknown): string => (value as string).replaceAll(/[\\%_]/g, String.raw`\$&`),
} as const;

/** Items of a page: {@link PagedList} checks the number. */
export const PER_PAGE = { name: 'per_page', is: () => true, expected: 'a number' } as const;

/** An object that is sent as JSON, as it is. */
export const JSON_OBJECT = {
  is: isObject,
  expected: 'an object',
  send: (value: unknown, path: string): unknown => jsonOf(path, value),
} as const;

/** A list, each item of which is read by itself. */
export const listOf = (
  expected: string,
  read: (item: unknown, path: string) => unknown,
): Pick<Member, 'is' | 'expected' | 'send'> => ({
  is: (value) => Array.isArray(value),
  expected,
  send: (value, path) => each(value as readonly unknown[], path, read),
});

/** One that is not empty: an empty filter would find everything. */
export const listOfSome = (...list: Parameters<typeof listOf>): ReturnType<typeof listOf> => ({
  ...listOf(...list),
  is: (value) => Array.isArray(value) && value.length > 0,
});

/** Not by methods of the list, which may be somebody's own. */
const each = (
  list: readonly unknown[],
  path: string,
  read: (item: unknown, path: string) => unknown,
): readonly unknown[] =>
  Array.from({ length: list.length }, (_, index) => read(list[index], `${path}[${index}]`));

/** One that must be there. */
export const required = <T extends object>(member: T): T & { readonly isRequired: true } => ({
  ...member,
  isRequired: true,
});

/** One that may also be null, which clears. */
export const orNull = <T extends Pick<Member, 'is' | 'expected'>>(member: T): T => ({
  ...member,
  is: (value: unknown) => value === null || member.is(value),
  expected: `${member.expected}, or null`,
});

/**
 * A body of known members only: Hanko lets some members of a body override ids of the path, so nothing else may get there.
 * Each member is read once.
 * @param what was given, for the error.
 * @throws TypeError for anything but an object, for a member that is not known, one of a wrong kind, and one that lacks.
 */
export function bodyOf(
  what: string,
  written: unknown,
  members: Readonly<Record<string, Member>>,
): Record<string, unknown> {
  if (!isObject(written)) throw new TypeError(`${what} must be an object, got ${kindOf(written)}.`);
  const body: Record<string, unknown> = {};
  for (const key of Object.keys(written)) {
    const value = written[key];
    if (value === undefined) continue;
    const member = Object.hasOwn(members, key) ? members[key] : undefined;
    const path = pathOf(what, key);
    if (member === undefined) {
      throw new TypeError(`${path} is not known. Known are ${Object.keys(members).join(', ')}.`);
    }
    if (!member.is(value)) {
      throw new TypeError(`${path} must be ${member.expected}, got ${kindOf(value)}.`);
    }
    body[member.name] = value !== null && member.send ? member.send(value, path) : value;
  }
  for (const [key, { name, expected, isRequired = false }] of Object.entries(members)) {
    if (!isRequired || Object.hasOwn(body, name)) continue;
    throw new TypeError(`${pathOf(what, key)} must be ${expected}, got nothing.`);
  }
  return body;
}

/** Deeper ones are no data that somebody wrote; circles are deeper. */
const MAX_DEPTH = 100;

/**
 * A copy of what JSON can hold. What JSON would omit, or write as something else, is refused: `NaN` becomes null, and that
 * removes a member; a Map becomes `{}`.
 * @param path of the value, for the error.
 * @throws TypeError
 */
export function jsonOf(path: string, value: unknown, depth = 0): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (depth > MAX_DEPTH) throw new TypeError(`${path} is nested too deeply, or in a circle.`);
  if (Array.isArray(value)) {
    return each(value, path, (item, itemPath) => jsonOf(itemPath, item, depth + 1));
  }
  if (isData(value)) {
    // Without a prototype `__proto__` is a name like any other.
    const copy = Object.create(null) as Record<string, unknown>;
    for (const name of Object.keys(value)) {
      const member = value[name];
      if (member !== undefined) copy[name] = jsonOf(pathOf(path, name), member, depth + 1);
    }
    return copy;
  }
  throw new TypeError(
    `${path} must be text, a finite number, true, false, null, a list or an object of those, got ${nameOf(value)}. ` +
      'Write a Date as text.',
  );
}

/** Instances of the app's own classes are data, too; dates, maps, buffers and what makes JSON of itself are not. */
const isData = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) &&
  Object.prototype.toString.call(value) === '[object Object]' &&
  typeof value.toJSON !== 'function';

const nameOf = (value: unknown): string =>
  typeof value === 'object' ? 'an object of another kind' : kindOf(value);

/** Names may come from users: one that is no name is not repeated. */
const pathOf = (what: string, name: string): string =>
  what.length < 200 && /^\w{1,60}$/.test(name) ? `${what}.${name}` : `A member of ${what}`;
