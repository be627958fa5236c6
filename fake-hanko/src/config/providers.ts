import type { HankoConfig } from './schema.js';

/** A third party that people can sign in with. */
export interface Provider {
  /** As in `config.yaml`; with `custom_` before it where it is one of `custom_providers`. */
  readonly id: string;
  readonly name: string;
  /** Whether it may be connected to a user who has its address already. */
  readonly canLink: boolean;
}

const NAMES: Readonly<Record<string, string>> = {
  apple: 'Apple',
  discord: 'Discord',
  facebook: 'Facebook',
  github: 'GitHub',
  google: 'Google',
  linkedin: 'LinkedIn',
  microsoft: 'Microsoft',
};

/** Those that are enabled, Hanko's own first, in the order in which they are offered. */
export function providersOf(config: HankoConfig['third_party']): readonly Provider[] {
  const own = Object.entries(config.providers)
    .filter(([, { enabled }]) => enabled)
    .map(([id, { allow_linking }]) => ({ id, name: NAMES[id] ?? id, canLink: allow_linking }));
  const custom = Object.entries(config.custom_providers)
    .filter(([, { enabled }]) => enabled)
    .map(([id, { allow_linking, display_name }]) => ({
      id: `custom_${id.toLowerCase()}`,
      name: display_name || id,
      canLink: allow_linking,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [...own, ...custom];
}
