import { isUtf8 } from 'node:buffer';
import { HankoTokenError } from '../errors/hanko.errors.js';

/** A token taken apart. **Nothing in it is verified**: it may be used to refuse, never to accept. */
export interface UnverifiedJws {
  readonly kid: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A KMS key id is an ARN; nothing honest is longer. */
const MAX_KID_LENGTH = 512;

/**
 * Takes a compact JWS apart and refuses what no good session token can be.
 *
 * @param maxTokenBytes longer tokens are refused before they are looked at.
 * @throws HankoTokenError `token_malformed`, `token_too_large`, `token_algorithm_not_allowed`
 */
export function decodeUnverifiedJws(token: unknown, maxTokenBytes: number): UnverifiedJws {
  if (typeof token !== 'string') throw malformed('it is not a string');
  if (token.length > maxTokenBytes) {
    throw new HankoTokenError(
      'token_too_large',
      `The token has more than maxTokenBytes (${maxTokenBytes}) bytes`,
    );
  }
  const parts = token.split('.', 4);
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) {
    throw malformed(whatIsWrong(token));
  }
  const [encodedHeader, encodedPayload] = parts;
  const kid = kidOf(encodedHeader as string);
  return { kid, payload: parseJsonObject(encodedPayload as string, 'payload') };
}

/** Texts that programs write where a value is missing. */
const NO_VALUE = new Set(['undefined', 'null', 'false', 'true', 'NaN', '[object Object]']);

/** Which of the usual mistakes it is. Each is told apart without repeating the token. */
function whatIsWrong(token: string): string {
  if (token === '') return 'it is empty';
  if (NO_VALUE.has(token)) return `it is the text "${token}": the caller has no token`;
  if (/^bearer[\s:]/i.test(token)) return 'it begins with "Bearer": the scheme is written twice';
  if (/^["'`]|["'`]$/.test(token)) return 'it is in quotes';
  if (/^\s|\s$/.test(token)) return 'it begins or ends with white space';
  if (/\s/.test(token)) return 'it contains white space';
  const parts = token.split('.', 6).length;
  if (parts === 5)
    return 'it has five parts, so it is encrypted (JWE), and session tokens are signed (JWS)';
  if (parts !== 3) return 'it is not three parts of canonical base64url';
  return NOT_BASE64URL.test(token)
    ? 'its parts are not base64url: only A-Z, a-z, 0-9, "-" and "_" are allowed'
    : 'its parts are not canonical base64url: one is empty, cut off or changed';
}

const NOT_BASE64URL = /[^\w.-]/;

const BASE64URL = /^[\w-]+$/;

/**
 * RFC 7515 §2: no padding, no white space. Canonical means that the unused low bits of the last character
 * are zero (RFC 4648 §3.5), so that no two texts are the same token.
 */
function isCanonicalBase64url(text: string): boolean {
  if (!BASE64URL.test(text)) return false;
  const last = text.at(-1) as string;
  switch (text.length % 4) {
    case 0:
      return true;
    case 2:
      return 'AQgw'.includes(last);
    case 3:
      return 'AEIMQUYcgkosw048'.includes(last);
    default:
      return false;
  }
}

/** Tokens of one key have one header: the last good one is not parsed again (the bench's `first-seen`). */
let lastHeader = { encoded: '', kid: '' };

function kidOf(encodedHeader: string): string {
  if (encodedHeader === lastHeader.encoded) return lastHeader.kid;
  const kid = checkHeader(parseJsonObject(encodedHeader, 'header'));
  // A copy: a part of the token would keep all of it in memory.
  lastHeader = { encoded: Buffer.from(encodedHeader, 'latin1').toString('latin1'), kid };
  return kid;
}

/**
 * The algorithm is fixed before any key is looked up (RFC 8725 §3.1). `jku`, `jwk`, `x5u` and `x5c`
 * (RFC 7515 §4.1) are never read: keys come from the JWKS alone.
 */
function checkHeader(header: Readonly<Record<string, unknown>>): string {
  if (header.alg !== 'RS256') {
    throw new HankoTokenError('token_algorithm_not_allowed', 'The alg header is not "RS256"');
  }
  // RFC 7515 §4.1.11: an extension that must be understood and is not makes the token invalid.
  if ('crit' in header) throw malformed('its header has "crit", and no extension is supported');
  const { kid } = header;
  if (typeof kid !== 'string' || kid === '') throw malformed('its header has no "kid"');
  if (kid.length > MAX_KID_LENGTH) throw malformed('its "kid" is too long');
  return kid;
}

function parseJsonObject(encoded: string, part: string): Readonly<Record<string, unknown>> {
  const bytes = Buffer.from(encoded, 'base64url');
  let value: unknown;
  try {
    // Other bytes would be replaced, and two texts would be the same token. A byte order mark stays, and is no JSON.
    value = isUtf8(bytes) ? JSON.parse(bytes.toString('utf8')) : undefined;
  } catch {
    // Not JSON.
  }
  if (value === undefined) throw malformed(`its ${part} is not JSON`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`its ${part} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

const malformed = (what: string): HankoTokenError =>
  new HankoTokenError('token_malformed', `The token is malformed: ${what}`);
