import type { Authenticated } from '../auth/token-authenticator.js';
import type { HankoCall } from '../transports/transport.js';

/** Who may connect to one server, and what becomes of a connection. */
export interface Door {
  /** @throws what `HankoAuthService.authenticateConnection()` throws. */
  authenticate(call: HankoCall): Promise<Authenticated | null>;
  /** Watches a connection whose caller is known. */
  watch(found: Authenticated | null | undefined, client: object): void;
  /** Remembers the request of a client that keeps none. */
  remember(request: unknown, socket: unknown): void;
  open(client: object): HankoCall;
}
