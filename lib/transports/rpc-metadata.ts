import type { IncomingRequest } from '../extraction/request.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { grpcFields, isGrpcMetadata } from './grpc.js';
import { isRequest } from './http.js';

type Fields = Iterable<readonly [name: string, value: unknown]>;

/** What a caller sent beside its message, as header fields; undefined for a context that shows nothing of the kind. */
export function requestIn(rpc: object): IncomingRequest | undefined {
  if (isGrpcMetadata(rpc)) return requestOf(grpcFields(rpc));
  if ('getRawRequest' in rpc) return mcpRequest(rpc);
  for (const fieldsIn of FIELDS) {
    const fields = fieldsIn(rpc);
    if (fields !== undefined) return requestOf(fields);
  }
  return undefined;
}

/** One row a transport: where a context of this shape has what the caller sent; undefined for another shape. */
const FIELDS: readonly ((rpc: object) => Fields | undefined)[] = [
  // TCP and Redis, since Nest 12.
  (rpc) => ('getMetadata' in rpc ? entries(read(rpc, 'getMetadata')) : undefined),
  // NATS.
  (rpc) => ('getHeaders' in rpc ? natsFields(read(rpc, 'getHeaders')) : undefined),
  // MQTT 5. Version 3.1.1 has no properties.
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
  if (!Array.isArray(names) || !isFunction(values)) return entries(headers);
  return names.map((name) => [String(name), values.call(headers, name as never)] as const);
}

/**
 * Tools of `@rekog/mcp-nest`. A session is shared by the messages of one client, and its raw request may be that of another
 * message, so there the one that the SDK has of this message counts.
 */
function mcpRequest(rpc: object): IncomingRequest | undefined {
  const raw = read(rpc, 'getRawRequest');
  const isShared = at(read(rpc, 'getSession'), 'stateless') === false;
  if (!isShared) return isRequest(raw) ? raw : undefined;
  const headers = at(rpc, 'sdkContext', 'http', 'req', 'headers');
  return headers instanceof Headers ? requestOf(headers) : undefined;
}

function requestOf(fields: Fields): IncomingRequest {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [anyCase, value] of fields) {
    const name = anyCase.toLowerCase();
    const texts = (headers[name] ??= []);
    for (const it of [value].flat()) {
      if (typeof it === 'string') texts.push(it);
      // A bearer that is no text is an invalid one, and must not pass for none.
      else if (name === 'authorization' && it !== undefined && it !== null) texts.push('Bearer');
    }
  }
  return { headers };
}

const read = (target: unknown, method: string): unknown => {
  const getter = at(target, method);
  return isFunction(getter) ? getter.call(target) : undefined;
};

const entries = (fields: unknown): Fields => (isObject(fields) ? Object.entries(fields) : []);

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);
