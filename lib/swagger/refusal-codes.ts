import { type AnswerCondition, ANSWERS, type HankoAnswerCode } from '../errors/error-codes.js';
import { isSafeMethod } from '../extraction/cross-site.js';
import { requirementChecks } from '../requirements/unmet-requirements.js';
import type { RouteAccess } from './route-access.js';
import type { CredentialPlaces } from './security-schemes.js';

/** The module's options that decide which codes there are. */
export interface RefusalSettings {
  readonly places: CredentialPlaces;
  readonly checksAudience: boolean;
  readonly checksIssuer: boolean;
  readonly hasTenants: boolean;
}

/** The codes that a route can answer, in the order of the table. */
export function refusalCodes(
  { access, demands }: RouteAccess,
  method: string,
  { places, checksAudience, checksIssuer, hasTenants }: RefusalSettings,
): HankoAnswerCode[] {
  if (access === 'public' || access === 'unguarded') return [];
  const isRequired = access === 'required';
  // On an optional route a cookie that is not valid counts as none.
  const tokenRefused = isRequired || places.mayBeSent;
  const metBy = new Set(requirementChecks(demands).map((check) => check.metBy));
  const holds: Readonly<Record<AnswerCondition, boolean>> = {
    always: true,
    never: false,
    loginRequired: isRequired,
    tokenRefused,
    audienceChecked: tokenRefused && checksAudience,
    issuerChecked: tokenRefused && checksIssuer,
    loginDemanded: isRequired && metBy.has('login'),
    rightsDemanded: isRequired && metBy.has('rights'),
    tenantNamed: hasTenants,
    crossSiteChecked: places.mayBeAmbient && !isSafeMethod(method.toUpperCase()),
  };
  return (Object.keys(ANSWERS) as HankoAnswerCode[]).filter((code) => holds[ANSWERS[code].when]);
}
