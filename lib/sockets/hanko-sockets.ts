import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HANKO_SOCKETS } from '../hanko.constants.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';
import type { Servers } from './door.js';
import { Doors, fault, provider } from './doors.js';

/** The part of Nest's WebSocket adapters that is used: they are made by `@nestjs/platform-socket.io` and `@nestjs/platform-ws`. */
export interface HankoSocketAdapter {
  /** Makes the server, or the namespace, that a gateway asks for. */
  create(port: number, options?: unknown): unknown;
}

/**
 * Closes the connections of gateways, and not only their messages: nobody connects without a valid session token, a page of
 * a foreign site cannot use its visitor's cookie, and a connection ends with the session that opened it.
 *
 * ```ts
 * import { IoAdapter } from '@nestjs/platform-socket.io';
 *
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
  const doors: Servers = new Doors(app);
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
