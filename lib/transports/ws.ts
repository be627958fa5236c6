import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { headerValues, type IncomingRequest } from '../extraction/request.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { handshakeOf } from './handshake.js';
import {
  endByClosing,
  endByDisconnecting,
  isSocketIoSocket,
  isWebSocket,
} from './live-connections.js';
import type { ExceptionOf } from './nest-exceptions.js';
import type { HankoCall, HankoTransport, LiveConnection } from './transport.js';

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

  open(context: ExecutionContext): HankoCall {
    const client = context.getArgByIndex<unknown>(0);
    const call = isObject(client) ? this.openClient(client) : undefined;
    return {
      ...(call ?? { unsupported: UNKNOWN_CLIENT }),
      refusal: (error) => this.refusal(error, context),
    };
  }

  /** Nothing is remembered between messages: the session may have ended meanwhile. */
  openClient(client: object): HankoCall | undefined {
    return openSocketIo(client) ?? this.openWs(client);
  }

  private refusal(error: HankoAuthError, context: ExecutionContext): unknown {
    // Messages that wait for the same answer may share one error, and each is told once.
    const body = { ...(error.getResponse() as object) };
    sendWhereNestDoesNot(context.getArgByIndex<unknown>(0), body);
    return this.exceptionOf(body, error);
  }

  private openWs(client: object): HankoCall | undefined {
    if (!isWs(client)) return undefined;
    const { _socket: socket } = client as { readonly _socket?: unknown };
    const request = handshakeOf(isObject(socket) ? this.handshakes(socket) : undefined);
    return request === undefined
      ? { unsupported: UNKNOWN_HANDSHAKE }
      : { ...openUpgrade(request), ...lasting(connectionOf(client)) };
  }
}

/** What of a gateway's client ends with its session; undefined for what is no client of socket.io or ws. */
export function connectionOf(client: object): LiveConnection | undefined {
  if (isSocketIoSocket(client)) return endByDisconnecting(client);
  return isWebSocket(client) ? endByClosing(client, UNAUTHORIZED) : undefined;
}

/** The call that opens a WebSocket of `ws`. */
export const openUpgrade = (request: IncomingRequest): HankoCall => ({
  request,
  params: { authorization: bearersIn(request) },
  isHandshake: true,
});

const UNKNOWN_CLIENT =
  'its client is neither one of socket.io nor one of ws, so no handshake was found. Give HankoModule.forRoot() a ' +
  "transport that finds it: transports: [{ type: 'ws', open: (context) => ({ request, isHandshake: true }) }].";

const UNKNOWN_HANDSHAKE =
  'no handshake was found for its WebSocket: the gateway listens on a port of its own, and ws keeps none. Omit the port in ' +
  '@WebSocketGateway(), so that it shares the port of the app; or keep the request that handleConnection(client, request) ' +
  'is given, and hand it over by a transport: transports: ' +
  "[{ type: 'ws', open: (context) => ({ request, isHandshake: true }) }].";

function openSocketIo(client: object): HankoCall | undefined {
  const { handshake, request } = client as { handshake?: unknown; request?: unknown };
  if (!isObject(handshake)) return undefined;
  const opened = handshakeOf(request);
  return (
    opened && {
      request: opened,
      params: handshake.auth,
      isHandshake: true,
      ...lasting(connectionOf(client)),
    }
  );
}

/** As the status 401, in the range that is for applications (RFC 6455 §7.4.2). */
const UNAUTHORIZED = 4401;

const lasting = (
  connection: LiveConnection | undefined,
): Pick<HankoCall, 'connection' | 'unsupported'> =>
  connection === undefined ? { unsupported: UNKNOWN_CLIENT } : { connection };

const isWs = (client: object): boolean => {
  const { readyState, OPEN } = client as { readonly readyState?: unknown; readonly OPEN?: unknown };
  return typeof readyState === 'number' && typeof OPEN === 'number';
};

export const BEARER_PROTOCOL = 'bearer.';

/** Browsers cannot set header fields of a WebSocket, but subprotocols: `new WebSocket(url, ['hanko', 'bearer.' + token])`. */
const bearersIn = (request: IncomingRequest): readonly string[] =>
  headerValues(request, 'sec-websocket-protocol')
    .flatMap((value) => value.split(','))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol.startsWith(BEARER_PROTOCOL))
    .map((protocol) => `Bearer ${protocol.slice(BEARER_PROTOCOL.length)}`);

/** Bodies of refusals on their way to a client of `ws`. */
const onTheirWay = new WeakSet<object>();
const listening = new WeakSet<object>();

/**
 * Nest 11 emits what is refused on the client of `ws` itself, where nobody listens, in place of sending it. Nest 12 sends
 * it and emits nothing.
 */
function sendWhereNestDoesNot(client: unknown, body: object): void {
  if (!isObject(client) || !isWs(client)) return;
  const { on, send } = client;
  if (!isFunction(on) || !isFunction(send)) return;
  onTheirWay.add(body);
  if (listening.has(client)) return;
  listening.add(client);
  const forward = (data: unknown): void => {
    if (!isObject(data) || !onTheirWay.delete(data)) return;
    send.call(client, JSON.stringify({ event: 'exception', data }) as never);
  };
  on.call(client, 'exception' as never, forward as never);
}
