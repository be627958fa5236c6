import { isKey, isMany, isUnusedSection, type Complete, type Section } from './keys.js';
import { CONFIG_SCHEMA, type HankoConfig } from './schema.js';
import { TENANT_KEYS } from './tenant-keys.js';

/** What came of reading a configuration. */
export interface ConfigReading {
  readonly config: HankoConfig;
  /** Wrong values: each names its key, and what it must be. */
  readonly faults: readonly string[];
  /** Names of keys that Hanko has not. */
  readonly unknown: readonly string[];
  /** Given keys that nothing depends on, and why. */
  readonly unused: ReadonlyMap<string, string>;
}

interface Report {
  readonly faults: string[];
  readonly unknown: string[];
  readonly unused: Map<string, string>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fills what is not given with defaults. Never throws. */
export function readConfig(given: unknown): ConfigReading {
  return read(CONFIG_SCHEMA, given) as ConfigReading;
}

/** As `readConfig`, for what a tenant of a multi-tenant server has of its own. */
export function readTenantConfig(given: unknown, server: HankoConfig): ConfigReading {
  const { config, ...report } = read(TENANT_KEYS, given);
  return { ...report, config: { ...server, ...(config as Complete<typeof TENANT_KEYS>) } };
}

/** A tenant's configuration, with all keys, as the management API shows it. */
export const printedTenantConfig = (config: HankoConfig): unknown =>
  print(TENANT_KEYS, { ...config });

function read(keys: Section, given: unknown): Report & { readonly config: unknown } {
  const report: Report = { faults: [], unknown: [], unused: new Map() };
  return { config: readSection(keys, given, '', report), ...report };
}

function readSection(keys: Section, given: unknown, path: string, report: Report): Fields {
  const fields: Fields = isFields(given) ? given : {};
  if (!isFields(given) && given !== undefined && (given !== null || path === '')) {
    report.faults.push(`${path} must be an object`.trim());
  }
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(keys, name)) report.unknown.push(joined(path, name));
  }
  const entries = Object.keys(keys).map((name) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return [name, readEntry(keys[name] as Section, value ?? undefined, joined(path, name), report)];
  });
  return Object.fromEntries(entries) as Fields;
}

function readEntry(entry: Section[string], given: unknown, path: string, report: Report): unknown {
  const why = isUnusedSection(entry) ? entry.unusedSection : (entry as { unused?: string }).unused;
  if (why !== undefined && given !== undefined) report.unused.set(path, why);
  if (isUnusedSection(entry)) return undefined;
  if (isMany(entry)) return readMany(entry, given, path, report);
  if (!isKey(entry)) return readSection(entry as Section, given, path, report);
  if (given === undefined) return entry.fallback;
  const outcome = entry.read(given);
  if ('value' in outcome) return outcome.value;
  report.faults.push(`${path} must be ${outcome.mustBe}`);
  return entry.fallback;
}

function readMany(
  { each, form, unused }: { each: Section; form: 'list' | 'map'; unused?: string },
  given: unknown,
  path: string,
  report: Report,
): unknown {
  const isRight = form === 'list' ? Array.isArray(given) : isFields(given);
  if (given !== undefined && !isRight) {
    report.faults.push(`${path} must be ${form === 'list' ? 'a list' : 'an object'}`);
  }
  if (!isRight || unused !== undefined) return form === 'list' ? [] : {};
  const entries = Object.entries(given as Fields).map(([name, one]) => [
    name,
    readSection(each, one, joined(path, name), report),
  ]);
  return form === 'list' ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

function print(keys: Section, config: Fields): unknown {
  const entries = Object.entries(keys).map(([name, entry]) => {
    const value = config[name];
    if (isUnusedSection(entry)) return [name, undefined];
    if (isKey(entry)) return [name, entry.print ? entry.print(value) : value];
    if (!isMany(entry)) return [name, print(entry as Section, value as Fields)];
    const many = Object.entries(value as Fields).map(([key, one]) => [
      key,
      print(entry.each, one as Fields),
    ]);
    if (many.length === 0) return [name, null];
    return [name, entry.form === 'list' ? many.map(([, one]) => one) : Object.fromEntries(many)];
  });
  // Go leaves a part out that is not there.
  const isThere = entries.some(([, value]) => value !== undefined);
  return isThere ? Object.fromEntries(entries) : undefined;
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
