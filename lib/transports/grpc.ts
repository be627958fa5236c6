import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { isFunction, isObject } from '../util/value-checks.js';
import type { HankoCall, LiveConnection } from './transport.js';

/** The metadata of `@grpc/grpc-js`, which came with one call. Names are in lower case; values of names in `-bin` are bytes. */
export interface GrpcMetadata {
  get(name: string): unknown;
  getMap(): Readonly<Record<string, unknown>>;
  set(name: string, value: string): void;
}

export const isGrpcMetadata = (rpc: object): rpc is GrpcMetadata =>
  ['get', 'getMap', 'set'].every((method) =>
    isFunction((rpc as Readonly<Record<string, unknown>>)[method]),
  );

export const grpcFields = (metadata: GrpcMetadata): (readonly [string, unknown])[] =>
  Object.keys(metadata.getMap()).map((name) => [name, metadata.get(name)] as const);

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const GRPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  501: 12,
  503: 14,
};

/** What Nest hands to gRPC as it is: the status, and in trailers the header fields. */
export function grpcStatus(error: HankoAuthError, received: GrpcMetadata): object {
  const { message } = error.getResponse() as { readonly message: string };
  const metadata = new (received.constructor as new () => GrpcMetadata)();
  for (const [name, value] of Object.entries(error.headers)) {
    metadata.set(name.toLowerCase(), value);
  }
  return { code: GRPC_CODES[error.getStatus()] ?? 2, message, details: error.code, metadata };
}

/** What a handler of RPC is given: payload and metadata, or gRPC's own call and callback. */
export const argsOf = (context: ExecutionContext): readonly unknown[] => [
  context.getArgByIndex<unknown>(0),
  context.getArgByIndex<unknown>(1),
];

/** What `@GrpcStreamCall()` gives its handler: gRPC's own call, and where there is one response, a callback. */
type RawCall = readonly [call: Call, callback?: (status: object, response: null) => void];

interface Call {
  readonly metadata: GrpcMetadata;
  emit(event: 'error', status: object): unknown;
}

/** Every other handler has its payload there, and metadata behind it. No payload has functions. */
export function isRawCall(args: readonly unknown[]): args is RawCall {
  const [call, callback] = args;
  return (
    (callback === undefined || isFunction(callback)) &&
    isObject(call) &&
    isFunction(call.emit) &&
    isObject(call.metadata) &&
    isGrpcMetadata(call.metadata)
  );
}

/**
 * Ends the call. Nest does so for no exception of such a handler, and lets the process end instead: as nothing may be
 * thrown, nobody waits any longer.
 *
 * @returns a promise that stays pending; one for each, so that nothing holds those that wait for it.
 */
export function endRawCall([call, callback]: RawCall, status: object): Promise<never> {
  if (callback === undefined) call.emit('error', status);
  else callback(status, null);
  return new Promise(() => undefined);
}

/** A call that is under way, as `@grpc/grpc-js` makes it: also one that sends a single message. */
interface StreamCall extends Call {
  cancelled?: boolean;
  readonly destroyed?: boolean;
  /** Messages that are not sent yet. */
  readonly writableLength?: number;
  emit(event: 'error' | 'cancelled', status: unknown): unknown;
  once(event: string, listener: () => void): unknown;
}

/** Handlers are given the call behind payload and metadata, those of `@GrpcStreamCall()` at first. */
export function streamOf(context: ExecutionContext): Pick<HankoCall, 'connection'> {
  const call = [context.getArgByIndex<unknown>(0), context.getArgByIndex<unknown>(2)].find(
    isStream,
  );
  return call === undefined ? {} : { connection: endStream(call) };
}

const isStream = (call: unknown): call is StreamCall =>
  isObject(call) &&
  isObject(call.metadata) &&
  isGrpcMetadata(call.metadata) &&
  isFunction(call.emit) &&
  isFunction(call.once) &&
  isFunction(call.write);

const endStream = (call: StreamCall): LiveConnection => ({
  key: call,
  end(error) {
    call.emit('error', grpcStatus(error, call.metadata));
    // The status waits behind messages that the caller does not read, for as long as it likes. What sends them must not:
    // it is told what gRPC tells when a caller is gone.
    if (!call.writableLength) return;
    call.cancelled = true;
    call.emit('cancelled', 'cancelled');
  },
  onClose(listener) {
    if (call.cancelled === true || call.destroyed === true) listener();
    else for (const event of ['cancelled', 'finish', 'close']) call.once(event, listener);
  },
});
