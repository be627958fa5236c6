import { HankoCrossSiteError } from '../errors/hanko.errors.js';
import { withLogDetail } from '../errors/log-detail.js';
import { printable } from '../util/printable.js';
import { isOrigin } from './origin.js';
import { headerValues, type IncomingRequest, wireValues } from './request.js';
import { parseUrl } from '../util/parse-url.js';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** RFC 9110 §9.2.1. @param method in upper case. */
export const isSafeMethod = (method: string): boolean => SAFE_METHODS.has(method);

/**
 * Refuses a request that a page of another site made the browser send with its cookie (CSRF):
 * Fetch Metadata first, then `Origin`, as Go's `CrossOriginProtection` does.
 *
 * One difference: `same-site` passes, because app.example.com and api.example.com are Hanko's usual shape.
 *
 * @param trustedOrigins serialized origins (RFC 6454 §6.2) that may do so.
 * @param isHandshake true if it opens a connection: that is unsafe whatever the method.
 * @throws HankoCrossSiteError `cross_site_request`
 */
export function refuseCrossSite(
  request: IncomingRequest,
  trustedOrigins: ReadonlySet<string>,
  isHandshake = false,
): void {
  const isSocket = opensSocket(request);
  const isUnsafe = isHandshake || isSocket || !isSafeMethod(request.method ?? '');
  if (!isUnsafe && !asksForSocket(request)) return;

  const valuesOf = isSocket ? wireValues : headerValues;
  const site = valuesOf(request, 'sec-fetch-site').join(', ');
  const origin = valuesOf(request, 'origin').join(', ');
  if (site === 'same-origin' || site === 'same-site' || site === 'none') return;
  if (trustedOrigins.has(origin)) return;
  // Neither header: no browser of this decade, so no browser to be abused.
  if (site === '' && origin === '') return;
  const host = hostOf(request, valuesOf);
  if (site === '' && isOwnHost(origin, host)) return;
  const error = new HankoCrossSiteError(
    site === ''
      ? 'Origin is neither this host nor in trustedOrigins'
      : 'Sec-Fetch-Site says the request is cross-site',
  );
  throw withLogDetail(error, () => detailOf(site, origin, host));
}

/** What came, and what to do about it. Header fields are written by callers: they are cut and cleaned. */
function detailOf(site: string, origin: string, host: string): string {
  const came = [
    ...(site === '' ? [] : [`Sec-Fetch-Site is "${printable(site, 40)}"`]),
    origin === '' ? 'there is no Origin' : `Origin is "${printable(origin)}"`,
    host === '' ? 'there is no Host' : `Host is "${printable(host)}"`,
  ].join(', ');
  const cure = canBeTrusted(origin)
    ? ` If that site is yours, add it: trustedOrigins: ['${origin}']`
    : '';
  return `The cookie came with a cross-site request: ${came}.${cure}`;
}

/** Nothing that must be cut or cleaned: what is written down here is copied. */
const canBeTrusted = (origin: string): boolean =>
  isOrigin(origin) && printable(origin) === origin && !origin.includes("'");

/** A GET, but what it opens carries commands, and no other browser rule keeps foreign pages from it. */
export const isWebSocketHandshake = (request: IncomingRequest): boolean =>
  asksForSocket(request) || opensSocket(request);

const asksForSocket = (request: IncomingRequest): boolean =>
  headerValues(request, 'upgrade').some(isWebSocket);

/**
 * Whether it came as a handshake. Its `headers` say nothing about that: middleware never saw it, and apps and drivers write
 * there what the client said later, in `connection_init`.
 */
const opensSocket = (request: IncomingRequest): boolean =>
  wireValues(request, 'upgrade').some(isWebSocket);

const isWebSocket = (protocol: string): boolean => /websocket/i.test(protocol);

/** HTTP/2 may have `:authority` in the place of `Host` (RFC 9113 §8.3.1). */
function hostOf(request: IncomingRequest, valuesOf: typeof headerValues): string {
  return valuesOf(request, 'host').join(', ') || valuesOf(request, ':authority').join(', ');
}

/** RFC 9110 §7.2: a host, and perhaps a port. */
const HOST = /^[^\s/?#@\\]+$/;

/** Compares hosts with their ports; the `Host` header leaves out the default port of a scheme it does not name. */
function isOwnHost(origin: string, host: string): boolean {
  const from = parseUrl(origin);
  // Anything but a serialized origin (RFC 6454 §6.2) is no browser's.
  if (from === null || from.origin !== origin || !HOST.test(host)) return false;
  return parseUrl(`${from.protocol}//${host}`)?.host === from.host;
}
