import { check } from '../check.js';
import { TemplateClaims } from '../jwt-template/claims.js';
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
  return templateFaultOf(session.jwt_template.claims) ?? thirdPartyFaultOf(config);
}

function templateFaultOf(claims: HankoConfig['session']['jwt_template']['claims']): string | null {
  try {
    return claims && new TemplateClaims(claims) && null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Fewer keys are needed than by Hanko: the third parties are FakeHanko's own page, which knows no clients. */
function thirdPartyFaultOf({ third_party: thirdParty }: HankoConfig): string | null {
  const { allowed_redirect_urls, default_redirect_url, error_redirect_url } = thirdParty;
  const urls = [...allowed_redirect_urls, error_redirect_url, default_redirect_url];
  const withSlash = urls.find((url) => url.endsWith('/'));
  return withSlash === undefined ? null : `third_party: ${withSlash} must not end with a slash`;
}
