import type { ExecutionContext } from '@nestjs/common';
import { HankoContextError } from '../errors/hanko.errors.js';
import { handlerName } from '../extraction/request.js';
import { isObject } from '../util/value-checks.js';
import { graphqlTransport } from './graphql.js';
import { httpTransport, isRequest, openRequest } from './http.js';
import { type ExceptionOf, NO_EXCEPTION } from './nest-exceptions.js';
import { RpcTransport } from './rpc.js';
import type { HankoCall, HankoTransport } from './transport.js';
import { type HandshakeOfSocket, WsTransport } from './ws.js';

/** What some transports need of the app. */
export interface TransportParts {
  readonly handshakeOfSocket?: HandshakeOfSocket;
  readonly wsException?: ExceptionOf;
  readonly rpcException?: ExceptionOf;
}

/** Those that are built in tell this of any call of their type. */
interface BuiltInTransport extends HankoTransport {
  isUnanswered?(context: ExecutionContext): boolean;
}

/** All that are built in: a new one is one file, and one line here. */
export const builtInTransports = ({
  handshakeOfSocket = () => undefined,
  wsException = NO_EXCEPTION,
  rpcException = NO_EXCEPTION,
}: TransportParts = {}): readonly BuiltInTransport[] => [
  httpTransport,
  graphqlTransport,
  new WsTransport(handshakeOfSocket, wsException),
  new RpcTransport(rpcException),
];

/** The app's own come first. How their callers are told of a refusal is as for other calls of the type, unless they say how. */
export const allTransports = (
  own: readonly HankoTransport[],
  builtIn: readonly HankoTransport[],
): readonly HankoTransport[] => [
  ...own.map((transport) => {
    const usual = builtIn.find(({ type }) => type === transport.type);
    return usual === undefined ? transport : refusingAs(usual, transport);
  }),
  ...builtIn,
];

const refusingAs = (usual: HankoTransport, transport: HankoTransport): HankoTransport => ({
  ...transport,
  open: (context) => {
    const call = transport.open(context);
    const usualCall = call && usual.open(context);
    if (usualCall === undefined) return call;
    return {
      ...(usualCall.isUnanswered && { isUnanswered: true }),
      setHeaders: (headers) => usualCall.setHeaders?.(headers),
      ...lastsAs(usualCall),
      refusal: (error) => usualCall.refusal?.(error),
      ...call,
    };
  },
});

/** What a call hangs on does not change with who finds its credential. */
const lastsAs = (call: HankoCall): Pick<HankoCall, 'connection' | 'onClose'> => ({
  ...(call.connection && { connection: call.connection }),
  ...(call.onClose && { onClose: (listener) => call.onClose?.(listener) }),
});

export function isExecutionContext(source: unknown): source is ExecutionContext {
  return (
    typeof source === 'object' &&
    source !== null &&
    'switchToHttp' in source &&
    typeof source.switchToHttp === 'function'
  );
}

/**
 * The call behind an execution context.
 * @throws HankoContextError if no transport knows it.
 */
export function openCall(
  context: ExecutionContext,
  transports: readonly HankoTransport[],
): HankoCall {
  // Contexts that code makes by hand say anything.
  const type: unknown = context.getType();
  for (const transport of transports) {
    const call = transport.type === type ? transport.open(context) : undefined;
    if (call !== undefined) return call;
  }
  const known = new Set(transports.map((transport) => transport.type));
  throw new HankoContextError(String(type), handlerName(context), [...known]);
}

/** How a call is refused that a transport of the app failed to open: as is usual for its type. */
export function callOfUsual(
  context: ExecutionContext,
  transports: readonly HankoTransport[],
): HankoCall {
  const type: unknown = context.getType();
  try {
    return transports.findLast((transport) => transport.type === type)?.open(context) ?? {};
  } catch {
    return {};
  }
}

/**
 * The call of what the app's own code hands over: a request, or the client of a gateway.
 * @param isHandshake whether a request opens a connection. Default: whether it asks for a WebSocket.
 * @throws HankoConfigurationError `configuration_invalid` for anything else
 */
export function openSource(
  source: unknown,
  transports: readonly HankoTransport[],
  isHandshake?: boolean,
): HankoCall {
  if (isObject(source) && !isRequest(source)) {
    for (const transport of transports) {
      const call = transport.openClient?.(source);
      if (call !== undefined) return call;
    }
  }
  return openRequest(source, isHandshake);
}

/** Without an identity: what lives as long as a connection is looked at again for each message. */
export const asHandshake = ({
  request,
  params,
  unsupported,
  connection,
}: HankoCall): HankoCall => ({
  ...(request && { request }),
  ...(unsupported !== undefined && { unsupported }),
  ...(connection && { connection }),
  params,
  isHandshake: true,
});
