type Version = readonly [major: number, minor: number, patch: number];

/**
 * Whether a version is in a range of npm, as far as the ranges of Nest and of this package go: `^1.2.3`, `~1.2`, `>=1.2.0`,
 * `1.2.3`, `1.x`, joined by `||`. A pre-release counts as its release.
 * @returns null for a version or a range that it cannot read.
 */
export function satisfies(version: string, range: string): boolean | null {
  const found = parseVersion(version);
  const parts = range.split('||').map((part) => within(found, part.trim()));
  if (parts.includes(true)) return true;
  return parts.includes(null) ? null : false;
}

/** The first number of a version; null if there is none. */
export const majorOf = (version: string): number | null => parseVersion(version)?.[0] ?? null;

function within(version: Version | null, part: string): boolean | null {
  const [, operator, text = ''] = /^(\^|~|>=|=|)v?([\dx*.]+)$/.exec(part) ?? [];
  if (part === '*' && version !== null) return true;
  const numbers = text.split('.').filter((number) => /^\d+$/.test(number));
  const [lowest] = [parseVersion([...numbers, '0', '0', '0'].slice(0, 3).join('.'))];
  if (version === null || lowest === null || operator === undefined || numbers.length === 0) {
    return null;
  }
  if (isBefore(version, lowest)) return false;
  if (operator === '>=') return true;
  // How many numbers stay as they are.
  const fixed = fixedBy(operator, numbers.length, lowest);
  return lowest.slice(0, fixed).every((number, index) => version[index] === number);
}

/** npm's own rule: `^` keeps all up to the first number that is not 0. */
function fixedBy(operator: string, written: number, lowest: Version): number {
  if (operator === '^') {
    const first = lowest.findIndex((number) => number !== 0);
    return Math.min(written, first === -1 ? written : first + 1);
  }
  return operator === '~' ? Math.min(written, 2) : written;
}

function parseVersion(text: string): Version | null {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? null : [Number(major), Number(minor), Number(patch)];
}

function isBefore(a: Version, b: Version): boolean {
  for (const [index, number] of a.entries()) {
    const other = b[index] as number;
    if (number !== other) return number < other;
  }
  return false;
}
