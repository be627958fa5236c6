import {
  checkSize,
  checkStatus,
  type Exchange,
  FetchFailure,
  type HttpRequest,
} from './exchange.js';

/** By a `fetch` of the app's own. */
export const fetchExchange =
  (fetch: typeof globalThis.fetch): Exchange =>
  async (url, asked, signal) => {
    const { method, headers, body } = asked;
    const read = async (): Promise<{ status: number; text: string }> => {
      const response = await fetch(url, {
        method,
        headers,
        ...(body !== undefined && { body }),
        redirect: 'manual',
        signal,
      });
      const { status } = response;
      checkStatus(status, asked);
      if (response.redirected) throw new FetchFailure('a redirect was followed');
      return { status, text: await readText(response, asked) };
    };
    // Raced, because it may not listen to the signal.
    return Promise.race([read(), rejection(signal)]);
  };

async function readText(response: Response, asked: HttpRequest): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
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
