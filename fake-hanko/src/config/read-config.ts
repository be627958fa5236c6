import { check, checkObject } from '../check.js';
import { parseDuration } from './duration.js';
import {
  Choice,
  CONFIG_SCHEMA,
  Duration,
  type HankoConfig,
  type Leaf,
  Named,
  type Section,
  TextList,
} from './schema.js';

/**
 * A configuration with Hanko's defaults for what is missing.
 * @throws TypeError that names the key which is wrong or not understood: none is ignored.
 */
export const readConfig = (given: unknown): HankoConfig =>
  readSection(CONFIG_SCHEMA, given, 'config') as HankoConfig;

function readSection(form: Section, given: unknown, at: string): unknown {
  checkObject(given, at);
  const values = new Map(Object.entries(given as object));
  for (const key of values.keys()) {
    check(Object.hasOwn(form, key), `${at}.${key} is not a key that FakeHanko understands`);
  }
  return Object.fromEntries(
    Object.entries(form).map(([key, part]) => [
      key,
      readPart(part, values.get(key), `${at}.${key}`),
    ]),
  );
}

function readPart(part: Section[string], given: unknown, at: string): unknown {
  if (part instanceof Named) {
    if (given === undefined) return {};
    checkObject(given, at);
    return Object.fromEntries(
      Object.entries(given as object).map(([name, inner]) => [
        name,
        readSection(part.form as Section, inner, `${at}.${name}`),
      ]),
    );
  }
  if (isLeaf(part)) return readLeaf(part, given, at);
  return readSection(part, given ?? {}, at);
}

const isLeaf = (part: Section[string]): part is Leaf =>
  typeof part !== 'object' ||
  part instanceof Choice ||
  part instanceof Duration ||
  part instanceof TextList;

function readLeaf(leaf: Leaf, given: unknown, at: string): unknown {
  if (leaf instanceof Choice) {
    const value = given ?? leaf.values[0];
    check(leaf.values.includes(value as string), `${at} must be ${leaf.values.join(' or ')}`);
    return value;
  }
  if (leaf instanceof Duration) {
    const value = given ?? leaf.initial;
    check(
      typeof value === 'string' && parseDuration(value) !== null,
      `${at} must be a duration, such as 12h or 1h30m`,
    );
    return value;
  }
  if (leaf instanceof TextList) {
    const value = given ?? leaf.initial;
    check(
      Array.isArray(value) && value.every((item) => typeof item === 'string'),
      `${at} must be a list of texts`,
    );
    return value;
  }
  const value = given ?? leaf;
  if (typeof leaf === 'boolean') check(typeof value === 'boolean', `${at} must be true or false`);
  if (typeof leaf === 'string') check(typeof value === 'string', `${at} must be text`);
  if (typeof leaf === 'number') {
    check(
      Number.isInteger(value) && (value as number) >= 0,
      `${at} must be a whole number, 0 or above`,
    );
  }
  return value;
}
