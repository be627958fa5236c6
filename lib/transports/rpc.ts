import type { ExecutionContext } from '@nestjs/common';
import * as nest from '../discovery/nest-metadata.js';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { handshakeOf } from './handshake.js';
import type { ExceptionOf } from './nest-exceptions.js';
import type { HankoCall, HankoTransport } from './transport.js';

/** Messages of microservices. Where a caller's metadata stands differs from transport to transport. */
export class RpcTransport implements HankoTransport {
  readonly type = 'rpc';

  constructor(private readonly exceptionOf: ExceptionOf) {}

  open(context: ExecutionContext): HankoCall {
    // Not the first one: that is the payload, and callers write it.
    const rpc = context.getArgByIndex<unknown>(1);
    const isUnanswered =
      nest.metadata(nest.PATTERN_HANDLER, context.getHandler()) === nest.EVENT_HANDLER;
    const request = isObject(rpc) ? requestIn(rpc) : undefined;
    return {
      ...(request === undefined ? { unsupported: NO_METADATA } : { request }),
      ...(isObject(rpc) && { identity: rpc }),
      isUnanswered,
      refusal: (error) => this.refusal(error, context),
    };
  }

  refusal(error: HankoAuthError, context: ExecutionContext): unknown {
    const rpc = context.getArgByIndex<unknown>(1);
    const body =
      isObject(rpc) && isGrpcMetadata(rpc)
        ? grpcStatus(error, rpc)
        : { ...(error.getResponse() as object) };
    return this.exceptionOf(body, error);
  }
}

const NO_METADATA =
  'its message shows no metadata of the caller. Over TCP and Redis, Nest 11 has none: move to Nest 12, or give ' +
  "HankoModule.forRoot() a transport that finds the token in the payload: transports: [{ type: 'rpc', open: (context) => " +
  '({ params: { token } }) }].';

type Fields = Iterable<readonly [name: string, value: unknown]>;

function requestIn(rpc: Readonly<Record<string, unknown>>): IncomingRequest | undefined {
  if (isGrpcMetadata(rpc)) return requestOf(grpcFields(rpc));
  if (isFunction(rpc.getRawRequest)) return handshakeOf(rpc.getRawRequest());
  for (const fields of FIELDS) {
    const found = fields(rpc);
    if (found !== undefined) return requestOf(found);
  }
  return undefined;
}

const read = (target: unknown, method: string): unknown => {
  const getter: unknown = isObject(target) ? target[method] : undefined;
  return isFunction(getter) ? getter.call(target) : undefined;
};

const entries = (fields: unknown): Fields => (isObject(fields) ? Object.entries(fields) : []);

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);

/** One row a transport: where a context of this shape has what the caller sent; undefined for another shape. */
const FIELDS: readonly ((rpc: object) => Fields | undefined)[] = [
  // TCP and Redis, since Nest 12.
  (rpc) => ('getMetadata' in rpc ? entries(read(rpc, 'getMetadata')) : undefined),
  (rpc) => ('getHeaders' in rpc ? natsFields(read(rpc, 'getHeaders')) : undefined),
  // MQTT 5.
  (rpc) =>
    'getPacket' in rpc
      ? entries(at(read(rpc, 'getPacket'), 'properties', 'userProperties'))
      : undefined,
  // RabbitMQ and Kafka.
  (rpc) => {
    if (!('getMessage' in rpc)) return undefined;
    const message = read(rpc, 'getMessage');
    return entries(at(message, 'properties', 'headers') ?? at(message, 'headers'));
  },
];

/** Its `get()` tells upper from lower case, so all names are gone through. */
function natsFields(headers: unknown): Fields {
  const names = read(headers, 'keys');
  const values = at(headers, 'values');
  if (!Array.isArray(names) || !isFunction(values)) return [];
  return names.map((name: unknown) => [String(name), values.call(headers, name as never)] as const);
}

function requestOf(fields: Fields): IncomingRequest {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of fields) {
    const texts = [value].flat().filter((it): it is string => typeof it === 'string');
    (headers[name.toLowerCase()] ??= []).push(...texts);
  }
  return { headers };
}

interface GrpcMetadata {
  get(name: string): unknown;
  getMap(): Readonly<Record<string, unknown>>;
  set(name: string, value: string): void;
}

const isGrpcMetadata = (rpc: object): rpc is GrpcMetadata =>
  ['get', 'getMap', 'set'].every((method) => isFunction((rpc as Record<string, unknown>)[method]));

const grpcFields = (metadata: GrpcMetadata): Fields =>
  Object.keys(metadata.getMap()).map((name) => [name, metadata.get(name)] as const);

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const GRPC_CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 501: 12, 503: 14 };

/** What Nest hands to gRPC as it is: the status, and in trailers the header fields. */
function grpcStatus(error: HankoAuthError, received: GrpcMetadata): object {
  const body = error.getResponse() as { readonly message: string };
  const metadata = new (received.constructor as new () => GrpcMetadata)();
  for (const [name, value] of Object.entries(error.headers))
    metadata.set(name.toLowerCase(), value);
  return {
    code: GRPC_CODES[error.getStatus()] ?? 2,
    message: body.message,
    details: error.code,
    metadata,
  };
}
