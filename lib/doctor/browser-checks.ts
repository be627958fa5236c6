import { FetchFailure } from '../http/fetch-failure.js';
import {
  type AppAddresses,
  isAddress,
  isCloud,
  isSecure,
  isWithin,
  sharedDomain,
} from './addresses.js';
import { ask, cureOf, type Reply } from './ask.js';
import { type Check, fail, ok, skip, warn } from './check.js';
import { type AddressedOptions, settled } from './hanko-checks.js';

/** What Hanko's configuration says of its cookie, where it can be read. */
export interface CookieSettings {
  readonly domain: string | undefined;
  /** `session.enable_auth_token_header`. */
  readonly isHeader: boolean;
}

const NO_PAGE = 'Pass --app-url with the address of your page, as people open it.';

/** Longest time that a check waits for the app itself. */
const APP_TIMEOUT_MS = 5_000;

/** Whether the token gets from the browser to the API, by the rules of browsers. */
export function cookieChecks(
  { apiUrl }: AddressedOptions,
  { page, api }: AppAddresses,
  cookieName: string,
  settings: CookieSettings | null,
): readonly Check[] {
  if (page === null) return [skip('cookie', 'Your page is not known.', NO_PAGE)];
  const hanko = new URL(apiUrl);
  const checks = pageFaults(page);
  const target = api ?? page;
  const isHeader = settings?.isHeader ?? isCloud(hanko);
  const check = isHeader
    ? pageCookie(page, target, cookieName)
    : hankoCookie({ hanko, page, target, cookieName, settings });
  return [...checks, check];
}

/** What browsers refuse to such a page. */
function pageFaults(page: URL): readonly Check[] {
  if (!isSecure(page)) {
    return [
      fail(
        'page',
        `${page.origin} is neither https nor localhost: browsers offer no passkeys there, and store no Secure cookie, which Hanko's is.`,
        'Serve the page by https, or open it as http://localhost while you develop.',
      ),
    ];
  }
  if (!isAddress(page.hostname)) return [];
  const text = `${page.hostname} is an address and no name: browsers offer no passkeys there.`;
  return [warn('page', text, 'Open the page by a name, such as http://localhost.')];
}

/** The cookie that Hanko's browser SDK writes, on the host of the page. */
function pageCookie({ hostname: page }: URL, { hostname: api }: URL, cookieName: string): Check {
  const text = `Hanko's browser SDK writes the cookie "${cookieName}" on ${page}`;
  if (page === api) return ok('cookie', `${text}, and the API is on the same host.`);
  const domain = sharedDomain(page, api);
  if (domain === null) return fail('cookie', `${text}, and ${api} never gets it.`, BEARER);
  return warn(
    'cookie',
    `${text}. ${api} gets it only if the SDK writes it for the domain ${domain}.`,
    `Call register('<API URL>', { cookieDomain: '${domain}' }) on the page, or send the token as a bearer.`,
  );
}

interface Hosts {
  readonly hanko: URL;
  readonly page: URL;
  readonly target: URL;
  readonly cookieName: string;
  readonly settings: CookieSettings | null;
}

/** The cookie that Hanko itself sets: on its own host, unless `session.cookie.domain` says more. */
function hankoCookie({ hanko, page, target, cookieName, settings }: Hosts): Check {
  const [from, to] = [hanko.hostname, target.hostname];
  const text = `Hanko sets the cookie "${cookieName}" on ${from}`;
  if (from === to) return ok('cookie', `${text}, and the API is on the same host.`);
  const domain = sharedDomain(from, to);
  if (domain === null) {
    return fail(
      'cookie',
      `${text}, and ${to} never gets it: they share no domain.${localNames(from, to)}`,
      page.hostname === to
        ? `Set session.enable_auth_token_header on Hanko: then its browser SDK writes the cookie on ${to}.`
        : BEARER,
    );
  }
  const isSet = settings?.domain !== undefined && isWithin(to, settings.domain.replace(/^\./, ''));
  if (isSet) return ok('cookie', `${text} for the domain ${settings.domain}, and ${to} is in it.`);
  const cure = `Set session.cookie.domain: ${domain} on Hanko, or send the token as a bearer.`;
  if (settings !== null) {
    const now = settings.domain === undefined ? 'alone' : `for the domain ${settings.domain}`;
    return fail('cookie', `${text}, ${now}: ${to} never gets it.`, cure);
  }
  return warn('cookie', `${text}. ${to} gets it only if Hanko sets it for ${domain}.`, cure);
}

const BEARER =
  'Let the page send the token as a bearer, with session.enable_auth_token_header on Hanko, or serve both on one domain.';

/** Names of one machine that browsers tell apart. */
function localNames(...hosts: readonly string[]): string {
  const isLocal = (host: string): boolean =>
    /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
  return hosts.every(isLocal)
    ? ' For a browser localhost and 127.0.0.1 are two hosts: use localhost for both.'
    : '';
}

/** Whether the page may call Hanko, and the API, with the cookie. */
export async function corsChecks(
  { apiUrl, validateTimeoutMs: timeoutMs }: AddressedOptions,
  { page, api }: AppAddresses,
  now: () => number,
): Promise<readonly Check[]> {
  if (page === null) return [skip('cors', 'Your page is not known.', NO_PAGE)];
  const { origin } = page;
  const hanko = new URL(apiUrl);
  const checks: Check[] = [];
  if (origin === hanko.origin) {
    checks.push(ok('cors', 'Your page and Hanko have one origin: no CORS is needed.'));
  } else {
    const reply = await settled(preflight(`${apiUrl}/login`, origin, 'POST', timeoutMs, now));
    checks.push(hankoCors(reply, origin));
  }
  if (api !== null && api.origin !== origin) {
    const reply = await settled(preflight(api.href, origin, 'GET', APP_TIMEOUT_MS, now));
    checks.push(apiCors(reply, origin, api));
  }
  return checks;
}

/** What a browser asks before a call of a page. @throws FetchFailure */
function preflight(
  url: string,
  origin: string,
  method: string,
  timeoutMs: number,
  now: () => number,
): Promise<Reply> {
  const headers = {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': method === 'POST' ? 'content-type' : 'authorization',
  };
  return ask(url, { method: 'OPTIONS', headers, statuses: null, timeoutMs, maxBytes: 65_536, now });
}

const allowedOrigin = ({ header }: Reply): string | null => header('access-control-allow-origin');

const allowsCredentials = ({ header }: Reply): boolean =>
  header('access-control-allow-credentials') === 'true';

function hankoCors(reply: Reply | FetchFailure, origin: string): Check {
  const cure = `Add ${origin} to cors.allow_origins (on Hanko Cloud: to the App URL and the allowed origins of the project).`;
  if (reply instanceof FetchFailure) {
    return warn('cors', `Hanko gives no reply to a browser: ${reply.message}.`, cureOf(reply));
  }
  const allowed = allowedOrigin(reply);
  if (allowed === origin && allowsCredentials(reply)) {
    return ok('cors', `Hanko allows pages of ${origin} to call it with cookies.`);
  }
  const how =
    allowed === origin || allowed === '*'
      ? `Hanko, or what stands in front of it, allows ${origin} to call it, but not with cookies.`
      : `Hanko does not allow pages of ${origin} to call it: nobody can sign in there.`;
  return fail('cors', how, cure);
}

function apiCors(reply: Reply | FetchFailure, origin: string, { origin: api }: URL): Check {
  const cure = `Call app.enableCors({ origin: ['${origin}'], credentials: true }) in main.ts.`;
  if (reply instanceof FetchFailure) {
    const text = `Your API at ${api} gives no reply: ${reply.message}.`;
    return skip('cors', text, 'Start it, and the doctor again.');
  }
  const allowed = allowedOrigin(reply);
  if (allowed !== origin && allowed !== '*') {
    return fail('cors', `Your API at ${api} does not allow pages of ${origin} to call it.`, cure);
  }
  return allowed === origin && allowsCredentials(reply)
    ? ok('cors', `Your API at ${api} allows pages of ${origin} to call it with cookies.`)
    : warn(
        'cors',
        `Your API at ${api} allows pages of ${origin} to call it with a bearer, but not with cookies.`,
        cure,
      );
}

/** Whether the audience can be the one of Hanko's tokens, which by default is its relying party id. */
export function audienceCheck({ audience }: AddressedOptions, { page }: AppAddresses): Check {
  if (audience === null) {
    return skip('audience', 'It is not checked. A token shows it: pass one with --token.');
  }
  const list = audience.map((entry) => `"${entry}"`).join(' or ');
  const text = `Tokens must be for ${list}`;
  if (page === null) return ok('audience', `${text}. A token shows whether they are: --token.`);
  return audience.some((entry) => isWithin(page.hostname, entry))
    ? ok('audience', `${text}, which fits ${page.hostname}.`)
    : warn(
        'audience',
        `${text}. By default Hanko writes there its webauthn.relying_party.id, which for ${page.hostname} is that host or a domain above it.`,
        'Look at the "aud" claim of a token, with --token. All is well if session.audience is set on Hanko to this.',
      );
}
