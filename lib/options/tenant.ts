import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { isObject, isUuid, kindOf } from '../util/value-checks.js';
import { apiUrlOption } from './api-url.js';
import { credentialOptions, extractorsOf } from './credential-options.js';
import type { ResolvedHankoOptions } from './hanko-options.js';
import { type Findings, type Option, WrittenOption } from './option.js';
import { tokenOptions } from './token-options.js';

/** What may differ of a tenant. */
const MEMBERS: Readonly<Record<string, Option<unknown>>> = {
  apiUrl: apiUrlOption,
  audience: tokenOptions.audience,
  issuer: tokenOptions.issuer,
  cookieName: credentialOptions.cookieName,
};

const PATH = 'tenants.trust()';

/**
 * The module's options, with what is a tenant's own.
 *
 * @param trusted what the app's `trust()` returned.
 * @throws HankoConfigurationError with every fault of it.
 */
export function optionsOfTenant(
  module: ResolvedHankoOptions,
  tenantId: string,
  trusted: unknown,
): ResolvedHankoOptions {
  if (!isObject(trusted)) {
    throw new HankoConfigurationError([
      {
        path: PATH,
        hint: `returned ${kindOf(trusted)}: it must return { apiUrl, audience, issuer, cookieName }, each of them optional, or null for an unknown tenant.`,
      },
    ]);
  }
  const findings: Findings = { faults: [], warnings: [] };
  const names = Object.keys(MEMBERS);
  // Read once: it must not say something else the next time.
  const members: Readonly<Record<string, unknown>> = { ...trusted };
  for (const name of Object.keys(members)) {
    if (names.includes(name)) continue;
    const hint = `is nothing that a tenant has. It may have ${names.join(', ')}.`;
    findings.faults.push({ path: `${PATH}.${name}`, hint });
  }
  const read = <Value>(name: string, fallback: Value): Value => {
    if (members[name] === undefined) return fallback;
    const written = new WrittenOption(members[name], `${PATH}.${name}`, findings);
    return (MEMBERS[name] as Option<Value>).read(written);
  };
  const cookieName = read<string | undefined>('cookieName', undefined);
  if (cookieName !== undefined && module.hasOwnExtractors) {
    findings.faults.push({
      path: `${PATH}.cookieName`,
      hint: 'has no effect beside the option extractors: omit one of the two.',
    });
  }
  const apiUrl = read('apiUrl', addressOf(module, tenantId));
  if (apiUrl === null && findings.faults.length === 0) {
    findings.faults.push({
      path: `${PATH}.apiUrl`,
      hint: 'is missing. It follows from the option apiUrl only if the id of the tenant is a UUID.',
    });
  }
  const tenant = {
    ...module,
    apiUrl,
    audience: read('audience', module.audience),
    isAudienceUnset: module.isAudienceUnset && members.audience === undefined,
    issuer: read('issuer', module.issuer),
    ...(cookieName !== undefined && { extractors: extractorsOf(undefined, cookieName) }),
  };
  if (findings.faults.length > 0) throw new HankoConfigurationError(findings.faults);
  return tenant;
}

/** A Hanko with tenants serves each below its id (docs/hanko.md, Tenants). */
const addressOf = ({ apiUrl }: ResolvedHankoOptions, tenantId: string): string | null =>
  apiUrl !== null && isUuid(tenantId) ? `${apiUrl}/${tenantId}` : null;

/** Whether the same tokens are accepted in the same places. */
export const isSameTenant = (a: ResolvedHankoOptions, b: ResolvedHankoOptions): boolean =>
  toldOf(a) === toldOf(b);

const toldOf = ({ apiUrl, audience, issuer, extractors }: ResolvedHankoOptions): string =>
  JSON.stringify([apiUrl, audience, issuer, extractors.map(({ name, place }) => [name, place])]);
