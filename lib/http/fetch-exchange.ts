import {
  checkSize,
  checkStatus,
  type Exchange,
  type HttpReply,
  type HttpRequest,
  isBodyWanted,
  isBrokenConnection,
} from './exchange.js';
import { isObject } from '../util/value-checks.js';
import { FetchFailure } from './fetch-failure.js';

type Fetch = typeof globalThis.fetch;

/** By a `fetch` of the app's own. */
export const fetchExchange =
  (fetch: Fetch): Exchange =>
  async (url, asked, signal) => {
    const send = async (): Promise<Response> =>
      fetch(url, {
        method: asked.method,
        headers: asked.headers,
        ...(asked.body !== undefined && { body: asked.body }),
        redirect: 'manual',
        signal,
      });
    const exchange = async (): Promise<HttpReply> => {
      // Node's does not send again by itself, and does not say whether the connection was used before.
      let isSecond = false;
      const response = await send().catch((error: unknown) => {
        if (!isBrokenConnection(error) || !asked.isRepeatable || signal.aborted) throw error;
        isSecond = true;
        return send();
      });
      if (!isResponse(response)) throw noResponse();
      const { status } = response;
      checkStatus(status, asked);
      if (response.redirected) throw new FetchFailure('a redirect was followed');
      const text = await readText(response, asked).catch((error: unknown) => {
        if (isBodyWanted(status, asked)) throw error;
        return '';
      });
      return { status, header: (name) => headerOf(response, name), text, isSecond };
    };
    // Raced, because it may not listen to the signal.
    return Promise.race([exchange(), rejection(signal)]);
  };

/** By shape: it may be of another realm, or made by another library. */
const isResponse = (value: unknown): boolean =>
  isObject(value) &&
  Number.isInteger(value.status) &&
  (value.body === null || (isObject(value.body) && Symbol.asyncIterator in value.body));

/** By shape, too: what stands in for a Response may have none. */
function headerOf(response: Response, name: string): string | null {
  const { headers } = response as { readonly headers?: Partial<Headers> };
  const value: unknown = headers?.get?.(name);
  return typeof value === 'string' ? value : null;
}

const isBytes = (chunk: unknown): boolean => ArrayBuffer.isView(chunk);

/** What the app gave as `fetch` is not one: that says nothing of Hanko. */
const noResponse = (): FetchFailure =>
  new FetchFailure('the option fetch did not return a Response whose body is a stream of bytes');

async function readText(response: Response, asked: HttpRequest): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    if (!isBytes(chunk)) throw noResponse();
    checkSize((bytes += chunk.byteLength), asked);
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
