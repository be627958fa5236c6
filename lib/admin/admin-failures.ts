import type { HttpReply } from '../http/exchange.js';
import type { FetchFailure } from '../http/fetch-failure.js';
import { isObject } from '../util/value-checks.js';
import { HankoAdminError, type HankoAdminErrorCode } from './admin-error.js';

const CODES: Readonly<Record<number, HankoAdminErrorCode>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  408: 'unavailable',
  409: 'conflict',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'limited',
};

/** Statuses with which Hanko says why. */
const HAVE_REASON: ReadonlySet<number> = new Set([400, 403, 409, 413, 415, 422]);

/** What to do about it, where it is not the call's own fault. */
const ADVICE: Readonly<Record<number, string>> = {
  401: ': it takes no such API key. Set HANKO_ADMIN_API_KEY to one of this project',
  403: ': it does not allow this, or takes no such API key',
};

const REDIRECTED = ', a redirect, which is not followed. Set HANKO_ADMIN_URL to where it leads';

/** What was asked, without ids: `DELETE /users/:id`. */
type Route = string;

export const routeOf = (method: string, path: readonly string[]): Route =>
  `${method} ${path.map((segment) => (/^[a-z_]{1,20}$/.test(segment) ? `/${segment}` : '/:id')).join('')}`;

/** @param apiKey is never repeated, whoever sent it back. */
export function errorOfStatus(
  reply: HttpReply,
  route: Route,
  apiKey: string | null,
): HankoAdminError {
  const { status, text, header } = reply;
  const json = parsed(text);
  const code = codeOf(status, text, json);
  const keepsKey = (value: string | undefined): string | undefined =>
    value === undefined || (apiKey !== null && value.includes(apiKey)) ? undefined : value;
  return new HankoAdminError(code, messageOf(status, code, route), {
    status,
    requestId: keepsKey(requestIdIn(header('x-request-id'))),
    retryAfterSeconds: retryAfterIn(header('retry-after')),
    reason: keepsKey(HAVE_REASON.has(status) ? reasonIn(json) : undefined),
  });
}

/** Hanko's own 404 is JSON or empty. A page comes from somewhere else, and says nothing of a user. */
function codeOf(status: number, text: string, json: unknown): HankoAdminErrorCode {
  if (status === 404 && text !== '' && !isObject(json)) return 'unexpected';
  return CODES[status] ?? (status >= 500 ? 'unavailable' : 'unexpected');
}

function messageOf(status: number, code: HankoAdminErrorCode, route: Route): string {
  const message = `Hanko's Admin API replied with status ${status} to ${route}`;
  if (status < 400) return message + REDIRECTED;
  if (status === 404 && code === 'unexpected') {
    return `${message}, and not as Hanko does: HANKO_ADMIN_URL is probably not its address`;
  }
  return message + (ADVICE[status] ?? '');
}

export function errorOfFailure(failure: FetchFailure, route: Route): HankoAdminError {
  if (!failure.isOutage) {
    return new HankoAdminError('unexpected', `Hanko's Admin API: ${failure.message} (${route})`);
  }
  return unavailable(failure.message, route);
}

/** The call was aborted, or not begun, as the app is closing. */
export const closed = (route: Route): HankoAdminError => unavailable('the app is closing', route);

function unavailable(why: string, route: Route): HankoAdminError {
  const isDone = route.startsWith('GET ') ? '' : ' Whether it was done is not known.';
  return new HankoAdminError(
    'unavailable',
    `Hanko's Admin API cannot be reached: ${why} (${route}).${isDone}`,
  );
}

/** RFC 9110 §10.2.3: seconds, or a date. All else says nothing. */
function retryAfterIn(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = /^[A-Z][a-z]+, .* GMT$/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

/** An id, and not whatever else somebody between sends. */
const requestIdIn = (value: string | null): string | undefined =>
  value !== null && /^[\w.:/+=-]{1,128}$/.test(value) ? value : undefined;

const MAX_REASON = 300;

/** Hanko wraps some twice (`code=400, message=…, internal=…`): what is internal is cut off. */
function reasonIn(json: unknown): string | undefined {
  if (!isObject(json) || typeof json.message !== 'string') return undefined;
  const [reason = ''] = json.message
    .slice(0, 10 * MAX_REASON)
    .replace(/^code=\d+, message=/, '')
    .split(/,? internal=/);
  return reason.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, MAX_REASON) || undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
