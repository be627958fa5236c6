import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { headerValues, type IncomingRequest } from '../extraction/request.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { handshakeOf } from './handshake.js';
import type { ExceptionOf } from './nest-exceptions.js';
import type { HankoCall, HankoTransport } from './transport.js';

/** The client that a gateway is given: a `Socket` of socket.io, or a `WebSocket` of `ws`. */
export type GatewayClient =
  | { readonly handshake: object; readonly request: object }
  | { readonly readyState: number; readonly OPEN: number };

/** Finds the handshake of a client of `ws`, which keeps none. */
export type HandshakeOfSocket = (socket: object) => unknown;

/** Messages to gateways, of socket.io and `ws`. */
export class WsTransport implements HankoTransport {
  readonly type = 'ws';

  constructor(
    private readonly handshakes: HandshakeOfSocket,
    private readonly exceptionOf: ExceptionOf,
  ) {}

  open(context: ExecutionContext): HankoCall | undefined {
    const client = context.getArgByIndex<unknown>(0);
    const call = isObject(client) ? this.openClient(client) : undefined;
    return call && { ...call, refusal: (error) => this.refuse(error, client as object) };
  }

  /** Nothing is remembered between messages: the session may have ended meanwhile. */
  openClient(client: object): HankoCall | undefined {
    return openSocketIo(client) ?? this.openWs(client);
  }

  private openWs(client: object): HankoCall | undefined {
    const { readyState, _socket: socket } = client as { readyState?: unknown; _socket?: unknown };
    if (typeof readyState !== 'number' || !isObject(socket)) return undefined;
    const request = handshakeOf(this.handshakes(socket));
    return request && { request, params: { authorization: bearersIn(request) }, isHandshake: true };
  }

  private refuse(error: HankoAuthError, client: object): unknown {
    const body = error.getResponse() as object;
    sendWhereNestDoesNot(client, body);
    return this.exceptionOf(body) ?? error;
  }
}

function openSocketIo(client: object): HankoCall | undefined {
  const { handshake, request } = client as { handshake?: unknown; request?: unknown };
  if (!isObject(handshake)) return undefined;
  const opened = handshakeOf(request);
  return opened && { request: opened, params: handshake.auth, isHandshake: true };
}

const PREFIX = 'bearer.';

/** Browsers cannot set header fields of a WebSocket, but subprotocols: `new WebSocket(url, ['hanko', 'bearer.' + token])`. */
const bearersIn = (request: IncomingRequest): readonly string[] =>
  headerValues(request, 'sec-websocket-protocol')
    .flatMap((value) => value.split(','))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol.startsWith(PREFIX))
    .map((protocol) => `Bearer ${protocol.slice(PREFIX.length)}`);

/** Bodies of refusals on their way to a client of `ws`. */
const onTheirWay = new WeakSet<object>();
const listening = new WeakSet<object>();

/**
 * Nest 11 emits what is refused on the client of `ws` itself, where nobody listens, in place of sending it. Nest 12 sends
 * it and emits nothing.
 */
function sendWhereNestDoesNot(client: object, body: object): void {
  const { on, send, handshake } = client as Emitter;
  if (handshake !== undefined || !isFunction(on) || !isFunction(send)) return;
  onTheirWay.add(body);
  if (listening.has(client)) return;
  listening.add(client);
  on.call(client, 'exception', (data: unknown) => {
    if (!isObject(data) || !onTheirWay.delete(data)) return;
    send.call(client, JSON.stringify({ event: 'exception', data }));
  });
}

interface Emitter {
  readonly handshake?: unknown;
  readonly on?: (event: string, listener: (data: unknown) => void) => unknown;
  readonly send?: (text: string) => unknown;
}
