import type { HankoSessionPolicy } from '../options/session-policy.js';

/** How a token is looked at. */
export interface HankoVerifyOptions {
  /** Whether Hanko is asked if the session is still alive. Default: that of the route, else the module's. */
  readonly session?: HankoSessionPolicy;
}

/** How a request is looked at. */
export interface HankoAuthenticateOptions extends HankoVerifyOptions {
  /**
   * True lets in, as null, callers without a credential, and those with a cookie that any other route would answer 401:
   * the browser goes on sending it. Default false.
   */
  readonly optional?: boolean;
  /**
   * True says that the request opens a connection (a WebSocket, also one that begins by polling). Its cookie is then
   * refused from foreign sites although its method is GET, and nothing is remembered: each call looks again whether
   * the session is over. Default: true for a request with `Upgrade: websocket` that is not handed over as a context.
   */
  readonly isHandshake?: boolean;
}
