import { readFile } from 'node:fs/promises';
import { FlagError } from './flags.js';
import type { FakeHankoConfig } from '../config/given-config.js';
import { readConfig } from '../config/read-config.js';
import { isLocalUrl } from '../server/parse-url.js';
import type { NewFakeUser } from '../store/records.js';

/** A configuration, and what is to be said of it. */
export interface ConfigFile {
  readonly config: FakeHankoConfig;
  readonly notes: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the file that a real Hanko is given. What has no use here, and what Hanko itself ignores, is taken out and named.
 * @throws FlagError for a file that cannot be read, or that is no YAML.
 */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const text = await read('config', file);
  // Only who names such a file waits for it.
  const { parse } = await import('./yaml.js');
  let given: unknown;
  try {
    given = parse(text, { merge: true, logLevel: 'error' }) as unknown;
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n', 1);
    throw new FlagError(`--config ${file} is no YAML: ${reason.replace(/:$/, '')}`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new FlagError(`--config ${file} must have the keys of Hanko's config.yaml`);
  }
  const { unused, unknown } = readConfig(given);
  const [withLocalHooks, remote] = withoutRemoteHooks(given as Fields);
  const [config, hasSaml] = withoutSaml(without(withLocalHooks, unknown));
  return {
    config,
    notes: [
      ...unknown.map(
        (name) => `${name} is no key of Hanko${MOVED[name] ?? ''}: ignored, as Hanko does`,
      ),
      ...Array.from(grouped(unused), ([why, names]) => `${names.join(', ')}: not used, for ${why}`),
      ...remote.map((url) => `webhooks: ${url} is not told: it is not http:// on this machine`),
      ...(hasSaml ? ['saml.enabled is taken for false: there is no SAML'] : []),
    ],
  };
}

/** Keys by what is said of them. */
function grouped(reasons: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>();
  for (const [name, why] of reasons) groups.set(why, [...(groups.get(why) ?? []), name]);
  return groups;
}

/** Where a key of former versions is now. */
const MOVED: Readonly<Record<string, string>> = {
  'server.public.cors': ' (since 3.0.0 it is cors)',
  'server.admin.cors': ' (since 3.0.0 it is cors)',
};

/** @throws FlagError for a file that cannot be read, or that is no list in JSON. */
export async function readUsersFile(file: string): Promise<readonly NewFakeUser[]> {
  const text = await read('users', file);
  let users: unknown;
  try {
    users = JSON.parse(text);
  } catch (error) {
    throw new FlagError(`--users ${file} is no JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(users) && users.every(isFields)) return users;
  throw new FlagError(`--users ${file} must be a list, such as [{ "email": "ada@example.test" }]`);
}

async function read(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new FlagError(`--${flag} ${file} cannot be read: ${(error as { code?: string }).code}`);
  }
}

/** Takes away the keys with these paths. */
function without(fields: Fields, paths: readonly string[], at = ''): Fields {
  const kept = Object.entries(fields).flatMap(([name, value]) => {
    const path = at + name;
    if (paths.includes(path)) return [];
    if (Array.isArray(value)) {
      const list = value.map((one: unknown, index) =>
        isFields(one) ? without(one, paths, `${path}.${index}.`) : one,
      );
      return [[name, list]];
    }
    return [[name, isFields(value) ? without(value, paths, `${path}.`) : value]];
  });
  return Object.fromEntries(kept) as Fields;
}

function withoutRemoteHooks(fields: Fields): readonly [Fields, readonly string[]] {
  const { webhooks } = fields;
  if (!isFields(webhooks) || !Array.isArray(webhooks.hooks)) return [fields, []];
  const callbackOf = (hook: unknown): string => (isFields(hook) ? String(hook.callback) : '');
  const isRemote = (hook: unknown): boolean => isFields(hook) && !isLocalUrl(callbackOf(hook));
  const hooks = webhooks.hooks.filter((hook) => !isRemote(hook));
  return [
    { ...fields, webhooks: { ...webhooks, hooks } },
    webhooks.hooks.filter(isRemote).map(callbackOf),
  ];
}

function withoutSaml(fields: Fields): readonly [FakeHankoConfig, boolean] {
  const { saml } = fields;
  if (!isFields(saml) || saml.enabled !== true) return [fields, false];
  return [{ ...fields, saml: { ...saml, enabled: false } }, true];
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
