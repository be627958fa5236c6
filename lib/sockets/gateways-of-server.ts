import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { hostsIn } from '../discovery/app-classes.js';
import * as nest from '../discovery/nest-metadata.js';
import { isObject } from '../util/value-checks.js';

/** What tells one server of gateways from another: what Nest gives an adapter when it asks for one. */
export interface ServerAddress {
  readonly port: unknown;
  /** The path of the URL. */
  readonly path: unknown;
  /** Of socket.io: a text, a regular expression or a function. */
  readonly namespace: unknown;
}

/** The classes of the gateways whose clients connect there. */
export const gatewaysOf = (modules: ModulesContainer, address: ServerAddress): readonly Type[] =>
  hostsIn(modules, 'providers')
    .filter(({ listed }) => nest.metadata(nest.GATEWAY, listed) === true)
    .filter(({ listed }) => isSame(addressOf(listed), address))
    .map(({ type }) => type);

export function addressOf(gateway: Type): ServerAddress {
  const options = nest.metadata(nest.GATEWAY_OPTIONS, gateway);
  const { path, namespace } = isObject(options) ? options : {};
  return { port: nest.metadata(nest.GATEWAY_PORT, gateway), path, namespace };
}

const isSame = (a: ServerAddress, b: ServerAddress): boolean =>
  Number(a.port ?? 0) === Number(b.port ?? 0) &&
  normal(a.path) === normal(b.path) &&
  normal(a.namespace) === normal(b.namespace);

/** Nest takes `chat` and `/chat` for the same. Without one it is the root. */
const normal = (value: unknown): unknown =>
  typeof value === 'string' || value === undefined || value === null
    ? `/${(value ?? '').replace(/^\/+|\/+$/g, '')}`
    : value;
