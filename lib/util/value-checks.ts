export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Written as `{…}`, parsed from JSON, or made without a prototype; also in another realm, as Jest makes them. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The hexadecimal form of RFC 9562 §4, of any version: user ids can be imported. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && UUID.test(value);

export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '';

export const isFunction = (value: unknown): value is (...given: never[]) => unknown =>
  typeof value === 'function';

/** The class of something that was thrown; not its message, which may repeat a value that is a secret. */
export function classOf(thrown: unknown): string {
  try {
    const { name } = (thrown as object).constructor;
    return /^\w{1,60}$/.test(name) ? name : 'an error';
  } catch {
    return 'an error';
  }
}

/** Says what kind of thing was given, without repeating a value that may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || typeof value === 'number') return String(value);
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Accepts valid dates of another realm too: Jest's tests have a `Date` of their own. */
export const isDate = (value: unknown): value is Date =>
  Object.prototype.toString.call(value) === '[object Date]' && !Number.isNaN(Number(value));
