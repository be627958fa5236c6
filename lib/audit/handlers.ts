import { RequestMethod } from '@nestjs/common';
import { hostsIn, type Method, methodsOf } from '../discovery/app-classes.js';
import * as nest from '../discovery/nest-metadata.js';
import { HANKO_PARAMETER } from '../hanko.constants.js';
import { type AuditedApp, servesHttp } from './audited-app.js';
import { type HttpAddress, servedPaths } from './http-paths.js';
import type { HankoRouteDescription } from './route-description.js';

type Paths = string | readonly string[] | undefined;

/** A path and method of an HTTP handler. */
export interface HttpRoute {
  readonly method: string;
  readonly path: string;
  readonly versions: readonly string[];
}

/** A method of a controller or gateway that the outside can call. */
export interface Handler extends Method {
  readonly kind: HankoRouteDescription['kind'];
  /** Every way to call it. */
  readonly routes: readonly string[];
  /** Every way to call it over HTTP. */
  readonly http: readonly HttpRoute[];
}

/** Every handler of an app, in the order in which Nest finds them. */
export const handlersOf = (app: AuditedApp): Handler[] =>
  hostsIn(app.modules, 'controllers', 'providers')
    .filter(({ isMadeByNest }) => isMadeByNest)
    .flatMap((host) =>
      methodsOf(host).flatMap((method) =>
        host.kind === 'controllers'
          ? [...(servesHttp(app) ? httpHandler(method, app) : []), ...messageHandler(method)]
          : gatewayHandler(method),
      ),
    );

/** Whether Nest takes a method for a handler, whether or not this app serves its kind. */
export const isHandler = ({ declared }: Method): boolean =>
  [nest.PATH, nest.PATTERN_HANDLER, nest.IS_SUBSCRIPTION].some(
    (key) => nest.metadata(key, declared) !== undefined,
  );

function httpHandler(method: Method, { config, modules }: AuditedApp): Handler[] {
  const { host, declared } = method;
  const { listed: owner, module } = host;
  const paths = nest.metadata(nest.PATH, declared) as Paths;
  const controllerPaths = nest.metadata(nest.PATH, owner) as Paths;
  const requestMethod = nest.metadata(nest.METHOD, declared) as RequestMethod | undefined;
  if (paths === undefined || controllerPaths === undefined || requestMethod === undefined)
    return [];
  const address = {
    method: requestMethod,
    modulePath: (nest.metadata(nest.MODULE_PATH + modules.applicationId, module.metatype) ??
      nest.metadata(nest.MODULE_PATH, module.metatype)) as string | undefined,
    controllerVersion: nest.metadata(nest.VERSION, owner) as HttpAddress['controllerVersion'],
    handlerVersion: nest.metadata(nest.VERSION, declared) as HttpAddress['handlerVersion'],
  };
  const http = [controllerPaths].flat().flatMap((controllerPath) =>
    [paths]
      .flat()
      .flatMap((path) => servedPaths({ ...address, controllerPath, path }, config))
      .map((served) => ({ ...served, method: RequestMethod[requestMethod] })),
  );
  const hostname = nest.metadata(nest.HOST, owner);
  const routes = http.map(({ method: verb, path, versions }) =>
    [
      `${verb} ${path}`,
      ...(hostname === undefined ? [] : [`(host ${[hostname].flat().map(textOf).join(', ')})`]),
      ...(versions.length === 0 ? [] : [`(version ${versions.join(', ')})`]),
    ].join(' '),
  );
  return [{ ...method, kind: 'http', routes, http }];
}

function messageHandler(method: Method): Handler[] {
  const type = nest.metadata(nest.PATTERN_HANDLER, method.declared);
  if (type === undefined) return [];
  const patterns = [nest.metadata(nest.PATTERN, method.declared)].flat();
  const verb = type === nest.EVENT_HANDLER ? 'EVENT' : 'MESSAGE';
  const routes = patterns.map((pattern) => `${verb} ${textOf(pattern)}`);
  return [{ ...method, kind: 'message', routes, http: [] }];
}

function gatewayHandler(method: Method): Handler[] {
  const { host, declared } = method;
  const { listed: owner } = host;
  if (!nest.metadata(nest.GATEWAY, owner) || !nest.metadata(nest.IS_SUBSCRIPTION, declared)) {
    return [];
  }
  const { namespace, path } = (nest.metadata(nest.GATEWAY_OPTIONS, owner) ?? {}) as {
    readonly namespace?: unknown;
    readonly path?: unknown;
  };
  const space = namespace ?? path;
  const message = textOf(nest.metadata(nest.MESSAGE, declared));
  const where = space === undefined ? '' : `/${textOf(space).replace(/^\//, '')} `;
  // Nest reads the decorators of a gateway's methods from its class.
  return [
    {
      ...method,
      called: declared,
      kind: 'gateway',
      routes: [`SUBSCRIBE ${where}${message}`],
      http: [],
    },
  ];
}

/** Patterns are texts or objects; namespaces and hosts may be regular expressions. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof RegExp ? value.toString() : JSON.stringify(value);
}

/** Which decorators of ours a handler's parameters bear: `@CurrentUser()`, `@SessionToken()`. */
export function ourParameters({ host, method }: Handler): readonly string[] {
  const parameters = (nest.metadata(nest.PARAMETERS, host.type, method) ?? {}) as Readonly<
    Record<string, { readonly pipes?: readonly unknown[] }>
  >;
  const names = Object.values(parameters).flatMap(({ pipes = [] }) => pipes.map(brandOf));
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Also of pipes of another copy of this package. */
function brandOf(pipe: unknown): string | undefined {
  if (typeof pipe !== 'function') return undefined;
  const prototype = pipe.prototype as { readonly [HANKO_PARAMETER]?: string } | undefined;
  return prototype?.[HANKO_PARAMETER];
}
