import { exchangeWithin, parseJson } from '../http/fetch-json.js';
import type { HttpMethod, HttpReply } from '../http/exchange.js';
import type { FetchFailure } from '../http/fetch-failure.js';
import { fetchHint } from '../jwks/fetch-hint.js';
import { unusedProxyVariable } from '../util/process-environment.js';

/** A question by HTTP. */
export interface Question {
  readonly method?: HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replies with another status are failures; null = any status is wanted. Default: 200 alone. */
  readonly statuses?: readonly number[] | null;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Times in milliseconds since 1970. */
export interface Reply extends HttpReply {
  readonly sentAt: number;
  readonly receivedAt: number;
}

/**
 * Asks as the app asks: the same client, without redirects, within the same bounds.
 * @throws FetchFailure
 */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, statuses = [200], timeoutMs, maxBytes, now }: Question,
): Promise<Reply> {
  const { signal } = new AbortController();
  const request = {
    method,
    headers: { accept: 'application/json', ...headers },
    body: undefined,
    statuses,
    isRepeatable: true,
  };
  const sentAt = now();
  return exchangeWithin(url, { fetch: null, timeoutMs, maxBytes, signal }, request, (reply) => ({
    ...reply,
    sentAt,
    receivedAt: now(),
  }));
}

/** @throws FetchFailure if it is no JSON. */
export const jsonOf = ({ text }: HttpReply): unknown => parseJson(text);

/** The cure for a call to Hanko that failed. */
export const cureOf = (failure: FetchFailure): string =>
  fetchHint(failure, unusedProxyVariable()) ||
  "Look at Hanko's log, and at what stands between your app and it.";
