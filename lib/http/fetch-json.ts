import type { HttpReply, HttpRequest } from './exchange.js';
import { FetchFailure } from './fetch-failure.js';
import { fetchExchange } from './fetch-exchange.js';
import { nodeExchange } from './node-exchange.js';

/** Bounds of one fetch. */
export interface FetchBounds {
  /** The app's own; null = Node's client. */
  readonly fetch: typeof globalThis.fetch | null;
  /** For everything: connecting, waiting and reading. */
  readonly timeoutMs: number;
  /** How much of that is over already. Default 0. */
  readonly spentMs?: number;
  /** Longer bodies are cut off while they arrive. */
  readonly maxBytes: number;
  /** Gives up early, when the app closes. */
  readonly signal: AbortSignal;
  /**
   * Whether nobody waits for it: then it keeps no process running, as far as that is in our hands (the
   * connections of an app's own `fetch` are not). Default false.
   */
  readonly isBackground?: boolean;
}

/** The request to send. `GET` by default. */
export interface JsonRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Replies with another status are failures. Default: 200 alone. */
  readonly statuses?: readonly number[];
}

export interface JsonReply {
  readonly status: number;
  readonly json: unknown;
}

/**
 * Gets a JSON document within bounds: status 200 only (unless said otherwise), no redirects, time-out
 * over the whole, size cap. This folder is the only place of this package that touches the network.
 *
 * @throws FetchFailure, and nothing else.
 */
export async function fetchJson(
  url: string,
  bounds: FetchBounds,
  { method = 'GET', headers, body, statuses = [200] }: JsonRequest = {},
): Promise<JsonReply> {
  const asked = { method, headers: { accept: 'application/json', ...headers }, body, statuses };
  // What is asked so may be asked twice.
  return exchangeWithin(url, bounds, { ...asked, isRepeatable: true }, parseReply);
}

/**
 * Sends a request within bounds.
 *
 * @param read reads the reply.
 * @throws FetchFailure, and nothing else.
 */
export async function exchangeWithin<T>(
  url: string,
  { fetch, timeoutMs, spentMs = 0, maxBytes, signal, isBackground = false }: FetchBounds,
  request: Omit<HttpRequest, 'maxBytes' | 'isBackground'>,
  read: (reply: HttpReply) => T,
): Promise<T> {
  const giveUp = new AbortController();
  const timer = setTimeout(
    () =>
      giveUp.abort(
        new FetchFailure(`no reply within ${timeoutMs} ms`, { isOutage: true, type: 'timeout' }),
      ),
    Math.max(1, timeoutMs - spentMs),
  );
  if (isBackground) timer.unref();
  const onClose = (): void => giveUp.abort(isClosing());
  signal.addEventListener('abort', onClose, { once: true });
  try {
    if (signal.aborted) throw isClosing();
    const exchange = fetch === null ? nodeExchange : fetchExchange(fetch);
    return read(await exchange(url, { ...request, maxBytes, isBackground }, giveUp.signal));
  } catch (error) {
    const failure = giveUp.signal.aborted
      ? (giveUp.signal.reason as FetchFailure)
      : FetchFailure.from(error);
    // What is still arriving has no reader any more.
    giveUp.abort(failure);
    throw failure;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onClose);
  }
}

/** @throws FetchFailure */
const parseReply = ({ status, text }: HttpReply): JsonReply => ({ status, json: parseJson(text) });

/** @throws FetchFailure */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FetchFailure(
      /^\s*</.test(text) ? 'the reply is a web page, not JSON' : 'the reply is not JSON',
    );
  }
}

const isClosing = (): FetchFailure => new FetchFailure('the app is closing');
