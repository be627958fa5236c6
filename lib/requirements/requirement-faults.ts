import { isPlainObject, kindOf } from '../util/value-checks.js';
import type { DemandFault } from './demand-row.js';
import { DEMANDS, writtenDemands } from './demands.js';

/** Where requirements are written, which decides what may be. */
interface Place {
  /** For the faults: `@RequireAuth()`. */
  readonly path: string;
  /** What else may be written there. */
  readonly besides?: readonly string[];
  /** Whether it is merged with what others demand: there only null takes something back. */
  readonly isMerged?: boolean;
}

/**
 * Finds what is wrong with requirements that somebody wrote; empty if nothing is.
 * @param written a `plainCopy`: what is read later must be what was checked.
 */
export function requirementFaults(
  written: unknown,
  { path, besides = [], isMerged = false }: Place,
): DemandFault[] {
  if (!isPlainObject(written)) {
    return [{ path, hint: `must be a plain object, got ${kindOf(written)}.` }];
  }
  const names = [...Object.keys(DEMANDS), ...besides];
  const unknown = Reflect.ownKeys(written)
    .filter((name) => !names.includes(name as string))
    .map((name) => ({
      path: `${path}.${String(name)}`,
      hint: `is not an option. The options are ${names.join(', ')}.`,
    }));
  const wrong = writtenDemands(written).flatMap(({ name, row, written: value }): DemandFault[] => {
    const faults = row.faults(value);
    return isMerged && value === false && faults.length === 0
      ? [{ path: `${path}.${name}`, hint: FALSE_HINT }]
      : faults.map((one) => ({
          path: [path, name, one.path].filter((part) => part !== '').join('.'),
          hint: one.hint,
        }));
  });
  return [...unknown, ...wrong];
}

const FALSE_HINT =
  'must be true, or null to remove the demand of the class: false does neither. Omit it to demand nothing.';

/** Deeper than anything that can be demanded. */
const MAX_DEPTH = 5;

/**
 * Copies plain objects and lists, with each member read once; everything else stays what it is, for the checks to
 * refuse. Members that are undefined say nothing and are dropped.
 */
export function plainCopy<T>(value: T, depth = MAX_DEPTH): T {
  if (depth === 0) return value;
  if (Array.isArray(value)) {
    return Array.from<unknown, unknown>(value, (member) => plainCopy(member, depth - 1)) as T;
  }
  if (!isPlainObject(value)) return value;
  const members = Reflect.ownKeys(value).map((name) => [
    name,
    plainCopy((value as Readonly<Record<PropertyKey, unknown>>)[name], depth - 1),
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined)) as T;
}
