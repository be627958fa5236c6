import { isProduction } from '../util/process-environment.js';
import type { Option } from './option.js';
import { readText } from './text.js';
import { parseUrl } from '../util/parse-url.js';

/** Where Hanko is. */
export interface ApiUrlOptions {
  /**
   * Base URL of Hanko's public API, such as `https://<id>.hanko.io` or, for one tenant of a
   * multi-tenant server, `https://login.example.com/<tenant id>`. Default: `HANKO_API_URL`. One of them
   * is required, unless `jwks` holds the keys.
   */
  readonly apiUrl?: string;
}

const EXPECTED = 'must be an absolute URL that begins with https:// or http://';

/** What remains once `URL` has lower-cased it and written it in ASCII. */
const HOST = /^(?:[a-z\d_-]+(?:\.[a-z\d_-]+)*\.?|\[[\da-f:.]+\])$/;

/** Hosts of Hanko's own that serve no API: the Console, the website, its documentation. */
const NO_API_HOST = /^(?:(?:www|docs|cloud|console)\.)?hanko\.io$/;

/** First labels that guides write for the id of a project. */
const EXAMPLE_HOST = /^[^.]*(?:your|project|tenant|example|xxx)[^.]*\.hanko\.io$|^id\.hanko\.io$/;

/** The port on which a self-hosted Hanko serves its Admin API by default. */
const ADMIN_PORT = '8001';

/** @returns without a slash at its end; null if it is missing. */
export const apiUrlOption: Option<string | null> = {
  variable: 'HANKO_API_URL',
  read: (written) => {
    const text = readText(written, EXPECTED);
    if (text === undefined) return null;
    const url = webUrl(text);
    if (url === null) {
      written.fault(`${EXPECTED}.`);
      return null;
    }
    for (const problem of problemsOf(url)) written.fault(problem);
    if (url.protocol === 'http:' && !isLoopback(url) && isProduction()) {
      written.warn(
        'apiUrl begins with http:// and its host is not this machine: anyone on the network between can ' +
          'replace the signing keys. Use https://.',
      );
    }
    if (url.port === ADMIN_PORT) {
      written.warn(
        `${written.path} has the port ${ADMIN_PORT}, where Hanko's Admin API listens by default. It must be the ` +
          'public API, by default on port 8000.',
      );
    }
    if (isCloud(url) && url.pathname !== '/') {
      written.warn(
        `${written.path} has a path, and Hanko Cloud serves the API of a project without one: write https://<id>.hanko.io alone.`,
      );
    }
    // Built from the parts, so that the path of a tenant stays: new URL('/x', base) would drop it.
    return url.origin + url.pathname.replace(/\/+$/, '');
  },
};

function problemsOf(url: URL): string[] {
  const path = url.pathname.replace(/\/+$/, '');
  const problems: [isProblem: boolean, hint: string][] = [
    [
      url.username !== '' || url.password !== '',
      "must not contain credentials; Hanko's public endpoints need none.",
    ],
    [path.includes('/.well-known'), 'must be the base URL, without /.well-known/jwks.json.'],
    [/\/sessions(?:\/validate)?$/.test(path), 'must be the base URL, without /sessions/validate.'],
    [
      path.endsWith('/admin'),
      "must be the public API's base URL, without /admin, which is the Admin API.",
    ],
  ];
  return [
    ...problems.filter(([isProblem]) => isProblem).map(([, hint]) => hint),
    ...problemsOfBase(url),
  ];
}

/** The URL of a text; null unless it is absolute, and of the web. */
export function webUrl(text: string): URL | null {
  // `URL` also accepts `https:host` and `https:\host`, which are typing errors.
  const isAbsolute = /^https?:\/\/[^/\\]/i.test(text) && !text.includes('\\');
  return isAbsolute ? parseUrl(text) : null;
}

/** What cannot be right of the base URL of any of Hanko's APIs. */
export function problemsOfBase(url: URL): string[] {
  const problems: [isProblem: boolean, hint: string][] = [
    [
      url.search !== '' || url.hash !== '',
      'must not have a query or a fragment: write the base URL only.',
    ],
    [
      !HOST.test(url.hostname),
      'must have one host name: letters, digits, dots and hyphens. Several URLs are not possible.',
    ],
    [url.port === '0', 'must not have the port 0, on which nothing can listen.'],
    [
      NO_API_HOST.test(url.hostname),
      'is a website of Hanko, not an API: write the API URL that the Hanko Console shows for your project.',
    ],
    [
      EXAMPLE_HOST.test(url.hostname),
      'still holds a placeholder: write the API URL that the Hanko Console shows for your project.',
    ],
    [
      url.protocol === 'http:' && isCloud(url),
      'must begin with https://: Hanko Cloud answers http:// with a redirect, which is not followed.',
    ],
    [url.pathname.replace(/\/+$/, '').includes('//'), 'must not have // in its path.'],
  ];
  return problems.filter(([isProblem]) => isProblem).map(([, hint]) => hint);
}

export const isCloud = ({ hostname }: URL): boolean => hostname.endsWith('.hanko.io');

export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
