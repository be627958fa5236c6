/** Why a fetch brought nothing usable. Its message never holds an address: it may be logged. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
}

/** Bounds of one fetch. */
export interface FetchBounds {
  readonly fetch: typeof globalThis.fetch;
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
 * over the whole, size cap. The only place of this package that touches the network.
 *
 * @throws FetchFailure, and nothing else.
 */
export async function fetchJson(
  url: string,
  bounds: FetchBounds,
  request: JsonRequest = {},
): Promise<JsonAnswer> {
  const giveUp = new AbortController();
  const timer = setTimeout(
    () => giveUp.abort(new FetchFailure(`no answer within ${bounds.timeoutMs} ms`)),
    Math.max(1, bounds.timeoutMs - (bounds.spentMs ?? 0)),
  );
  const onClose = (): void => giveUp.abort(new FetchFailure('the app is closing'));
  bounds.signal.addEventListener('abort', onClose, { once: true });
  if (bounds.signal.aborted) onClose();
  try {
    // Raced, because a `fetch` of the app's own may not listen to the signal.
    return await Promise.race([
      exchange(url, request, bounds, giveUp.signal),
      rejection(giveUp.signal),
    ]);
  } catch (error) {
    throw giveUp.signal.aborted ? giveUp.signal.reason : asFailure(error);
  } finally {
    clearTimeout(timer);
    bounds.signal.removeEventListener('abort', onClose);
    giveUp.abort();
  }
}

async function exchange(
  url: string,
  { method = 'GET', headers, body, statuses = [200] }: JsonRequest,
  bounds: FetchBounds,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const response = await bounds.fetch(url, {
    method,
    headers: { accept: 'application/json', ...headers },
    ...(body !== undefined && { body }),
    // A redirect would let whoever answers choose where keys come from, and where a token goes.
    redirect: 'manual',
    signal,
  });
  const { status } = response;
  if (response.redirected || !statuses.includes(status)) throw new FetchFailure(`status ${status}`);
  const text = await readText(response, bounds.maxBytes);
  try {
    return { status, json: JSON.parse(text) };
  } catch {
    throw new FetchFailure('the answer is not JSON');
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  // As many bytes as it says arrive, and no more: reading them at once takes half as long.
  // A `fetch` of the app's own may give less than the platform's.
  const { headers } = response as Partial<Response>;
  const length = Number(headers?.get('content-length') ?? NaN);
  if (length <= maxBytes && headers?.has('content-encoding') === false) return response.text();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new FetchFailure(`the answer has more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

async function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
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
