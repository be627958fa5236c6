import { type INestApplicationContext, Logger, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import type { Authenticated } from '../auth/token-authenticator.js';
import { HankoLiveSessions } from '../connections/live-sessions.js';
import { type GatewayAddress, gatewaysAt } from '../discovery/gateways.js';
import { HankoConfigurationError, HankoCredentialsError } from '../errors/hanko.errors.js';
import { HANKO_TRANSPORTS } from '../hanko.constants.js';
import type { HankoTransport } from '../transports/transport.js';
import { openSource } from '../transports/transports.js';
import { UpgradeRequests } from '../transports/upgrade-requests.js';
import { connectionOf } from '../transports/ws.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';
import type { Door, Servers } from './door.js';
import { closeSocketIo, namespaceOf } from './socket-io-server.js';
import { closeWs, isWsServer } from './ws-server.js';

/** The servers of one app. */
export class Doors implements Servers {
  private readonly logger = new Logger('HankoAuth');
  private readonly closed = new WeakSet<object>();
  private readonly turnedAway = new WeakSet<object>();
  private isTold = false;
  private readonly service: HankoAuthService;
  private readonly live: HankoLiveSessions;
  private readonly upgrades: UpgradeRequests;
  private readonly modules: ModulesContainer;
  private readonly transports: readonly HankoTransport[];

  constructor(app: INestApplicationContext) {
    this.service = provider(app, HankoAuthService);
    this.live = provider(app, HankoLiveSessions);
    this.upgrades = provider(app, UpgradeRequests);
    this.modules = provider(app, ModulesContainer);
    this.transports = provider(app, HANKO_TRANSPORTS);
  }

  isAdmitted(client: object): boolean {
    return !this.turnedAway.has(client);
  }

  close(server: unknown, address: GatewayAddress): void {
    if (!isObject(server)) throw fault(UNKNOWN_SERVER);
    const namespace = namespaceOf(server);
    // Gateways may share a server or namespace, and are asked for together.
    const key = namespace ?? server;
    if (this.closed.has(key)) return;
    this.closed.add(key);
    if (namespace !== undefined) closeSocketIo(namespace, this.doorOf(address));
    else if (isWsServer(server)) closeWs(server, this.doorOf(address));
    else throw fault(UNKNOWN_SERVER);
  }

  private doorOf(address: GatewayAddress): Door {
    let gateways: readonly Type[] | undefined;
    return {
      authenticate: (call) => {
        gateways ??= gatewaysAt(this.modules, address).map(({ type }) => type);
        return this.service.authenticateConnection(call, gateways);
      },
      open: (client) => openSource(client, this.transports),
      remember: (request, socket) => this.upgrades.remember(request, socket),
      enter: (client, found) => this.enter(client, found),
    };
  }

  private enter(client: object, found: Authenticated | null | undefined): void {
    if (found === null) return;
    const connection = connectionOf(client);
    const over = found && connection ? this.live.begin(found.user, connection) : notAsked();
    if (over === null) return;
    this.turnedAway.add(client);
    if (found === undefined) this.tellOnce();
    connection?.end(over);
  }

  /** Clients came by a way of the app's own, or past what other code has replaced. */
  private tellOnce(): void {
    if (this.isTold) return;
    this.isTold = true;
    this.logger.error(PASSED_BY);
  }
}

/** @throws HankoConfigurationError `configuration_invalid` for what is no application, or has no HankoModule. */
export function provider<T>(app: INestApplicationContext, token: Type<T> | symbol): T {
  const { get } = Object(app) as { readonly get?: unknown };
  if (!isFunction(get)) {
    throw fault(`takes the application as its first argument, got ${kindOf(app)}.`);
  }
  try {
    return app.get<T>(token, { strict: false });
  } catch {
    throw fault(
      'is used in an application without HankoModule. Import HankoModule.forRoot() once, in the root module.',
    );
  }
}

const notAsked = (): HankoCredentialsError =>
  new HankoCredentialsError('credentials_missing', 'Nobody asked the client for a credential');

const PASSED_BY =
  'A client connected past hankoSockets(), and was turned away: other code replaced verifyClient of its server, or made the ' +
  'connection by itself. Give verifyClient to @WebSocketGateway(), and let the adapter make connections.';

const UNKNOWN_SERVER =
  'was given an adapter whose server is neither one of socket.io nor one of ws, so it cannot close connections. ' +
  'Authenticate them where they are opened, with HankoAuthService.authenticate().';

export const fault = (hint: string): HankoConfigurationError =>
  new HankoConfigurationError([{ path: 'hankoSockets()', hint }]);
