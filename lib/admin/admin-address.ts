import { isCloud, isLoopback, problemsOfBase, webUrl } from '../options/api-url.js';
import type { Option, WrittenOption } from '../options/option.js';
import { readText } from '../options/text.js';
import { parseUrl } from '../util/parse-url.js';

const EXPECTED = 'must be an absolute URL that begins with https:// or http://';

/** The port on which a Hanko of one's own serves its public API by default. */
const PUBLIC_PORT = '8000';

/** First segments of routes, which are not part of an address. */
const ROUTE = /\/(?:users|webhooks|audit_logs|health|sessions|tenants|metrics)(?:\/|$)/;

/** Base URL of the Admin API. @returns without a slash at its end; null if it is missing. */
export const adminUrl: Option<string | null> = {
  variable: 'HANKO_ADMIN_URL',
  read: (written) =>
    readBase(written, (url) => {
      if (isCloud(url) && url.pathname.replace(/\/+$/, '') !== '/admin') {
        written.fault(
          'must be https://<id>.hanko.io/admin: on Hanko Cloud the Admin API is below /admin.',
        );
      }
    }),
};

/** Base URL of the management API. @returns without a slash at its end; null if it is missing. */
export const managementUrl: Option<string | null> = {
  variable: 'HANKO_MANAGEMENT_URL',
  read: (written) =>
    readBase(written, (url) => {
      if (isCloud(url)) written.fault('is of Hanko Cloud, which has no management API: omit it.');
    }),
};

function readBase(written: WrittenOption, check: (url: URL) => void): string | null {
  const text = readText(written, EXPECTED);
  if (text === undefined) return null;
  const url = webUrl(text);
  if (url === null) {
    written.fault(`${EXPECTED}.`);
    return null;
  }
  if (url.username !== '' || url.password !== '') {
    written.fault('must not contain credentials: write the key into HANKO_ADMIN_API_KEY.');
  }
  for (const problem of problemsOfBase(url)) written.fault(problem);
  if (ROUTE.test(url.pathname)) {
    written.fault('must be the base URL, without the path of a route.');
  }
  check(url);
  if (url.port === PUBLIC_PORT) {
    written.warn(
      `${written.path} has the port ${PUBLIC_PORT}, where Hanko's public API listens by default. The Admin API listens on port ` +
        '8001, the management API on port 8002.',
    );
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/**
 * Hanko Cloud serves both APIs of a project at one host.
 * @param apiUrl base URL of the public API.
 * @returns null if it is missing, or not of Hanko Cloud.
 */
export function cloudAdminUrl(apiUrl: unknown): string | null {
  const url = typeof apiUrl === 'string' ? parseUrl(apiUrl.trim()) : null;
  return url !== null && isCloud(url) ? `https://${url.host}/admin` : null;
}

/** Names without a dot, names of private networks, and addresses of RFC 1918, 3927, 4193, 4291 and 6598. */
export function isPrivate(hostname: string): boolean {
  if (isLoopback({ hostname })) return true;
  if (hostname.startsWith('[')) return /^\[f(?:[cd]|e[89ab])/.test(hostname);
  if (/^\d+(?:\.\d+){3}$/.test(hostname)) return PRIVATE_IPV4.test(hostname);
  return !hostname.includes('.') || PRIVATE_NAME.test(hostname);
}

const PRIVATE_IPV4 =
  /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

const PRIVATE_NAME = /\.(?:internal|local|localdomain|lan|svc|intranet|home\.arpa|test)\.?$/;
