import { INPUT_ERRORS, type InputError } from './flow-errors.js';

/** An input as an action offers it (hanko backend/flowpilot/input.go). */
export interface Input {
  readonly type: 'boolean' | 'email' | 'json' | 'password' | 'string';
  /** Bytes. */
  readonly min_length?: number;
  /** Bytes. */
  readonly max_length?: number;
  readonly required?: boolean;
  readonly hidden?: boolean;
  /** None or an empty list: any. */
  readonly allowed_values?: readonly AllowedValue[];
  /** It is trimmed, and made lower case, as addresses are. */
  readonly isName?: true;
  /** The answer has the value that was refused, or null. */
  readonly isKept?: true;
  /** It is read, and answers do not say so. */
  readonly isUnlisted?: true;
}

export interface AllowedValue {
  readonly value: string;
  /** What people see. */
  readonly name: string;
}

export type Inputs = Readonly<Record<string, Input>>;

/** The values of the inputs of an action, and nothing else of what was sent. */
export type Values = ReadonlyMap<string, unknown>;

/** A text among the values; empty if there is none. */
export function textOf(values: Values, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}

/** hanko backend/flowpilot/input.go */
export const EMAIL = /^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$/;

/** Takes from what was sent the values that the action knows. */
export function readValues(inputs: Inputs, sent: Readonly<Record<string, unknown>>): Values {
  const names = Object.keys(inputs).filter((name) => Object.hasOwn(sent, name));
  return new Map(names.map((name) => [name, readValue(inputs[name], sent[name])]));
}

function readValue(input: Input | undefined, value: unknown): unknown {
  if (input?.type === 'boolean') return value === true;
  const isName = input?.type === 'email' || input?.isName === true;
  if (typeof value === 'string') return isName ? value.trim().toLowerCase() : value;
  // To be trimmed, a name is made text of, whatever it was.
  return (isName || input?.type === 'json') && value !== null ? jsonOf(value) : '';
}

/** Nothing for what is nested deeper than the stack of this process goes. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}

/** @returns what is wrong, by the name of the input. */
export function checkValues(inputs: Inputs, values: Values): ReadonlyMap<string, InputError> {
  const faults = new Map<string, InputError>();
  for (const [name, input] of Object.entries(inputs)) {
    const isFree = input.type === 'boolean' || input.type === 'json';
    const fault = isFree ? null : faultOf(input, values.get(name));
    if (fault !== null) faults.set(name, fault);
  }
  return faults;
}

function faultOf(input: Input, value: unknown): InputError | null {
  const text = typeof value === 'string' ? value : '';
  if (text === '') return input.required === true ? INPUT_ERRORS.missing : null;
  const bytes = Buffer.byteLength(text);
  if (bytes < (input.min_length ?? 0)) return INPUT_ERRORS.tooShort;
  if (bytes > (input.max_length ?? Infinity)) return INPUT_ERRORS.tooLong;
  if (input.type === 'email' && !EMAIL.test(text)) return INPUT_ERRORS.invalid;
  const allowed = (input.allowed_values ?? []).map((one) => one.value);
  if (allowed.length === 0 || allowed.includes(text)) return null;
  return {
    ...INPUT_ERRORS.invalid,
    message: `${INPUT_ERRORS.invalid.message} Must be one of: ${allowed.join(',')}`,
  };
}

/** Why values were refused, and the values. */
export interface Fault {
  readonly errors: ReadonlyMap<string, InputError>;
  readonly values: Values;
}

/** As the answer shows them. */
export const shownInputs = (
  inputs: Inputs,
  fault: Fault | undefined,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([name, input]) => {
      if (input.isUnlisted) return [];
      const { allowed_values: allowed = [], isName: _isName, isKept, ...shown } = input;
      const all = {
        name,
        ...shown,
        ...(isKept && { value: fault?.values.get(name) ?? null }),
        ...(fault?.errors.has(name) && { error: fault.errors.get(name) }),
        ...(allowed.length > 0 && { allowed_values: allowed }),
      };
      return [[name, all]];
    }),
  );
