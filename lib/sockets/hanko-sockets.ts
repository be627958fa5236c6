import type { INestApplicationContext, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { HankoLiveSessions } from '../connections/live-sessions.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_SOCKETS, HANKO_TRANSPORTS } from '../hanko.constants.js';
import type { HankoCall, HankoTransport } from '../transports/transport.js';
import { openSource } from '../transports/transports.js';
import { UpgradeRequests } from '../transports/upgrade-requests.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';
import type { Door } from './door.js';
import { gatewaysOf, type ServerAddress } from './gateways-of-server.js';
import { closeSocketIo, isSocketIo } from './socket-io-server.js';
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
  const { create } = Object(adapter) as { readonly create?: unknown };
  if (!isFunction(create)) {
    throw fault(`takes a WebSocket adapter as its second argument, got ${kindOf(adapter)}.`);
  }
  if (HANKO_SOCKETS in adapter) return adapter;
  const doors = new Doors(app);
  const createClosed = (port: number, options?: unknown, ...rest: unknown[]): unknown => {
    const server: unknown = create.call(
      adapter,
      port as never,
      options as never,
      ...(rest as never[]),
    );
    const { path, namespace } = isObject(options) ? options : {};
    doors.close(server, { port, path, namespace });
    return server;
  };
  return Object.defineProperties(adapter, {
    create: { value: createClosed, configurable: true, writable: true },
    [HANKO_SOCKETS]: { value: true },
  });
}

/** The servers of one app. */
class Doors {
  private readonly closed = new WeakSet<object>();
  private readonly service: HankoAuthService;

  constructor(private readonly app: INestApplicationContext) {
    this.service = this.provider(HankoAuthService);
  }

  close(server: unknown, address: ServerAddress): void {
    if (!isObject(server)) throw fault(UNKNOWN_SERVER);
    // Gateways may share a server or namespace, and are asked for together.
    if (this.closed.has(server)) return;
    this.closed.add(server);
    const door = this.doorOf(address);
    if (isSocketIo(server)) closeSocketIo(server, door);
    else if (isWsServer(server)) closeWs(server, door);
    else throw fault(UNKNOWN_SERVER);
  }

  private doorOf(address: ServerAddress): Door {
    const { service } = this;
    const modules = this.provider(ModulesContainer);
    const live = this.provider(HankoLiveSessions);
    const upgrades = this.provider(UpgradeRequests);
    const transports = this.provider<readonly HankoTransport[]>(HANKO_TRANSPORTS);
    let gateways: readonly Type[] | undefined;
    const open = (client: object): HankoCall => openSource(client, transports);
    return {
      authenticate: (call) =>
        service.authenticateConnection(call, (gateways ??= gatewaysOf(modules, address))),
      watch(found, client) {
        const { connection } = open(client);
        if (found && connection) live.watch(found.user, connection);
      },
      remember: (request, socket) => upgrades.remember(request, socket),
      open,
    };
  }

  private provider<T>(token: Type<T> | symbol): T {
    try {
      return this.app.get<T>(token, { strict: false });
    } catch {
      throw fault(
        'is used in an application without HankoModule. Import HankoModule.forRoot() once, in the root module.',
      );
    }
  }
}

const UNKNOWN_SERVER =
  'was given an adapter whose server is neither one of socket.io nor one of ws, so it cannot close connections. ' +
  'Authenticate them where they are opened, with HankoAuthService.authenticate().';

const fault = (hint: string): HankoConfigurationError =>
  new HankoConfigurationError([{ path: 'hankoSockets()', hint }]);
