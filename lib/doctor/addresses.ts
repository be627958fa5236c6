import { isLoopback } from '../options/api-url.js';
import { parseUrl } from '../util/parse-url.js';

/** Where an app is, as browsers see it. */
export interface AppAddresses {
  /** The page that people open. */
  readonly page: URL | null;
  /** The API: this Nest app. */
  readonly api: URL | null;
}

/** An absolute http or https URL; null for anything else. */
export function webUrl(text: string): URL | null {
  const url = /^https?:\/\/[^/\\]/i.test(text) ? parseUrl(text) : null;
  return url === null || url.username !== '' || url.password !== '' ? null : url;
}

/** An IP address: it has no domain. */
export const isAddress = (host: string): boolean => /^[\d.]+$|^\[/.test(host);

/**
 * The domain that both hosts are or lie in, so that a cookie of it reaches both; null if there is none. Two labels are the
 * least: which ones belong to a registry (`co.uk`) only a list of them knows.
 */
export function sharedDomain(a: string, b: string): string | null {
  if (a === b) return a;
  if (isAddress(a) || isAddress(b)) return null;
  const [left, right] = [a, b].map((host) => host.split('.').toReversed()) as [string[], string[]];
  const differs = left.findIndex((label, index) => label !== right[index]);
  const shared = left.slice(0, differs === -1 ? left.length : differs);
  return shared.length < 2 ? null : shared.toReversed().join('.');
}

/** Whether a browser takes the page for secure: only then are there passkeys, and Secure cookies. */
export const isSecure = (url: URL): boolean => url.protocol === 'https:' || isLoopback(url);

export const isCloud = ({ hostname }: URL): boolean => hostname.endsWith('.hanko.io');

/** Whether a relying party of that id may be on that host (WebAuthn §5.1.2): the host, or a domain above it. */
export const isWithin = (host: string, domain: string): boolean =>
  host === domain || (!isAddress(host) && host.endsWith(`.${domain}`));
