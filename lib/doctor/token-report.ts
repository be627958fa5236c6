import { isUtf8 } from 'node:buffer';
import { isObject, isUuid } from '../util/value-checks.js';

/** What a text that should be a token says of itself. **Nothing in it is verified.** */
export interface DecodedToken {
  readonly kind: 'session token' | 'webhook token' | 'other JWT' | 'no JWT';
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Takes apart what can be taken apart, also of what no app accepts. */
export function decodeToken(token: string): DecodedToken {
  const parts = token.split('.', 4);
  const [header, claims] = parts.map(jsonObject);
  if (parts.length !== 3 || header == null || claims == null) {
    return { kind: 'no JWT', header: {}, claims: {} };
  }
  return { kind: kindOf(claims), header, claims };
}

function kindOf({ sub, session_id }: Readonly<Record<string, unknown>>): DecodedToken['kind'] {
  if (sub === 'hanko webhooks') return 'webhook token';
  return isUuid(sub) && isUuid(session_id) ? 'session token' : 'other JWT';
}

function jsonObject(encoded: string): Readonly<Record<string, unknown>> | null {
  const bytes = Buffer.from(encoded, 'base64url');
  try {
    const value: unknown = isUtf8(bytes) ? JSON.parse(bytes.toString('utf8')) : null;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const MAX_LINES = 60;
const MAX_VALUE_LENGTH = 200;

/** Claims that are times, in seconds since 1970. */
const TIMES = new Set(['exp', 'iat', 'nbf']);

/**
 * A line for each member of header and claims. Who wrote the token may be anybody: each is cut and cleaned.
 * @param nowMs milliseconds since 1970.
 */
export function linesOf({ header, claims }: DecodedToken, nowMs: number): readonly string[] {
  const lines = [
    ...Object.entries(header).map(([name, value]) => line(`header ${name}`, value, nowMs)),
    ...Object.entries(claims).map(([name, value]) => line(name, value, nowMs)),
  ];
  const rest = lines.length - MAX_LINES;
  return rest > 0 ? [...lines.slice(0, MAX_LINES), `and ${rest} more`] : lines;
}

function line(name: string, value: unknown, nowMs: number): string {
  const time = TIMES.has(name) ? timeOf(value, nowMs) : '';
  return `${clean(name).slice(0, 60)}: ${cut(clean(JSON.stringify(value) ?? ''))}${time}`;
}

const cut = (text: string): string =>
  text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;

/** Nothing that moves the cursor, colours the terminal or turns the direction of writing. */
export const clean = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu,
    (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`,
  );

function timeOf(value: unknown, nowMs: number): string {
  const date = new Date(Number(value) * 1000);
  if (typeof value !== 'number' || Number.isNaN(date.getTime())) return '';
  const away = spanOf(Math.abs(date.getTime() - nowMs) / 1000);
  const when = date.getTime() > nowMs ? `in ${away}` : `${away} ago`;
  return ` (${date.toISOString().replace('.000Z', 'Z')}, ${when})`;
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** In the largest unit of which there are two. */
function spanOf(seconds: number): string {
  const [size, unit] = UNITS.find(([length]) => seconds >= 2 * length) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}
