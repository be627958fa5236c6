import { check, isText } from './check.js';
import type { FakeHankoSettings } from './options.js';
import { parseUrl } from './server/parse-url.js';
import { SAME_SITE } from './store/session-cookie.js';

/** The storage of a browser in which somebody has signed in, in the form of Playwright's `storageState`. */
export interface FakeStorageState {
  /** One cookie, which holds the session's token. */
  readonly cookies: {
    readonly name: string;
    readonly value: string;
    readonly domain: string;
    readonly path: string;
    /** In seconds since 1970. */
    readonly expires: number;
    readonly httpOnly: boolean;
    readonly secure: boolean;
    readonly sameSite: 'Lax' | 'None' | 'Strict';
  }[];
  /** The page, with the entry of its local storage that says until when somebody is signed in. */
  readonly origins: {
    readonly origin: string;
    readonly localStorage: { readonly name: string; readonly value: string }[];
  }[];
}

/**
 * The storage of a browser in which somebody has signed in on a page.
 * @param apiUrl address of the public API.
 * @throws TypeError if the page and the API have different names, and the browser would keep the cookie from one.
 */
export function storageState(
  { config, cookieName, tokenTransport, now }: FakeHankoSettings,
  page: string,
  apiUrl: string,
  token: string,
): FakeStorageState {
  const { cookie } = config.session;
  const exp = expiryOf(token);
  const { origin, hostname } = pageAt(page);
  const api = new URL(apiUrl).hostname;
  const isCookie = tokenTransport === 'cookie';
  check(
    !isCookie || cookie.domain !== '' || hostname === api,
    `the page is at ${hostname} and FakeHanko at ${api}: a cookie needs one name for both. Start it with host: 'localhost'`,
  );
  return {
    cookies: [
      {
        name: cookieName,
        value: token,
        domain: (isCookie && cookie.domain) || hostname,
        path: '/',
        expires: exp,
        // What the server sets, or the SDK on the page.
        httpOnly: isCookie && cookie.http_only,
        secure: isCookie && cookie.secure,
        sameSite: isCookie ? SAME_SITE[cookie.same_site] : 'Lax',
      },
    ],
    origins: [
      {
        origin,
        localStorage: [
          {
            name: `${cookieName}_session_state`,
            value: JSON.stringify({ expiration: exp * 1000, lastCheck: now() }),
          },
        ],
      },
    ],
  };
}

function expiryOf(token: string): number {
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(claims) as { exp: number }).exp;
}

function pageAt(page: string): URL {
  const url = isText(page) ? parseUrl(page) : null;
  check(
    url !== null && url.origin !== 'null',
    'storageState() needs the address of the page, such as http://localhost:5173',
  );
  return url;
}
