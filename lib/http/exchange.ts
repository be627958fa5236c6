import { FetchFailure } from './fetch-failure.js';

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Replies with another status are failures; null = any status is wanted. */
  readonly statuses: readonly number[] | null;
  /** Whether it may be sent twice: a connection may have broken after it was read. */
  readonly isRepeatable: boolean;
  /** Longer bodies are cut off while they arrive; decoded ones too. */
  readonly maxBytes: number;
  /** Whether nobody waits for it, so that it keeps no process running. */
  readonly isBackground: boolean;
}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export interface HttpReply {
  readonly status: number;
  /** One header field. @param name in lower case. */
  readonly header: (name: string) => string | null;
  /** Where any status is wanted, empty for an error (from 300) whose body cannot be read: its status says enough. */
  readonly text: string;
  /** Whether the request was sent a second time, so that the first one may have been done. */
  readonly isSecond?: boolean;
}

/**
 * Sends a request, and sends it once more, where it may be, if a connection from before broke without a reply: servers and
 * balancers close idle connections at a moment of their own (RFC 9112 §9.3.1). It follows no redirect: that would let
 * whoever replies choose where keys come from, and where a token goes. It rejects with anything.
 *
 * @param signal gives up; its reason is an error.
 */
export type Exchange = (
  url: string,
  request: HttpRequest,
  signal: AbortSignal,
) => Promise<HttpReply>;

/** @throws FetchFailure */
export function checkStatus(status: number, { statuses }: HttpRequest): void {
  if (statuses !== null && !statuses.includes(status)) throw FetchFailure.ofStatus(status);
}

/** @throws FetchFailure */
export function checkSize(bytes: number, { maxBytes }: HttpRequest): void {
  if (bytes > maxBytes) throw new FetchFailure(`the reply has more than ${maxBytes} bytes`);
}

/** Whether a body that cannot be read matters. */
export const isBodyWanted = (status: number, { statuses }: HttpRequest): boolean =>
  statuses !== null || status < 300;

/** How a connection looks to its client when the other end has closed it. */
export const isBrokenConnection = (error: unknown): boolean =>
  /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(FetchFailure.from(error).code ?? '');
