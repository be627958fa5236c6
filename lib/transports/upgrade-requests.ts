import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { hasGateways } from '../discovery/app-classes.js';
import { isFunction, isObject } from '../util/value-checks.js';

/**
 * The handshakes of the WebSockets that share the app's HTTP server: a client of `ws` keeps nothing of its own. What is
 * remembered is gone with the socket.
 */
@Injectable()
export class UpgradeRequests implements OnModuleInit {
  private readonly bySocket = new WeakMap<object, object>();

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** By now Nest has bound the gateways to the server. */
  onModuleInit(): void {
    if (!hasGateways(this.modules)) return;
    const server: unknown = this.host.httpAdapter?.getHttpServer?.();
    if (!isObject(server) || !isFunction(server.prependListener)) return;
    // Node answers an upgrade request like any other, but not if somebody listens: a listener that does nothing about it
    // would leave it open for ever.
    if (
      !isFunction(server.listenerCount) ||
      !(Number(server.listenerCount('upgrade' as never)) > 0)
    )
      return;
    server.prependListener.call(server, 'upgrade' as never, this.onUpgrade as never);
  }

  /** @param socket the TCP socket of the connection. */
  of(socket: object): unknown {
    return this.bySocket.get(socket);
  }

  private readonly onUpgrade = (request: unknown, socket: unknown): void => {
    // Node has let go of it. Nest's WsAdapter writes to those that it refuses, and a client that has gone would end the process.
    if (isObject(socket) && isFunction(socket.on)) {
      socket.on.call(socket, 'error' as never, NOTHING as never);
    }
    this.remember(request, socket);
  };

  /**
   * @param request what opened a WebSocket.
   * @param socket its TCP socket.
   */
  readonly remember = (request: unknown, socket: unknown): void => {
    if (!isObject(request) || !isObject(socket)) return;
    const { method, url, rawHeaders } = request;
    this.bySocket.set(socket, { method, url, rawHeaders });
  };
}

const NOTHING = (): void => undefined;
