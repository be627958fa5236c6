import { setTimeout as wait } from 'node:timers/promises';
import { exchangeWithin, parseJson } from '../http/fetch-json.js';
import { FetchFailure } from '../http/fetch-failure.js';
import type { HttpMethod, HttpReply } from '../http/exchange.js';
import { isObject } from '../util/value-checks.js';
import { HankoAdminError, type HankoAdminErrorCode } from './admin-error.js';

/** Where an Admin API is, and how it is called. */
export interface AdminClientSettings {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string | null;
  readonly fetch: typeof globalThis.fetch | null;
  readonly timeoutMs: number;
  readonly maxReplyBytes: number;
}

/** One call. */
export interface AdminCall {
  readonly method: HttpMethod;
  /** Segments of the path, each as it is: they are encoded here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Known members only; undefined ones are not sent. */
  readonly body?: Readonly<Record<string, unknown>> | null;
  /** Whether to do it twice is as good as once. Default: for all methods but POST and PATCH. */
  readonly isRepeatable?: boolean;
  /** Whether a 404 after a repeated call means that the first one did it. */
  readonly isDeletion?: boolean;
}

/** A reply that says that it was done. */
export interface AdminReply {
  readonly status: number;
  /** Undefined without a body (204). */
  readonly json: unknown;
  readonly header: (name: string) => string | null;
}

/** Tries of one call. */
const MAX_TRIES = 3;

/** The first wait before a call is repeated; the next one is twice as long. */
const WAIT_MS = 200;

/** Waits for which Hanko asks, and that are longer, are the caller's business. */
const MAX_WAIT_MS = 5_000;

/** Repeats what is safe to repeat, and makes one kind of error of all that goes wrong. */
export class AdminClient {
  private readonly closing = new AbortController();

  constructor(private readonly settings: AdminClientSettings) {}

  /** Aborts calls that are under way, and makes no more. */
  close(): void {
    this.closing.abort();
  }

  /** @throws HankoAdminError */
  async call(call: AdminCall): Promise<AdminReply> {
    const { method } = call;
    const isRepeatable = call.isRepeatable ?? (method !== 'POST' && method !== 'PATCH');
    for (let tries = 1; ; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      const outcome = await this.attempt(call, isRepeatable);
      if (!(outcome instanceof HankoAdminError)) return outcome;
      if (outcome.code === 'not_found' && call.isDeletion && tries > 1) return DONE;
      const waitMs = waitBefore(outcome, tries, isRepeatable);
      if (waitMs === null || tries === MAX_TRIES || this.closing.signal.aborted) throw outcome;
      // oxlint-disable-next-line no-await-in-loop
      await wait(waitMs, undefined, { ref: true });
    }
  }

  private async attempt(
    call: AdminCall,
    isRepeatable: boolean,
  ): Promise<AdminReply | HankoAdminError> {
    const { url, apiKey, fetch, timeoutMs, maxReplyBytes: maxBytes } = this.settings;
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const request = {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        // Hanko refuses the empty chunked body that Node sends for a POST without a length.
        ...(body === undefined && call.method !== 'GET' && { 'content-length': '0' }),
      },
      body,
      statuses: null,
      isRepeatable,
    };
    try {
      const bounds = { fetch, timeoutMs, maxBytes, signal: this.closing.signal };
      return await exchangeWithin(url + pathOf(call), bounds, request, readReply);
    } catch (failure) {
      return ofFailure(failure as FetchFailure, call);
    }
  }
}

const DONE: AdminReply = { status: 204, json: undefined, header: () => null };

/** How long to wait before the next try, in milliseconds; null if there is none. */
function waitBefore(error: HankoAdminError, tries: number, isRepeatable: boolean): number | null {
  const { code, status, retryAfterSeconds } = error;
  const isLimited = code === 'limited';
  // Whoever says "too many" has done nothing; after the others nobody knows.
  const mayRepeat =
    isLimited ||
    (isRepeatable && code === 'unavailable' && (status === undefined || status >= 502));
  if (!mayRepeat) return null;
  const asked = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
  const waitMs = asked ?? WAIT_MS * 2 ** (tries - 1) * (1 + Math.random());
  return waitMs <= MAX_WAIT_MS ? waitMs : null;
}

function pathOf({ path, query = {} }: AdminCall): string {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values ?? []].flat()) parameters.append(name, value);
  }
  const search = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  return path.map((segment) => `/${encodeURIComponent(segment)}`).join('') + search;
}

/** @throws FetchFailure */
function readReply(reply: HttpReply): AdminReply | HankoAdminError {
  const { status, text, header } = reply;
  if (status >= 300) return ofStatus(reply);
  return { status, header, json: text === '' ? undefined : parseJson(text) };
}

const CODES: Readonly<Record<number, HankoAdminErrorCode>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  409: 'conflict',
  415: 'invalid',
  422: 'invalid',
  429: 'limited',
};

function ofStatus({ status, text, header }: HttpReply): HankoAdminError {
  const code = CODES[status] ?? (status >= 500 ? 'unavailable' : 'unexpected');
  const requestId = header('x-request-id') ?? undefined;
  const retryAfterSeconds = retryAfterOf(header('retry-after'));
  const reason = code === 'invalid' || code === 'conflict' ? reasonIn(text) : undefined;
  return new HankoAdminError(code, `Hanko's Admin API answered with status ${status}`, {
    status,
    requestId,
    retryAfterSeconds,
    reason,
  });
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterOf(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}

const MAX_REASON = 300;

/** Hanko wraps some twice (`code=400, message=…, internal=…`): what is internal is cut off. */
function reasonIn(text: string): string | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (!isObject(json) || typeof json.message !== 'string') return undefined;
    const [reason = ''] = json.message.replace(/^code=\d+, message=/, '').split(/,? internal=/);
    return reason.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, MAX_REASON);
  } catch {
    return undefined;
  }
}

function ofFailure(failure: FetchFailure, { method }: AdminCall): HankoAdminError {
  const isRead = method === 'GET';
  if (!failure.isOutage && failure.code === undefined) {
    return new HankoAdminError('unexpected', `Hanko's Admin API: ${failure.message}`);
  }
  return new HankoAdminError(
    'unavailable',
    `Hanko's Admin API cannot be reached: ${failure.message}.${isRead ? '' : ' Whether it was done is not known.'}`,
  );
}
