import { Readable } from 'node:stream';
import type { ExecutionContext } from '@nestjs/common';
import * as nest from '../discovery/nest-metadata.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { isWebSocketHandshake } from '../extraction/cross-site.js';
import type { IncomingRequest } from '../extraction/request.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';
import { endResponse, nodeResponse, onResponseClose } from './live-connections.js';
import type { HankoCall, HankoTransport, LiveConnection } from './transport.js';

/** HTTP, on Express, Fastify and Node itself. */
export const httpTransport: HankoTransport = {
  type: 'http',
  open(context: ExecutionContext): HankoCall | undefined {
    // What switchToHttp() returns; that makes three closures on each call.
    const request = context.getArgByIndex<unknown>(0);
    return isRequest(request)
      ? new HttpCall(request, context.getArgByIndex<unknown>(1), context.getHandler())
      : undefined;
  },
};

/**
 * The call of a request that the app's own code hands over: there is no response.
 *
 * @param isHandshake whether it opens a connection. Default: whether it asks for a WebSocket.
 * @throws HankoConfigurationError `configuration_invalid` for what is no request
 */
export function openRequest(request: unknown, isHandshake?: boolean): HankoCall {
  if (!isRequest(request)) {
    throw new HankoConfigurationError([
      {
        path: 'authenticate()',
        hint:
          `takes an ExecutionContext, or a request with "headers" as Node, Express and Fastify have them; got ${kindOf(request)}. ` +
          'For a Request of the Fetch API, pass { method, headers: Object.fromEntries(request.headers) }.',
      },
    ]);
  }
  return (isHandshake ?? isWebSocketHandshake(request))
    ? { request, isHandshake: true }
    : new HttpCall(request);
}

/** True for what has header fields by their names. `ExternalContextCreator` calls handlers with anything. */
export const isRequest = (value: unknown): value is IncomingRequest =>
  isObject(value) && isObject(value.headers) && typeof value.headers.get !== 'function';

/** Express' and Node's responses, and Fastify's replies. */
interface Response {
  readonly headersSent?: boolean;
  readonly sent?: boolean;
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

/** One HTTP request, and its response where it is known. */
export class HttpCall implements HankoCall {
  readonly identity: object;

  constructor(
    readonly request: IncomingRequest,
    private readonly response?: unknown,
    private readonly handler?: Function,
  ) {
    this.identity = platformRequest(request);
  }

  /** The stream of an `@Sse()` handler. A download is none: it is over when it was sent. */
  get connection(): LiveConnection | undefined {
    if (!this.isEventStream) return undefined;
    const response = nodeResponse(this.response);
    return response && endResponse(response);
  }

  /** What cannot be ended is not begun. */
  get unsupported(): string | undefined {
    return this.isEventStream && nodeResponse(this.response) === undefined
      ? NO_RESPONSE
      : undefined;
  }

  private get isEventStream(): boolean {
    // A context that code makes by hand may have none.
    return isFunction(this.handler) && isEventStream(this.handler);
  }

  /** Undefined where no response is found, and for a stream, which is over when its connection closes. */
  get onClose(): HankoCall['onClose'] {
    if (this.isEventStream) return undefined;
    const response = nodeResponse(this.response) ?? responseTo(this.identity);
    return response && ((listener) => onResponseClose(response, listener));
  }

  /**
   * Nest's exceptions carry no header fields: they must be on the response before the exception is thrown,
   * and an app's own exception filter then keeps them.
   */
  setHeaders(headers: Readonly<Record<string, string>>): void {
    const response = Object(this.response) as Response;
    if (response.headersSent || response.sent) return;
    for (const [name, value] of Object.entries(headers)) {
      if (typeof response.header === 'function') response.header(name, value);
      else response.setHeader?.(name, value);
    }
  }
}

/** The response that Node has under way to this request, where nobody handed it over. */
function responseTo(request: object): ReturnType<typeof nodeResponse> {
  // Node's own field.
  const { _httpMessage: response } = Object((request as { socket?: unknown }).socket) as {
    readonly _httpMessage?: unknown;
  };
  return isObject(response) && response.req === request ? nodeResponse(response) : undefined;
}

const NO_RESPONSE =
  'its response is none of Express, Fastify or Node, so its events could not be ended when the session ends. Use one of ' +
  "Nest's adapters for these.";

const eventStreams = new WeakMap<Function, boolean>();

function isEventStream(handler: Function): boolean {
  let isStream = eventStreams.get(handler);
  if (isStream === undefined) {
    isStream = nest.metadata(nest.SSE, handler) === true;
    eventStreams.set(handler, isStream);
  }
  return isStream;
}

/**
 * What stays the same from the first middleware to the handler. Fastify's middleware sees Node's request, its
 * handlers a wrapper with that request in `raw`. Requests of Node, of HTTP/2 and of `inject()` are streams: on
 * those, `raw` is something that other code has put there.
 */
const platformRequest = (request: IncomingRequest): object =>
  !(request instanceof Readable) && request.raw instanceof Readable ? request.raw : request;
