import { kindOf } from '../util/value-checks.js';

/** Default, least and largest accepted value. */
export type Limits = readonly [fallback: number, min: number, max: number];

/**
 * Options that are a number.
 * @internal
 */
export const NUMBERS = {
  clockToleranceSeconds: [5, 0, 300],
  maxTokenBytes: [8_192, 1_024, 1_048_576],
  jwksCacheSeconds: [600, 1, 86_400],
  jwksCooldownSeconds: [30, 1, 3_600],
  jwksTimeoutMs: [5_000, 1, 60_000],
  jwksMaxBytes: [262_144, 1_024, 16_777_216],
  staleIfErrorSeconds: [86_400, 0, 2_678_400],
  validateTimeoutMs: [3_000, 1, 60_000],
} as const satisfies Readonly<Record<string, Limits>>;

/**
 * Members of the option `signatureCache`.
 * @internal
 */
export const SIGNATURE_CACHE_NUMBERS = {
  maxEntries: [10_000, 0, 1_000_000],
  maxBytes: [33_554_432, 0, 1_073_741_824],
} as const satisfies Readonly<Record<string, Limits>>;

/**
 * Members of the option `revocation`.
 * @internal
 */
export const REVOCATION_NUMBERS = {
  maxAgeSeconds: [1, 0, 60],
  maxSessionLifetimeSeconds: [2_678_400, 60, 31_622_400],
} as const satisfies Readonly<Record<string, Limits>>;

/**
 * Each number as written, else its default.
 * @param fault told the name of each that is wrong, and how to mend it.
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
