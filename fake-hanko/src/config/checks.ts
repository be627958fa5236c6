import { check } from '../check.js';
import type { ConfigReading } from './read-config.js';
import type { HankoConfig } from './schema.js';
import { secondsOf } from './duration.js';

/** @throws TypeError that names what is wrong in the option `config`. */
export function checkConfig({ faults, unknown, config }: ConfigReading): void {
  const named = faults.map((fault) => `config.${fault}`.replace(/\.(?=must )/, ' '));
  check(faults.length === 0, named.join('; '));
  check(
    unknown.length === 0,
    `${unknown.map((name) => `config.${name}`).join(', ')} is no key of Hanko's configuration`,
  );
  const fault = crossFaultOf(config);
  check(fault === null, `config.${fault}`);
}

/** What is wrong although each key by itself is right (hanko backend/config: the Validate methods). */
export function crossFaultOf(config: HankoConfig): string | null {
  const { cors, service, session } = config;
  if (cors.allow_origins.includes('*') && !cors.unsafe_wildcard_origin_allowed) {
    return 'cors.allow_origins must not have * unless cors.unsafe_wildcard_origin_allowed is true';
  }
  if (service.name.trim() === '') return 'service.name must not be empty';
  if (secondsOf(session.lifespan) < 1) return 'session.lifespan must be at least 1s';
  return thirdPartyFaultOf(config);
}

function thirdPartyFaultOf({ third_party: thirdParty }: HankoConfig): string | null {
  const builtIn = Object.entries(thirdParty.providers);
  const custom = Object.entries(thirdParty.custom_providers);
  const enabled = [...builtIn, ...custom].filter(([, provider]) => provider.enabled);
  if (enabled.length === 0) return null;
  for (const name of ['redirect_url', 'error_redirect_url'] as const) {
    if (thirdParty[name] === '') return `third_party.${name} must be set`;
  }
  if (thirdParty.allowed_redirect_urls.length === 0) {
    return 'third_party.allowed_redirect_urls must have at least one';
  }
  const urls = [
    ...thirdParty.allowed_redirect_urls,
    thirdParty.error_redirect_url,
    thirdParty.default_redirect_url,
  ];
  const withSlash = urls.find((url) => url.endsWith('/'));
  if (withSlash !== undefined) return `third_party: ${withSlash} must not end with a slash`;
  for (const [name, { client_id: id, secret }] of enabled) {
    if (id === '' || secret === '') return `third_party: ${name} needs a client_id and a secret`;
  }
  const unnamed = custom.find(([, provider]) => provider.enabled && provider.display_name === '');
  return unnamed ? `third_party.custom_providers.${unnamed[0]}.display_name must be set` : null;
}
