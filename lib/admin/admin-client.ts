import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { exchangeWithin, parseJson } from '../http/fetch-json.js';
import { FetchFailure } from '../http/fetch-failure.js';
import type { HttpMethod, HttpReply } from '../http/exchange.js';
import { HankoAdminError } from './admin-error.js';
import { closed, errorOfFailure, errorOfStatus, routeOf } from './admin-failures.js';

/** Where an Admin API is, and how it is called. */
export interface AdminClientSettings {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string | null;
  readonly fetch: typeof globalThis.fetch | null;
  /** For a call as a whole, its repeats and the waits between them included. */
  readonly timeoutMs: number;
  readonly maxReplyBytes: number;
  /** The first wait before a call is repeated, in milliseconds; the next one is twice as long. Default 200. */
  readonly firstWaitMs?: number;
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

/** How one try went. */
interface Try {
  readonly outcome: AdminReply | HankoAdminError;
  /** Whether the request was sent before, on a connection that broke. */
  readonly isSecond?: boolean | undefined;
}

/** @param isFirst whether a connection from before that breaks without a reply is at once replaced by a new one. */
type Send = (spentMs: number, isFirst: boolean) => Promise<Try>;

/** Tries of one call. */
const MAX_TRIES = 3;

/** What gateways say while the server behind them cannot be reached. */
const OF_GATEWAYS: ReadonlySet<number> = new Set([502, 503, 504]);

/** Waits for which Hanko asks, and that are longer, are the caller's business. */
const MAX_WAIT_MS = 5_000;

/** With less than a tenth of its time left, another try would come to nothing. */
const WORTH_A_TRY = 0.9;

const DONE: AdminReply = { status: 204, json: undefined, header: () => null };

/** Repeats what is safe to repeat, and makes one kind of error of all that goes wrong. */
export class AdminClient {
  // Private fields: whoever logs or serializes what holds a client must not write the key.
  readonly #settings: AdminClientSettings;
  readonly #closing: AbortController;

  /** @param closing aborted when calls must end; those of a tenant end with the others. */
  constructor(settings: AdminClientSettings, closing = new AbortController()) {
    this.#settings = settings;
    this.#closing = closing;
    // Each call listens for the end of the app, so Node's warning of a leak would be wrong.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Aborts calls that are under way, and makes no more. */
  close(): void {
    this.#closing.abort();
  }

  /** @throws HankoAdminError */
  async call(call: AdminCall): Promise<AdminReply> {
    const { timeoutMs, firstWaitMs = 200 } = this.#settings;
    const startedAt = performance.now();
    const isRepeatable = call.isRepeatable ?? (call.method !== 'POST' && call.method !== 'PATCH');
    const send = this.prepare(call, isRepeatable);
    let mayBeDone = false;
    for (let tries = 1; ; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      const { outcome, isSecond } = await send(performance.now() - startedAt, tries === 1);
      if (isSecond) tries += 1;
      if (!(outcome instanceof HankoAdminError)) return outcome;
      if (outcome.code === 'not_found' && call.isDeletion && (mayBeDone || isSecond)) return DONE;
      mayBeDone ||= outcome.code === 'unavailable';
      const waitMs = waitBefore(outcome, isRepeatable, firstWaitMs * 2 ** (tries - 1));
      const isInTime =
        waitMs !== null && performance.now() - startedAt + waitMs < timeoutMs * WORTH_A_TRY;
      if (!isInTime || tries >= MAX_TRIES) throw outcome;
      // oxlint-disable-next-line no-await-in-loop
      await this.wait(waitMs, outcome);
    }
  }

  /** Makes the request once, whatever the number of tries: what the caller gave cannot change in between. */
  private prepare(call: AdminCall, isRepeatable: boolean): Send {
    const { url, apiKey, fetch, timeoutMs, maxReplyBytes: maxBytes } = this.#settings;
    const { signal } = this.#closing;
    const target = url + pathOf(call);
    const route = routeOf(call.method, call.path);
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
    };
    return async (spentMs, isFirst) => {
      try {
        const bounds = { fetch, timeoutMs, spentMs, maxBytes, signal };
        // By a fetch of the app nobody knows which connection broke: it counts as a try, and is repeated from here.
        const asked = { ...request, isRepeatable: isRepeatable && isFirst && fetch === null };
        const reply = await exchangeWithin(target, bounds, asked, (read) => read);
        return { outcome: this.outcomeOf(reply, route), isSecond: reply.isSecond };
      } catch (error) {
        const failure = error as FetchFailure;
        const outcome = signal.aborted ? closed(route) : errorOfFailure(failure, route);
        return { outcome, isSecond: failure.isSecond };
      }
    };
  }

  /** @throws FetchFailure */
  private outcomeOf(reply: HttpReply, route: string): AdminReply | HankoAdminError {
    const { status, text, header } = reply;
    if (status >= 300) return errorOfStatus(reply, route, this.#settings.apiKey);
    return { status, header, json: text === '' ? undefined : parseJson(text) };
  }

  private async wait(waitMs: number, outcome: HankoAdminError): Promise<void> {
    await wait(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {
      // The app is closing: what went wrong is known, and there is no other try.
      throw outcome;
    });
  }
}

/** How long to wait before the next try, in milliseconds; null if there is none. */
function waitBefore(error: HankoAdminError, isRepeatable: boolean, waitMs: number): number | null {
  const { code, status, retryAfterSeconds } = error;
  const isLimited = code === 'limited';
  // Whoever says "too many" has done nothing; after the others nobody knows.
  const mayRepeat =
    isLimited ||
    (isRepeatable && code === 'unavailable' && (status === undefined || OF_GATEWAYS.has(status)));
  if (!mayRepeat) return null;
  const asked = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
  const chosen = asked ?? waitMs * (1 + Math.random());
  return chosen <= MAX_WAIT_MS ? chosen : null;
}

function pathOf({ path, query = {} }: AdminCall): string {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values ?? []].flat()) parameters.append(name, value);
  }
  const search = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  return path.map((segment) => `/${encodeURIComponent(segment)}`).join('') + search;
}
