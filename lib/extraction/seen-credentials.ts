import { isObject } from '../util/value-checks.js';
import { printable, printableList } from '../util/printable.js';
import { headerValues, type IncomingRequest } from './request.js';
import type { TokenExtractor } from './token-extractor.js';

/** Schemes that may be told. Any other first word may be a token, or a part of one. */
const SCHEME = /^(Basic|Bearer|Digest|DPoP|JWT|Token|ApiKey|Negotiate|NTLM|OAuth|Hawk) /i;

/**
 * Where a session token was looked for, and what was there instead: a wrong `cookieName`, or a token without its scheme,
 * can then be found in the log. Names only, never a value.
 */
export function describeSearch(
  extractors: readonly TokenExtractor[],
  request: IncomingRequest,
  params?: unknown,
): string {
  const places = extractors.map(({ name, place }) =>
    place === undefined
      ? `by the extractor "${printable(name, 40)}"`
      : place.in === 'bearer'
        ? 'in Authorization: Bearer'
        : `in the ${place.in} "${printable(place.name, 40)}"`,
  );
  return `looked for a token ${places.join(' and ')}; the request has ${whatIsThere(request)}${whatWasSaid(params)}`;
}

function whatIsThere(request: IncomingRequest): string {
  const authorization = headerValues(request, 'authorization');
  const cookies = headerValues(request, 'cookie').flatMap(cookieNames);
  return [
    authorization.length === 0 ? 'no Authorization' : authorization.map(schemeText).join(' and '),
    cookies.length === 0 ? 'no cookie' : `the cookies ${printableList(cookies, LIST)}`,
  ].join(' and ');
}

/** What a client said beside header fields, as in socket.io's `auth`: a token under a wrong name can then be found. */
function whatWasSaid(params: unknown): string {
  if (!isObject(params)) return '';
  const names = Object.keys(params)
    .filter((name) => params[name] !== undefined && params[name] !== null)
    .filter((name) => name.toLowerCase() !== 'authorization')
    .map(shortName);
  return names.length === 0
    ? ''
    : `. In its auth or params the client sent ${printableList(names, LIST)}; a token is looked for in "token" and "authorization"`;
}

function schemeText(value: string): string {
  const scheme = SCHEME.exec(value.trim())?.[1];
  return scheme === undefined
    ? value.trim().includes(' ')
      ? 'Authorization with another scheme'
      : 'Authorization without a scheme (write "Bearer" and a space before the token)'
    : `Authorization with the scheme "${scheme}"`;
}

const MAX_NAME_LENGTH = 40;

const LIST = { maxItems: 10, maxLength: MAX_NAME_LENGTH };

/** What is too long for a name may be a value. */
const shortName = (name: string): string =>
  name.length > MAX_NAME_LENGTH ? '(a long name)' : name;

/** Names of pairs only: what has no name may be a value (that of Base64 may end in `=`), and so may what is too long for a name. */
const cookieNames = (header: string): string[] =>
  header
    .split(';')
    .filter((pair) => /=[^=\s]/.test(pair))
    .map((pair) => pair.slice(0, pair.indexOf('=')).trim())
    .filter((name) => name !== '')
    .map(shortName);
