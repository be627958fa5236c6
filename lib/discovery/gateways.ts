import type { ModulesContainer } from '@nestjs/core';
import { isObject } from '../util/value-checks.js';
import { type Host, hostsIn } from './app-classes.js';
import * as nest from './nest-metadata.js';

/** Where clients of a gateway connect: what Nest gives an adapter when it asks for a server. */
export interface GatewayAddress {
  /** Undefined and 0: the port of the app. */
  readonly port: unknown;
  /** The path of the URL. */
  readonly path: unknown;
  /** A text, a regular expression or a function; socket.io alone has them. */
  readonly namespace: unknown;
}

/** What Nest connects: what the app made by itself is none of it. */
export const gatewaysIn = (modules: ModulesContainer): Host[] =>
  hostsIn(modules, 'providers').filter(
    ({ listed, isMadeByNest }) => isMadeByNest && nest.metadata(nest.GATEWAY, listed) === true,
  );

/** The gateways whose clients connect there. */
export const gatewaysAt = (modules: ModulesContainer, address: GatewayAddress): Host[] =>
  gatewaysIn(modules).filter((host) => isSame(addressOf(host), address));

export function addressOf({ listed }: Host): GatewayAddress {
  const { path, namespace } = gatewayOptions(listed);
  return { port: nest.metadata(nest.GATEWAY_PORT, listed), path, namespace };
}

/** What `@WebSocketGateway()` was given. */
export function gatewayOptions(gateway: object): Readonly<Record<string, unknown>> {
  const options = nest.metadata(nest.GATEWAY_OPTIONS, gateway);
  return isObject(options) ? options : {};
}

const isSame = (a: GatewayAddress, b: GatewayAddress): boolean =>
  (a.port || 0) === (b.port || 0) &&
  a.path === b.path &&
  rooted(a.namespace) === rooted(b.namespace);

/** Nest takes `chat` and `/chat` for the same namespace. Without one it is the root. Paths are taken as they stand. */
const rooted = (namespace: unknown): unknown =>
  typeof namespace === 'string' ? `/${namespace.replace(/^\//, '')}` : (namespace ?? '/');
