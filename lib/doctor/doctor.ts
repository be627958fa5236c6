import { type AppEnvironment, readAppEnvironment } from './app-environment.js';
import { readAppSource } from './app-source.js';
import { type AppAddresses, webUrl } from './addresses.js';
import { webhookChecks } from './admin-checks.js';
import { audienceCheck, cookieChecks, corsChecks } from './browser-checks.js';
import { type Check, type Section, skip } from './check.js';
import { environmentChecks } from './environment-checks.js';
import { type AddressedOptions, type CheckedHanko, hankoChecks } from './hanko-checks.js';
import { installationChecks } from './installation.js';
import { tenantChecks } from './tenant-checks.js';
import { tokenChecks } from './token-checks.js';
import { type DecodedToken, decodeToken } from './token-report.js';

/** What the doctor looks at. */
export interface Patient {
  /** The folder that the app is started in. */
  readonly appFolder: string;
  readonly nodeVersion: string;
  /** The environment of the process. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What flags say in the place of variables. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Names of `.env` files; null = `.env`, if it is there. */
  readonly envFiles: readonly string[] | null;
  readonly appUrl: string | null;
  readonly serverUrl: string | null;
  readonly token: string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** All that was found out, in the order in which it is to be read. */
export interface Diagnosis {
  readonly sections: readonly Section[];
  /** What the token says of itself; null without one. */
  readonly token: DecodedToken | null;
}

/** Examines an app's setup. It makes calls to the addresses of Hanko and of the app that were named, and changes nothing there. */
export async function diagnose(patient: Patient): Promise<Diagnosis> {
  const { appFolder, variables, flags, envFiles } = patient;
  const files = envFiles ?? ['.env'];
  const environment = readAppEnvironment({ appFolder, files, process: variables, flags });
  const source = readAppSource(appFolder);
  const { checks, options } = environmentChecks(environment, source, envFiles !== null);
  const token = patient.token === null ? null : decodeToken(patient.token);
  const ofApp: readonly Section[] = [
    { title: 'Installation', checks: installationChecks(appFolder, patient.nodeVersion) },
    { title: 'Options', checks },
  ];
  if (options === null || options.apiUrl === null) {
    const nothing = skip('address', 'Hanko is not asked: its address is not known.');
    const sections = [...ofApp, { title: 'Hanko', checks: [nothing] }];
    if (token === null) return { sections, token };
    const unknown = skip('token', 'Whether it is valid only the keys of Hanko can tell.');
    return { sections: [...sections, { title: 'Token', checks: [unknown] }], token };
  }
  const addressed = { ...options, apiUrl: options.apiUrl };
  const hanko = await hankoChecks(addressed, patient.now);
  const ofToken = await tokenSection(patient, token, addressed, hanko);
  return {
    sections: [
      ...ofApp,
      { title: 'Hanko', checks: hanko.checks },
      ...(await askedSections(patient, environment, addressed, hanko, ofToken.checks)),
      { title: 'Webhooks', checks: await webhookChecks(environment, addressesOf(patient), source) },
      ofToken,
    ].filter((section) => section.checks.length > 0),
    token,
  };
}

const addressesOf = ({ appUrl, serverUrl }: Patient): AppAddresses => ({
  page: appUrl === null ? null : webUrl(appUrl),
  api: serverUrl === null ? null : webUrl(serverUrl),
});

/** As the app resolved it: one that is no name of a cookie counts as none. */
function cookieNameOf({ extractors }: AddressedOptions): string {
  const [name] = extractors.flatMap(({ place }) => (place?.in === 'cookie' ? [place.name] : []));
  return name ?? 'hanko';
}

/** Tenant and browser. */
async function askedSections(
  patient: Patient,
  environment: AppEnvironment,
  options: AddressedOptions,
  { isReachable }: CheckedHanko,
  ofToken: readonly Check[],
): Promise<readonly Section[]> {
  const cookieName = cookieNameOf(options);
  const addresses = addressesOf(patient);
  const tenant = await tenantChecks(options, cookieName, environment);
  // What Hanko really writes is known then: nothing is to be guessed.
  const isAudienceKnown = tenant.cookie !== null || ofToken.some(isOfThisHanko);
  const browser: Check[] = [
    ...(isAudienceKnown ? [] : [audienceCheck(options, addresses)]),
    ...cookieChecks(options, addresses, cookieName, tenant.cookie),
    ...(isReachable
      ? await corsChecks(options, addresses, patient.now)
      : [skip('cors', 'Hanko cannot be reached.')]),
  ];
  return [
    { title: 'Tenant', checks: tenant.checks },
    { title: 'Browser', checks: browser },
  ];
}

async function tokenSection(
  { token, now }: Patient,
  decoded: DecodedToken | null,
  options: AddressedOptions,
  { jwks }: CheckedHanko,
): Promise<Section> {
  if (token === null || decoded === null) return { title: 'Token', checks: [] };
  const judge = { options, jwks, cookieName: cookieNameOf(options), now };
  return { title: 'Token', checks: await tokenChecks(token, decoded, judge) };
}

/** It was accepted, or a key of this Hanko has signed it. */
const isOfThisHanko = ({ id, status }: Check): boolean =>
  status === 'ok' && (id === 'token' || id === 'signature');
