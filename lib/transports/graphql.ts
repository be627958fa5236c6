import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { isWebSocketHandshake } from '../extraction/cross-site.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { handshakeOf } from './handshake.js';
import { HttpCall, isRequest } from './http.js';
import type { HankoCall, HankoTransport } from './transport.js';

/** GraphQL: Apollo, Mercurius and Yoga, over HTTP and over WebSockets. What they have in common is told by shape. */
export const graphqlTransport: HankoTransport = {
  type: 'graphql',
  open(context: ExecutionContext): HankoCall | undefined {
    // Resolvers are called with (parent, args, context, info), and reference resolvers with (reference, context, info).
    const args = context.getArgs<unknown[]>();
    const graphqlContext = args.at(-2);
    if (!isObject(graphqlContext)) return undefined;
    return (
      openGraphqlWs(graphqlContext) ??
      openMercuriusSocket(graphqlContext) ??
      openHttp(graphqlContext)
    );
  },
};

/** Apollo has the connection's context in `req`, Yoga spreads it. */
function openGraphqlWs(context: Readonly<Record<string, unknown>>): HankoCall | undefined {
  const connection = [context.req, context].find(
    (it) => isObject(it) && isObject(it.extra) && handshakeOf(it.extra.request) !== undefined,
  ) as
    | { readonly extra: { readonly request: unknown }; readonly connectionParams?: unknown }
    | undefined;
  return connection && openSocket(connection.extra.request, connection.connectionParams, context);
}

/** Its handshake has in `headers` whatever the client said in `connection_init`. */
function openMercuriusSocket(context: Readonly<Record<string, unknown>>): HankoCall | undefined {
  const { request, _connectionInit: params } = context;
  return '_connectionInit' in context && isObject(request)
    ? openSocket(request.raw, params, context)
    : undefined;
}

/** One operation: its context is made for it, and for nothing else. */
function openSocket(request: unknown, params: unknown, identity: object): HankoCall | undefined {
  const handshake = handshakeOf(request);
  return handshake && { request: handshake, params, isHandshake: true, identity };
}

function openHttp(context: Readonly<Record<string, unknown>>): HankoCall | undefined {
  const { req, reply, res } = context;
  if (!isRequest(req)) return undefined;
  // An app's own context may hold the handshake of a socket there.
  if (isWebSocketHandshake(req)) return openSocket(req.raw ?? req, undefined, context);
  return new GraphqlHttpCall(req, reply ?? res ?? (req as { readonly res?: unknown }).res);
}

/** An operation over HTTP. It does not write `request.user`: what other code wrote for its REST handlers stays. */
class GraphqlHttpCall implements HankoCall {
  readonly identity: object;
  private readonly http: HttpCall;

  constructor(
    readonly request: HttpCall['request'],
    private readonly response: unknown,
  ) {
    this.http = new HttpCall(request, response);
    this.identity = this.http.identity;
  }

  setHeaders(headers: Readonly<Record<string, string>>): void {
    this.http.setHeaders(headers);
  }

  /** Apollo on Fastify gives resolvers no response, and takes header fields from the error. */
  refusal(error: HankoAuthError): HankoAuthError {
    if (isFunction((Object(this.response) as { header?: unknown }).header)) return error;
    const http = {
      headers: new Map(Object.entries(error.headers).map(([k, v]) => [k.toLowerCase(), v])),
    };
    // Not enumerable: it must not show in logs.
    return Object.defineProperty(error, 'extensions', {
      configurable: true,
      value: { ...error.extensions, http },
    });
  }
}
