import { RequestMethod } from '@nestjs/common';
import { hostsIn, type Method, methodsOf } from '../discovery/app-classes.js';
import { gatewayOptions } from '../discovery/gateways.js';
import * as nest from '../discovery/nest-metadata.js';
import { HANKO_PARAMETER } from '../hanko.constants.js';
import { isObject } from '../util/value-checks.js';
import { type AuditedApp, servesHttp } from './audited-app.js';
import { callBy, graphsIn, type GraphqlCall, resolverIn } from './graphql.js';
import { type HttpAddress, servedPaths } from './http-paths.js';
import type { HankoRouteDescription } from './route-description.js';

type Paths = string | readonly string[] | undefined;

/** A path and method of an HTTP handler. */
export interface HttpRoute {
  readonly method: string;
  readonly path: string;
  readonly versions: readonly string[];
}

/** A method of a controller, gateway or resolver that the outside can call. */
export interface Handler extends Method {
  readonly kind: HankoRouteDescription['kind'];
  /** Every way to call it. */
  readonly routes: readonly string[];
  /** Every way to call it over HTTP. */
  readonly http: readonly HttpRoute[];
  /** How GraphQL calls it; undefined unless it is a resolver. */
  readonly graphql?: GraphqlCall;
}

/** Every handler of an app, in the order in which Nest finds them. */
export function handlersOf(app: AuditedApp): Handler[] {
  const hosts = hostsIn(app.modules, 'controllers', 'providers');
  const graphs = graphsIn(app.modules);
  const isHttp = servesHttp(app);
  const made = new Set(
    hosts.flatMap(({ isMadeByNest, instance }) => (isMadeByNest ? [instance] : [])),
  );
  return hosts.flatMap((host) => {
    // GraphQL also takes what the app made by itself. Another name of a resolver is none besides.
    if (!host.isMadeByNest) {
      return !isHttp || graphs.length === 0 || made.has(host.instance)
        ? []
        : methodsOf(host).flatMap((it) => resolverHandler(it, graphs));
    }
    return methodsOf(host).flatMap((method) =>
      host.kind === 'controllers'
        ? [...(isHttp ? httpHandler(method, app) : []), ...messageHandler(method)]
        : [...gatewayHandler(method), ...(isHttp ? resolverHandler(method, graphs) : [])],
    );
  });
}

/** Whether Nest takes a method for a handler, whether or not this app serves its kind. */
export const isHandler = (method: Method): boolean =>
  [nest.PATH, nest.PATTERN_HANDLER, nest.IS_SUBSCRIPTION].some(
    (key) => nest.metadata(key, method.declared) !== undefined,
  ) || !['type', undefined].includes(resolverIn(method)?.part);

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
      ...(nest.metadata(nest.SSE, declared) === true ? ['(sse)'] : []),
    ].join(' '),
  );
  return [{ ...method, kind: 'http', routes, http }];
}

function messageHandler(method: Method): Handler[] {
  const type = nest.metadata(nest.PATTERN_HANDLER, method.declared);
  if (type === undefined) return [];
  const isGrpc = nest.metadata(nest.TRANSPORT, method.declared) === nest.GRPC;
  const patterns = [nest.metadata(nest.PATTERN, method.declared)].flat();
  const verb = type === nest.EVENT_HANDLER ? 'EVENT' : 'MESSAGE';
  const routes = patterns.map(
    (pattern) => grpcRoute(isGrpc, pattern) ?? `${verb} ${textOf(pattern)}`,
  );
  return [{ ...method, kind: isGrpc ? 'grpc' : 'message', routes, http: [] }];
}

function grpcRoute(isGrpc: boolean, pattern: unknown): string | undefined {
  if (!isGrpc || !isObject(pattern) || !('rpc' in pattern)) return undefined;
  return `GRPC ${String(pattern.service)}/${String(pattern.rpc)}`;
}

function resolverHandler(method: Method, graphs: ReturnType<typeof graphsIn>): Handler[] {
  const resolver = resolverIn(method);
  if (resolver === undefined || resolver.part === 'type') return [];
  const graphql = callBy(graphs, resolver, method.host.module);
  if (graphql === undefined) return [];
  // Nest calls the functions of the class, unless it makes an instance for each request.
  const called = method.host.isScoped ? method.called : method.declared;
  return [{ ...method, called, kind: 'resolver', routes: [resolver.route], http: [], graphql }];
}

function gatewayHandler(method: Method): Handler[] {
  const { host, declared } = method;
  const { listed: owner } = host;
  if (!nest.metadata(nest.GATEWAY, owner) || !nest.metadata(nest.IS_SUBSCRIPTION, declared)) {
    return [];
  }
  const message = textOf(nest.metadata(nest.MESSAGE, declared));
  const place = placeOf(owner);
  const where = place === undefined ? '' : `${place} `;
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

/** The namespace or path of a gateway, where it has one. */
export function placeOf(gateway: object): string | undefined {
  const { namespace, path } = gatewayOptions(gateway);
  const place = namespace ?? path;
  return place === undefined ? undefined : `/${textOf(place).replace(/^\//, '')}`;
}

/** Patterns are texts or objects; namespaces and hosts may be regular expressions. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  // Of a function, which a namespace may be, JSON has nothing.
  return value instanceof RegExp ? value.toString() : (JSON.stringify(value) ?? '(function)');
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
