import type { ConfigurationFault } from '../errors/hanko.errors.js';
import { isFunction, kindOf } from '../util/value-checks.js';

/** Default, least and largest accepted value. */
export type Limits = readonly [fallback: number, min: number, max: number];

/** One option of a module: where its value comes from, and how it is checked. */
export interface Option<Value> {
  /** Environment variable that is read if the option is omitted. */
  readonly variable?: `HANKO_${string}`;
  /** Present if the option is a number. */
  readonly limits?: Limits;
  /** Without it the option has no effect, so writing the option is a fault. */
  readonly needs?: 'apiUrl' | 'fetchedKeys';
  /** Checks the value, or gives the default. It may return anything once it has reported a fault. */
  readonly read: (written: WrittenOption) => Value;
}

/** Faults and warnings of all options. */
export interface Findings {
  readonly faults: ConfigurationFault[];
  readonly warnings: string[];
}

/** What an app wrote for one option. */
export class WrittenOption {
  constructor(
    /** Undefined if neither the option nor its variable is set. */
    readonly value: unknown,
    /** Name of the option, or of the variable that was read in its place. */
    readonly path: string,
    private readonly findings: Findings,
  ) {}

  get isFromEnvironment(): boolean {
    return this.path.startsWith('HANKO_');
  }

  /** @param below what is wrong within the value, such as `[1]` or `.maxEntries`. */
  readonly fault = (hint: string, below = ''): void => {
    this.findings.faults.push({ path: this.path + below, hint });
  };

  readonly warn = (warning: string): void => {
    this.findings.warnings.push(warning);
  };
}

/** A whole number within limits. */
export const wholeNumber = (limits: Limits, needs?: Option<number>['needs']): Option<number> => ({
  limits,
  ...(needs && { needs }),
  read: ({ value, path, fault }) =>
    readNumbers({ [path]: value }, { [path]: limits }, (_, hint) => fault(hint))[path] as number,
});

/** True or false. */
export const flag = (fallback: boolean): Option<boolean> => ({
  read: ({ value = fallback, fault }) => {
    if (typeof value !== 'boolean') fault('must be true or false.');
    return value === true;
  },
});

/** A function of the app, or null. Whatever it returns is checked where it is called. */
export const callback = <Callback>(
  needs?: Option<Callback | null>['needs'],
): Option<Callback | null> => ({
  ...(needs && { needs }),
  read: ({ value, fault }) => {
    if (value !== undefined && !isFunction(value)) fault('must be a function.');
    return (value as Callback | undefined) ?? null;
  },
});

/**
 * Each number as written, else its default.
 * @param fault called with the name of each that is wrong, and how to mend it.
 */
export function readNumbers<Name extends string>(
  written: Readonly<Record<string, unknown>>,
  all: Readonly<Record<Name, Limits>>,
  fault: (name: string, hint: string) => void,
): Record<Name, number> {
  const entries = Object.entries<Limits>(all).map(([name, [fallback, min, max]]) => {
    const value = written[name] === undefined ? fallback : written[name];
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      fault(
        name,
        `must be a whole number from ${min} to ${max} (${unitOf(name)}), got ${kindOf(value)}.`,
      );
    }
    return [name, value];
  });
  return Object.fromEntries(entries) as Record<Name, number>;
}

/** Names end in their unit. */
function unitOf(name: string): string {
  if (name.endsWith('Ms')) return 'milliseconds';
  if (name.endsWith('Bytes')) return 'bytes';
  return name.endsWith('Entries') ? 'entries' : 'seconds';
}
