import type { Authenticated } from '../auth/token-authenticator.js';
import type { GatewayAddress } from '../discovery/gateways.js';
import type { HankoCall } from '../transports/transport.js';

/** Who may connect to one server or namespace, and what becomes of a connection. */
export interface Door {
  /** @throws what `HankoAuthService.authenticateConnection()` throws. */
  authenticate(call: HankoCall): Promise<Authenticated | null>;
  /** The call of a client that is there already. */
  open(client: object): HankoCall;
  /** Remembers the request of a client that keeps none. */
  remember(request: object, socket: object): void;
  /**
   * A client has connected. It ends with its session; at once, if that is over or if nobody asked for the client's
   * credential, and then no gateway gets to see it.
   * @param found who it is; undefined if nobody asked.
   */
  enter(client: object, found: Authenticated | null | undefined): void;
}

/** The servers of one app. */
export interface Servers {
  /**
   * Closes one that an adapter has made.
   * @throws HankoConfigurationError `configuration_invalid` for one of another library.
   */
  close(server: unknown, address: GatewayAddress): void;
  /** False for whom no gateway gets to see: its session ended while it connected. */
  isAdmitted(client: object): boolean;
}
