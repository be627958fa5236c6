import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import type { IncomingRequest } from '../extraction/request.js';

/** One way in which calls reach an app. */
export interface HankoTransport {
  /** The value of `ExecutionContext.getType()` that it serves. */
  readonly type: string;
  /** Looks at one call. Undefined: not one that it knows; without a transport that does, the call is refused. */
  open(context: ExecutionContext): HankoCall | undefined;
}

/** One call, as authentication sees it. */
export interface HankoCall {
  /**
   * The request, or the handshake of the connection. For a handshake, `headers` must be made of what came
   * over the wire: what clients say later must not be mixed in.
   */
  readonly request?: IncomingRequest;
  /**
   * What the client said beside header fields, such as `connectionParams`: `token`, or `authorization` in any
   * case, also below `headers`. It counts as if it stood in the `Authorization` header field.
   */
  readonly params?: unknown;
  /** True if the request opened a connection: its cookie is refused from foreign sites, whatever the method. */
  readonly isHandshake?: boolean;
  /** Lives as long as this call: who is behind it is verified once. Without one, it is verified each time it is asked. */
  readonly identity?: object;
  /** Puts the header fields of a refusal on the response, where there is one. */
  setHeaders?(headers: Readonly<Record<string, string>>): void;
  /** What is thrown in the place of our error. Default: our error. */
  refusal?(error: HankoAuthError): unknown;
}
