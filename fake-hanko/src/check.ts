/** Refuses what a caller got wrong. @throws TypeError */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(`FakeHanko: ${message}.`);
}

/** Refuses what nobody reads: a misspelled name would be silence. @throws TypeError */
export function checkNoMore(unknown: object, what: string): void {
  const names = Object.keys(unknown).join(', ');
  check(names === '', `${names} is not a valid ${what}`);
}

/**
 * The value as JSON.
 * @throws TypeError for what JSON cannot say: undefined, functions, bigints, cycles.
 */
export function toJson(value: unknown, what: string): string {
  let text: string | undefined;
  let reason = '';
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    reason = `: ${(error as Error).message}`;
  }
  check(text !== undefined, `${what} cannot be written as JSON${reason}`);
  return text;
}

/** Refuses all but an object that is no list. @throws TypeError */
export function checkObject(value: unknown, what: string): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  check(isObject, `${what} must be an object`);
}

/** Refuses all but an object that JSON can say. @throws TypeError */
export function checkJsonObject(value: unknown, what: string): void {
  checkObject(value, what);
  toJson(value, what);
}

export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
