import { FetchFailure } from './exchange.js';
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
}

/** What is asked; a GET if nothing is said. */
export interface JsonRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Answers with another status are failures. Default: 200 alone. */
  readonly statuses?: readonly number[];
}

export interface JsonAnswer {
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
  { fetch, timeoutMs, spentMs = 0, maxBytes, signal }: FetchBounds,
  { method = 'GET', headers, body, statuses = [200] }: JsonRequest = {},
): Promise<JsonAnswer> {
  const giveUp = new AbortController();
  const timer = setTimeout(
    () => giveUp.abort(new FetchFailure(`no answer within ${timeoutMs} ms`)),
    Math.max(1, timeoutMs - spentMs),
  );
  const onClose = (): void => giveUp.abort(new FetchFailure('the app is closing'));
  signal.addEventListener('abort', onClose, { once: true });
  try {
    if (signal.aborted) throw new FetchFailure('the app is closing');
    const exchange = fetch === null ? nodeExchange : fetchExchange(fetch);
    const asked = {
      method,
      headers: { accept: 'application/json', ...headers },
      body,
      statuses,
      maxBytes,
    };
    const { status, text } = await exchange(url, asked, giveUp.signal);
    return { status, json: parseJson(text) };
  } catch (error) {
    const failure = giveUp.signal.aborted
      ? (giveUp.signal.reason as FetchFailure)
      : asFailure(error);
    // What is still arriving has no reader any more.
    giveUp.abort(failure);
    throw failure;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onClose);
  }
}

/** @throws FetchFailure */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FetchFailure('the answer is not JSON');
  }
}

/** The platform's errors name host and port in their message: only their code goes on. */
function asFailure(error: unknown): FetchFailure {
  if (error instanceof FetchFailure) return error;
  let at = error;
  // `fetch` wraps the error of the socket in one of its own. Read by shape: it may be of another realm.
  for (let depth = 0; depth < 3 && typeof at === 'object' && at !== null; depth++) {
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    if (typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)) return new FetchFailure(code);
    at = cause;
  }
  return new FetchFailure('the request failed');
}
