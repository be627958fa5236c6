import { Readable } from 'node:stream';
import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { isWebSocketHandshake } from '../extraction/cross-site.js';
import type { IncomingRequest } from '../extraction/request.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { handshakeOf } from './handshake.js';
import { HttpCall, isRequest } from './http.js';
import {
  endByClosing,
  endByDestroying,
  endResponse,
  isTcpSocket,
  isWebSocket,
  nodeResponse,
  type WebSocket,
} from './live-connections.js';
import type { HankoCall, HankoTransport, LiveConnection } from './transport.js';

type Fields = Readonly<Record<string, unknown>>;

/** GraphQL: Apollo, Mercurius and Yoga, over HTTP and over WebSockets. What they have in common is told by shape. */
export const graphqlTransport: HankoTransport = {
  type: 'graphql',
  open(context: ExecutionContext): HankoCall {
    const [graphqlContext, info] = contextAndInfo(context);
    if (!isObject(graphqlContext)) return { unsupported: NO_REQUEST };
    return (
      openGraphqlWs(graphqlContext, info) ??
      openMercuriusSocket(graphqlContext, info) ??
      openHttp(graphqlContext, info) ?? { unsupported: NO_REQUEST }
    );
  },
};

const NO_REQUEST =
  'its GraphQL context shows no request of Express, Fastify or Node. Let the function "context" of GraphQLModule.forRoot() ' +
  'return no "req" of its own: Nest adds it. For subscriptions, use subscriptions: { "graphql-ws": true } in place of ' +
  '"subscriptions-transport-ws", with which resolvers see no request.';

const NO_END =
  'its GraphQL context shows no WebSocket, so a subscription could not be ended when its session ends. Let the function ' +
  '"context" of GraphQLModule.forRoot() return an object without "req" and "extra" of its own: Nest adds them.';

const NO_RESPONSE =
  'its GraphQL context shows no response, so a subscription could not be ended when its session ends. Subscribe by ' +
  'graphql-ws: subscriptions: { "graphql-ws": true } in the options of GraphQLModule.';

const SHARED_CONTEXT =
  'its GraphQL context belongs to another request: "context" of GraphQLModule.forRoot() is one object for all of them, and ' +
  'the first request stays in it. Let "context" be a function that returns a new object each time.';

/**
 * Resolvers are called with (parent, args, context, info), reference resolvers with (reference, context, info), and what
 * tells the type of a union with (value, context, info, type). By index: `getArgs()` of a `GqlExecutionContext` is what the
 * client wrote in its query.
 */
function contextAndInfo(context: ExecutionContext): readonly [context: unknown, info: Fields] {
  const hasNoArguments = isInfo(context.getArgByIndex(2)) && !isInfo(context.getArgByIndex(3));
  const at = hasNoArguments ? 1 : 2;
  return [context.getArgByIndex(at), Object(context.getArgByIndex(at + 1)) as Fields];
}

const isInfo = (value: unknown): boolean => isObject(value) && isObject(value.operation);

/** Apollo has the connection's context in `req`, Yoga spreads it. */
function openGraphqlWs(context: Fields, info: Fields): HankoCall | undefined {
  const connection = [context.req, context].find(hasHandshake);
  if (connection === undefined) return undefined;
  const { extra, connectionParams } = connection;
  return openSocket(
    extra.request,
    connectionParams,
    info,
    connectionOf(extra.request, extra.socket),
  );
}

/** Where only the request is known, whose connection it is. */
function connectionOf(request: unknown, socket?: unknown): LiveConnection | undefined {
  if (isWebSocket(socket)) return endByClosing(socket, FORBIDDEN);
  const { socket: tcpSocket } = Object(request) as { socket?: unknown };
  return isTcpSocket(tcpSocket) ? endByDestroying(tcpSocket) : undefined;
}

/** graphql-ws: its client asks for `connectionParams` again and reconnects, so a new login goes on by itself. */
const FORBIDDEN = 4403;

const hasHandshake = (
  value: unknown,
): value is Fields & { readonly extra: { readonly request: unknown; readonly socket?: unknown } } =>
  isObject(value) && isObject(value.extra) && openedBy(value.extra.request) !== undefined;

/** Its handshake has in `headers` whatever the client said in `connection_init`. */
function openMercuriusSocket(context: Fields, info: Fields): HankoCall | undefined {
  const { request, _connectionInit: params } = context;
  return '_connectionInit' in context && isObject(request)
    ? openSocket(request.raw, params, info, mercuriusConnection(context, request.raw))
    : undefined;
}

/** Its contexts do not show the WebSocket: the server does, among all others. */
function mercuriusConnection({ app }: Fields, request: unknown): LiveConnection | undefined {
  const { socket } = Object(request) as { socket?: unknown };
  if (!isTcpSocket(socket)) return undefined;
  const end = (error: HankoAuthError): void => {
    const { websocketServer } = Object(app) as { websocketServer?: { clients?: unknown } };
    const client = clientOf(socket, websocketServer?.clients);
    if (client === undefined) socket.destroy();
    else endByClosing(client, FORBIDDEN).end(error);
  };
  return { ...endByDestroying(socket), end };
}

/** By their TCP sockets: a look at all clients serves for all of them, as many may end at once. */
const clients = new WeakMap<object, WebSocket>();

function clientOf(socket: object, all: unknown): WebSocket | undefined {
  if (!clients.has(socket)) {
    for (const client of (all ?? []) as Iterable<unknown>) {
      const tcpSocket = isObject(client) && tcpSocketOf(client);
      if (isTcpSocket(tcpSocket) && isWebSocket(client)) clients.set(tcpSocket, client);
    }
  }
  return clients.get(socket);
}

/** What `ws` calls so. */
const tcpSocketOf = ({ _socket: socket }: Fields): unknown => socket;

function openSocket(
  request: unknown,
  params: unknown,
  info: Fields,
  connection: LiveConnection | undefined,
): HankoCall | undefined {
  const handshake = openedBy(request);
  if (handshake === undefined) return undefined;
  return {
    request: handshake,
    params,
    isHandshake: true,
    ...identityOf(info),
    ...(connection === undefined ? isLasting(info) && { unsupported: NO_END } : { connection }),
  };
}

/**
 * What is made for one execution: contexts live longer, some as long as their connection. Each event of a subscription is
 * looked at anew, since the session may have ended, and drivers differ in what they make for each.
 */
function identityOf(info: Fields): Pick<HankoCall, 'identity'> {
  const { variableValues } = info;
  return isObject(variableValues) && !isLasting(info) ? { identity: variableValues } : {};
}

/** Its handshake, if the request opened a WebSocket. */
function openedBy(request: unknown): IncomingRequest | undefined {
  const handshake = handshakeOf(request);
  return handshake !== undefined && isWebSocketHandshake(handshake) ? handshake : undefined;
}

function openHttp(context: Fields, info: Fields): HankoCall | undefined {
  const { req, connectionParams } = context;
  if (!isRequest(req)) return undefined;
  // An app's own context may have put the handshake of a socket there.
  const raw = req.raw ?? req;
  if (isWebSocketHandshake(req) && opensConnection(raw)) {
    return openSocket(raw, connectionParams, info, connectionOf(raw));
  }
  if (isAnswered(req, context.reply)) return { unsupported: SHARED_CONTEXT };
  if (!isReceived(req)) {
    // Nobody can tell where its fields are from, and whether they are a socket's: a cookie needs an origin to go with it.
    const isHarmless =
      !isLasting(info) && req.headers.cookie === undefined && req.cookies === undefined;
    return isHarmless ? { request: req } : undefined;
  }
  return new GraphqlHttpCall(req, responseOf(context, req), info);
}

/**
 * Anyone can ask for a WebSocket and be answered by HTTP all the same. The connection then is not the caller's own: proxies
 * send the requests of others by it.
 */
const opensConnection = (request: object): boolean =>
  (request as { readonly upgrade?: unknown }).upgrade !== false;

/** `query`, `mutation` or `subscription`. */
const operationOf = ({ operation }: Fields): unknown => (Object(operation) as Fields).operation;

const isLasting = (info: Fields): boolean => operationOf(info) === 'subscription';

/**
 * Drivers write `req` into the object that an app gives them as `context`, once: where that is one object for all requests,
 * each caller would pass for the first one.
 */
function isAnswered(request: IncomingRequest, reply: unknown): boolean {
  const received = request instanceof Readable ? request : request.raw;
  if (!(received instanceof Readable)) return false;
  // Mercurius says which request it answers.
  if (isObject(reply) && isRequest(reply.request) && reply.request.raw !== received) return true;
  // Node's own field: null where no response is under way on this connection.
  const { _httpMessage: response } = Object((received as { socket?: unknown }).socket) as Fields;
  return response === null;
}

/** Whether a request is what Node has read, or Fastify's wrapper of that, and not an object of the app's own. */
const isReceived = (request: IncomingRequest): boolean =>
  request instanceof Readable || request.raw instanceof Readable;

/** Mercurius and Yoga have it in the context, Express in the request. Apollo on Fastify shows none. */
const responseOf = ({ reply, res }: Fields, request: object): object | undefined =>
  [reply, res, (request as Fields).res].find(
    (it) => isObject(it) && (isFunction(it.header) || isFunction(it.setHeader)),
  ) as object | undefined;

/** An operation over HTTP. It does not write `request.user`: what other code wrote for its REST handlers stays. */
class GraphqlHttpCall implements HankoCall {
  readonly isHandshake: boolean;
  readonly identity?: object;
  readonly connection?: LiveConnection;
  readonly unsupported?: string;
  private readonly http: HttpCall;

  constructor(
    readonly request: IncomingRequest,
    private readonly response: object | undefined,
    info: Fields,
  ) {
    this.http = new HttpCall(request, response);
    // What changes something or lasts is no safe request, whatever its method.
    this.isHandshake = isLasting(info) || operationOf(info) === 'mutation';
    if (!isLasting(info)) {
      this.identity = this.http.identity;
      return;
    }
    const stream = nodeResponse(response ?? (request as { readonly res?: unknown }).res);
    if (stream === undefined) this.unsupported = NO_RESPONSE;
    else this.connection = endResponse(stream);
  }

  get onClose(): HankoCall['onClose'] {
    return this.connection === undefined ? this.http.onClose : undefined;
  }

  setHeaders(headers: Readonly<Record<string, string>>): void {
    this.http.setHeaders(headers);
  }

  /** Where there is no response, Apollo takes header fields from the error, and keeps them out of the body. */
  refusal(error: HankoAuthError): HankoAuthError {
    return this.response === undefined ? withHttpHeaders(error) : error;
  }
}

/** A copy: the same error may answer another call, by a way on which `http` would be shown to the caller. */
function withHttpHeaders(error: HankoAuthError): HankoAuthError {
  const headers = new Map(Object.entries(error.headers).map(([k, v]) => [k.toLowerCase(), v]));
  return Object.create(Object.getPrototypeOf(error) as object, {
    ...Object.getOwnPropertyDescriptors(error),
    // Not enumerable: it must not show in logs.
    extensions: { value: { ...error.extensions, http: { headers } } },
  }) as HankoAuthError;
}
