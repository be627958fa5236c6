import { isObject, isUuid } from '../util/value-checks.js';
import { HankoAdminError } from './admin-error.js';

/** Reads an object of the Admin API: each member is unknown until it was looked at. */
export class Reader {
  private readonly members: Readonly<Record<string, unknown>>;

  /** @param what it is, for the error. */
  constructor(
    json: unknown,
    private readonly what: string,
  ) {
    if (!isObject(json)) throw this.fault('is no object');
    this.members = json;
  }

  text(name: string): string {
    const value = this.members[name];
    if (typeof value !== 'string') throw this.fault(`has no text "${name}"`);
    return value;
  }

  /** An id that may go into the path of another call. */
  uuid(name: string): string {
    const value = this.members[name];
    if (!isUuid(value)) throw this.fault(`has no UUID "${name}"`);
    return value;
  }

  /** Undefined for what is missing, null or empty. */
  optionalText(name: string): string | undefined {
    const value = this.members[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.members[name] === true;
  }

  date(name: string): Date {
    const date = this.optionalDate(name);
    if (date === undefined) throw this.fault(`has no time "${name}"`);
    return date;
  }

  optionalDate(name: string): Date | undefined {
    const value = this.members[name];
    const date = typeof value === 'string' ? new Date(value) : undefined;
    return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
  }

  number(name: string): number {
    const value = this.members[name];
    if (typeof value !== 'number') throw this.fault(`has no number "${name}"`);
    return value;
  }

  texts(name: string): readonly string[] {
    const value = this.members[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  /** Empty for what is missing or null. */
  list<T>(name: string, read: (json: unknown) => T): readonly T[] {
    return listOf(this.members[name] ?? [], `${this.what}.${name}`, read);
  }

  /** Undefined for what is missing or null. */
  optional<T>(name: string, read: (json: unknown) => T): T | undefined {
    const value = this.members[name];
    return value === undefined || value === null ? undefined : read(value);
  }

  unknown(name: string): unknown {
    return this.members[name];
  }

  private fault(fault: string): HankoAdminError {
    return new HankoAdminError(
      'unexpected',
      `Hanko's Admin API: the reply ${fault} (${this.what})`,
    );
  }
}

/** @throws HankoAdminError `unexpected` */
export function listOf<T>(json: unknown, what: string, read: (json: unknown) => T): readonly T[] {
  if (!Array.isArray(json)) {
    throw new HankoAdminError('unexpected', `Hanko's Admin API: the reply is no list (${what})`);
  }
  return json.map((item: unknown) => read(item));
}

/** Without the members that are undefined. */
export const present = <T extends object>(object: T): Present<T> =>
  Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Present<T>;

type Optional<T> = { [Name in keyof T]: undefined extends T[Name] ? Name : never }[keyof T];

/** A type whose members that may be undefined may be missing instead. */
export type Present<T> = Omit<T, Optional<T>> & {
  [Name in Optional<T>]?: Exclude<T[Name], undefined>;
};
