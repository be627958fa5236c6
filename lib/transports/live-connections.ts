import type { Socket } from 'node:net';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { isFunction, isObject } from '../util/value-checks.js';
import type { LiveConnection } from './transport.js';

type Listener = (...args: never[]) => void;

interface Emitter {
  once(event: string, listener: Listener): unknown;
}

/** A `WebSocket` of `ws`. */
export interface WebSocket extends Emitter {
  readonly readyState: number;
  close(code: number, reason: string): void;
  terminate?(): void;
}

const CLOSED = 3;

/** RFC 6455 §7.4.1 and the registry of IANA: "Try Again Later". */
const TRY_AGAIN_LATER = 1013;

/** How long a client may take to hear that its connection ends: one that reads nothing would never hear it. */
const FAREWELL_MS = 1_000;

export const isWebSocket = (value: unknown): value is WebSocket =>
  isObject(value) &&
  typeof value.readyState === 'number' &&
  isFunction(value.close) &&
  isFunction(value.once);

/**
 * Ends a WebSocket with a close code; the reason is the error's code.
 * @param code by which clients know that their session is over: 4000 to 4999 are for applications.
 */
export const endByClosing = (socket: WebSocket, code: number): LiveConnection => ({
  key: socket,
  end(error) {
    // First: what throws while it says why must not keep it open.
    setTimeout(
      () => void (socket.readyState === CLOSED || socket.terminate?.()),
      FAREWELL_MS,
    ).unref();
    socket.close(closeCode(error, code), error.code);
  },
  onClose(listener) {
    if (socket.readyState === CLOSED) listener();
    else socket.once('close', listener);
  },
});

const closeCode = (error: HankoAuthError, code: number): number =>
  error.code === 'hanko_unavailable' ? TRY_AGAIN_LATER : code;

export const isTcpSocket = (value: unknown): value is Socket =>
  isObject(value) && isFunction(value.destroy) && isFunction(value.once);

/** Where no WebSocket is found: its client learns nothing, and may connect again. */
export const endByDestroying = (socket: Socket): LiveConnection => ({
  key: socket,
  end: () => void socket.destroy(),
  onClose(listener) {
    if (socket.destroyed) listener();
    else socket.once('close', listener);
  },
});

/** A `Socket` of socket.io: one namespace of a client's connection, which others may share. */
interface SocketIoSocket extends Emitter {
  readonly disconnected: boolean;
  readonly conn?: unknown;
  readonly client?: { readonly sockets?: unknown };
  emit(event: string, data: unknown): unknown;
  disconnect(): unknown;
}

export const isSocketIoSocket = (value: unknown): value is SocketIoSocket =>
  isObject(value) &&
  isFunction(value.emit) &&
  isFunction(value.disconnect) &&
  isFunction(value.once);

/**
 * Says why first: socket.io tells a client that it was disconnected, and nothing more. Other namespaces of the same client
 * may be of another session, or of none, and say for themselves why they end.
 */
export const endByDisconnecting = (socket: SocketIoSocket): LiveConnection => ({
  key: socket,
  end(error) {
    setTimeout(() => cutUnused(socket), FAREWELL_MS).unref();
    try {
      socket.emit('exception', { ...(error.getResponse() as object) });
    } finally {
      // Listeners of the app's own, of `onAnyOutgoing()`, may throw.
      socket.disconnect();
    }
  },
  onClose(listener) {
    if (socket.disconnected) listener();
    else socket.once('disconnect', listener);
  },
});

/** Real clients close a connection without namespaces by themselves, and at once. */
function cutUnused({ conn, client }: SocketIoSocket): void {
  const sockets: unknown = client?.sockets;
  if (!isObject(conn) || !isFunction(conn.close) || (sockets instanceof Map && sockets.size > 0))
    return;
  const { transport } = conn;
  // What waits to be sent is not waited for.
  conn.close.call(conn, true as never);
  const { socket } = Object(transport) as { socket?: unknown };
  if (isWebSocket(socket)) socket.terminate?.();
}

/** Node's response. */
interface Response extends Emitter {
  statusCode: number;
  setHeader?(name: string, value: string): unknown;
  readonly headersSent?: boolean;
  readonly req?: { destroy(): unknown };
  readonly closed?: boolean;
  readonly destroyed?: boolean;
  end(): unknown;
}

/** Node's response, of Express' or Fastify's. */
export function nodeResponse(response: unknown): Response | undefined {
  const node = isObject(response) && isObject(response.raw) ? response.raw : response;
  return isObject(node) && isFunction(node.end) && isFunction(node.once)
    ? (node as unknown as Response)
    : undefined;
}

/**
 * Ends a response that goes on: cleanly, and then its request too. Nest unsubscribes from what it sends only when the
 * request has closed, which a connection that is kept alive does not do by itself.
 */
export const endResponse = (response: Response): LiveConnection => ({
  key: response,
  end(error) {
    const destroy = (): void => void response.req?.destroy();
    setTimeout(destroy, FAREWELL_MS).unref();
    response.once('finish', destroy);
    if (response.headersSent === false) answer(response, error);
    // Without a callback: middleware that wraps it, such as `compression`, takes that for a part of the body.
    response.end();
  },
  onClose: (listener) => onResponseClose(response, listener),
});

/** For what was still being prepared. */
function answer(response: Response, error: HankoAuthError): void {
  response.statusCode = error.getStatus();
  for (const [name, value] of Object.entries(error.headers)) response.setHeader?.(name, value);
}

export function onResponseClose(response: Response, listener: () => void): void {
  if (response.closed === true || response.destroyed === true) listener();
  else response.once('close', listener);
}
