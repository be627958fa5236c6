import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';

/**
 * One way in which calls reach an app. Those of Nest are built in: HTTP, GraphQL, WebSockets, RPC. The option
 * `transports` takes more, for what calls handlers in a way of its own.
 *
 * @example
 * const telegram: HankoTransport = {
 *   type: 'telegraf',
 *   open: (context) => ({ params: { token: tokenOf(context.getArgByIndex(0)) } }),
 * };
 */
export interface HankoTransport {
  /** The value of `ExecutionContext.getType()` that it serves. */
  readonly type: string;
  /**
   * Looks at one call. Undefined means that it does not know this call: the next transport of the same type is asked,
   * and without one the call is refused (501 `context_unsupported`). It must not be async.
   */
  open(context: ExecutionContext): HankoCall | undefined;
  /**
   * Looks at something that is no context, such as the client that a gateway is given in `handleConnection()`, for
   * `HankoAuthService.authenticate()`. Undefined means that it does not know it. Default: it knows none.
   */
  openClient?(client: object): HankoCall | undefined;
}

/**
 * One call, as authentication sees it. What a transport of your own omits of `isUnanswered`, `setHeaders` and `refusal` is as
 * for other calls of its type: over `ws` a refusal is Nest's `WsException` all the same.
 */
export interface HankoCall {
  /**
   * The request, or the handshake of the connection. For a handshake, `headers` must be made of what came over the
   * wire: what a client says later must not be mixed in.
   */
  readonly request?: IncomingRequest;
  /**
   * Credentials that the client sent beside header fields, such as `connectionParams`: `token`, or `authorization` in any
   * case, also below `headers`. They count as if they stood in the `Authorization` header field.
   */
  readonly params?: unknown;
  /**
   * True if the request opened a connection, or changes something although its method does not say so: its cookie is
   * refused from foreign sites, whatever the method.
   */
  readonly isHandshake?: boolean;
  /** Lives as long as this call: who is behind it is verified once. Without one, it is verified each time it is asked. */
  readonly identity?: object;
  /** True if nobody waits for an answer: a refusal is then logged as a warning, since no caller can be told. */
  readonly isUnanswered?: boolean;
  /**
   * Says why nothing can be known of the caller, and what to change: for a call that this transport knows, and cannot
   * authenticate. It is then refused (501 `context_unsupported`), and the log has this text once for each handler.
   */
  readonly unsupported?: string | undefined;
  /** Puts the header fields of a refusal on the response, where there is one. */
  setHeaders?(headers: Readonly<Record<string, string>>): void;
  /** Makes what is thrown in place of our error. Default: our error. */
  refusal?(error: HankoAuthError): unknown;
  /**
   * The socket, subscription or stream that goes on after the call was let in: it ends with the session of the caller.
   * Undefined for a call that is over when it was answered.
   */
  readonly connection?: LiveConnection | undefined;
  /**
   * Calls the listener once the call is over, at once if it is. Default: it is over when its `connection` closes; if it has
   * none, nobody knows.
   */
  readonly onClose?: ((listener: () => void) => void) | undefined;
}

/** A socket, subscription or stream that a session has opened, and that ends with it. */
export interface LiveConnection {
  /** One object for each connection: many calls may come by it, and it is watched once. */
  readonly key: object;
  /**
   * Ends the connection, and tells the client why if it can be told. It is called once. The error is a `HankoTokenError`,
   * or a `HankoUnavailableError` if nobody could say for too long whether the session is alive.
   */
  end(error: HankoAuthError): void;
  /** Calls the listener once the connection has closed, whoever closed it; at once if it is closed already. */
  onClose(listener: () => void): void;
}
