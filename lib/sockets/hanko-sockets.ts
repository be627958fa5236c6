import { type INestApplicationContext, Logger, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import type { Authenticated } from '../auth/token-authenticator.js';
import { HankoLiveSessions } from '../connections/live-sessions.js';
import { type GatewayAddress, gatewaysAt } from '../discovery/gateways.js';
import { HankoConfigurationError, HankoCredentialsError } from '../errors/hanko.errors.js';
import { HANKO_SOCKETS, HANKO_TRANSPORTS } from '../hanko.constants.js';
import type { HankoTransport } from '../transports/transport.js';
import { openSource } from '../transports/transports.js';
import { UpgradeRequests } from '../transports/upgrade-requests.js';
import { connectionOf } from '../transports/ws.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';
import type { Door } from './door.js';
import { closeSocketIo, namespaceOf } from './socket-io-server.js';
import { closeWs, isWsServer } from './ws-server.js';

/** The part of Nest's WebSocket adapters that is used: they are made by `@nestjs/platform-socket.io` and `@nestjs/platform-ws`. */
export interface HankoSocketAdapter {
  create(port: number, options?: unknown): unknown;
}

/**
 * Closes the connections of gateways, and not only their messages: nobody connects without a valid session token, a page of
 * a foreign site cannot use its visitor's cookie, and a connection ends with the session that opened it.
 *
 * ```ts
 * const app = await NestFactory.create(AppModule);
 * app.useWebSocketAdapter(hankoSockets(app, new IoAdapter(app))); // or new WsAdapter(app), or a subclass
 * ```
 *
 * `@Public()` on a gateway's class lets anybody connect, `@OptionalAuth()` those without a credential, and
 * `@RequireAuth()` demands more. Where several gateways share a namespace or path, whoever one of them lets in may connect;
 * each message is still guarded.
 *
 * A refused client of `ws` gets 401, 403 or 503 in place of a WebSocket; one of socket.io gets `connect_error`, with the
 * response in `error.data`. `handleConnection()` runs for those who were let in.
 *
 * @param app the application, whose root module imports HankoModule.
 * @param adapter Nest's `IoAdapter` or `WsAdapter`.
 * @returns the same adapter.
 * @throws HankoConfigurationError `configuration_invalid` for an application without HankoModule, for what is no adapter,
 * and, when the app starts, for an adapter whose servers are neither of socket.io nor of `ws`.
 */
export function hankoSockets<Adapter extends HankoSocketAdapter>(
  app: INestApplicationContext,
  adapter: Adapter,
): Adapter {
  const { create, bindClientConnect } = Object(adapter) as {
    readonly create?: unknown;
    readonly bindClientConnect?: unknown;
  };
  if (!isFunction(create)) {
    throw fault(`takes a WebSocket adapter as its second argument, got ${kindOf(adapter)}.`);
  }
  const modules = provider(app, ModulesContainer);
  const before = (adapter as { readonly [HANKO_SOCKETS]?: unknown })[HANKO_SOCKETS];
  if (before === modules) return adapter;
  if (before !== undefined) {
    throw fault('was given an adapter that another application has. Make one for each.');
  }
  const doors = new Doors(app);
  const createClosed = (port: unknown, options?: unknown, ...rest: unknown[]): unknown => {
    const server: unknown = create.apply(adapter, [port, options, ...rest] as never[]);
    const { path, namespace } = isObject(options) ? options : {};
    doors.close(server, { port, path, namespace });
    return server;
  };
  const bindAdmitted = (server: unknown, callback: Callback): unknown =>
    (bindClientConnect as Callback).call(adapter, server, (client: object, ...rest: unknown[]) =>
      doors.isAdmitted(client) ? callback(client, ...rest) : undefined,
    );
  const replace = (value: unknown): PropertyDescriptor => ({
    value,
    configurable: true,
    writable: true,
  });
  return Object.defineProperties(adapter, {
    create: replace(createClosed),
    ...(isFunction(bindClientConnect) && { bindClientConnect: replace(bindAdmitted) }),
    [HANKO_SOCKETS]: { value: modules },
  });
}

type Callback = (...args: unknown[]) => unknown;

/** The servers of one app. */
class Doors {
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

  /** False for whom no gateway gets to see: its session ended while it connected. */
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

  /** Of clients that came by a way of the app's own, or past what other code has replaced. */
  private tellOnce(): void {
    if (this.isTold) return;
    this.isTold = true;
    this.logger.error(PASSED_BY);
  }
}

function provider<T>(app: INestApplicationContext, token: Type<T> | symbol): T {
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

const fault = (hint: string): HankoConfigurationError =>
  new HankoConfigurationError([{ path: 'hankoSockets()', hint }]);
