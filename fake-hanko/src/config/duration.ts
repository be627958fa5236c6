/** In milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION =
  /^\+?(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h)(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))*$/;

/** `1h30m` in milliseconds, as Go reads it (`time.ParseDuration`); null for what is none, or negative. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (!DURATION.test(text)) return null;
  let sum = 0;
  for (const [, count, unit = ''] of text.matchAll(/([\d.]+)(\D+)/g)) {
    sum += Number(count) * (UNITS[unit] ?? 0);
  }
  return sum;
}

/** A duration that has been read before, in whole seconds. */
export const secondsOf = (text: string): number => Math.floor((parseDuration(text) ?? 0) / 1000);
