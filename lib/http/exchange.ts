/** Why a fetch brought nothing usable. Its message never holds an address: it may be logged. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Answers with another status are failures. */
  readonly statuses: readonly number[];
  /** Longer bodies are cut off while they arrive. */
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends a request, follows no redirect: that would let whoever answers choose where keys come from, and
 * where a token goes. It rejects with anything.
 *
 * @param signal gives up; its reason is an error.
 */
export type Exchange = (
  url: string,
  request: HttpRequest,
  signal: AbortSignal,
) => Promise<HttpAnswer>;

/** @throws FetchFailure */
export function checkStatus(status: number, { statuses }: HttpRequest): void {
  if (!statuses.includes(status)) throw new FetchFailure(`status ${status}`);
}

/** @throws FetchFailure */
export function checkSize(bytes: number, { maxBytes }: HttpRequest): void {
  if (bytes > maxBytes) throw new FetchFailure(`the answer has more than ${maxBytes} bytes`);
}
