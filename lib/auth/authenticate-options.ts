import type { HankoSessionPolicy } from '../options/session-policy.js';

/** Options that `verifyToken()` takes. */
export interface HankoVerifyOptions {
  /** Whether Hanko is asked if the session is still alive. Default: that of the route, else the module's. */
  readonly session?: HankoSessionPolicy;
  /** Whose token it must be. Required in an app with the option `tenants`, and wrong in others. */
  readonly tenant?: string | undefined;
}

/** Options that `authenticate()` takes. */
export interface HankoAuthenticateOptions extends Pick<HankoVerifyOptions, 'session'> {
  /**
   * True allows anonymous callers: the result is null without a credential, and with a cookie that gets 401 elsewhere,
   * because browsers go on sending it. Default false.
   */
  readonly optional?: boolean;
  /**
   * True says that the request opens a connection (a WebSocket, also one that begins by polling). Its cookie is then
   * refused from foreign sites although its method is GET, and nothing is remembered: each call checks again whether
   * the session has ended. Default: true for a request with `Upgrade: websocket` that is not passed as a context.
   */
  readonly isHandshake?: boolean;
}
