import { RequestMethod, type Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { type AppUnderAudit, servesHttp } from './app-under-audit.js';
import { type HttpAddress, servedPaths } from './http-paths.js';
import * as nest from './nest-metadata.js';
import type { HankoRouteDescription } from './route-description.js';

export type NestModule = ModulesContainer extends Map<string, infer Module> ? Module : never;
type Paths = string | readonly string[] | undefined;

/** A path and method of an HTTP handler. */
export interface HttpRoute {
  readonly method: string;
  readonly path: string;
  readonly versions: readonly string[];
}

/** A method of a controller or gateway that the outside can call. */
export interface Handler {
  readonly kind: HankoRouteDescription['kind'];
  /** Every way to call it. */
  readonly routes: readonly string[];
  /** The same, of HTTP handlers. */
  readonly http: readonly HttpRoute[];
  readonly name: string;
  readonly owner: Type;
  /** Whether Nest makes an instance of the class for each request. */
  readonly isScoped: boolean;
  readonly module: NestModule;
  readonly method: string;
  /** The function as the class has it, where its decorators are. */
  readonly declared: Function;
  /** The function that Nest calls, and reads the decorators of. */
  readonly called: Function;
}

/** Every handler of an app, in the order in which Nest finds them. */
export function handlersOf(app: AppUnderAudit): Handler[] {
  return [...app.modules.values()].flatMap((module) => [
    ...methodsOf(module, 'controllers').flatMap((method) => [
      ...(servesHttp(app) ? httpHandler(method, app) : []),
      ...messageHandler(method),
    ]),
    ...methodsOf(module, 'providers').flatMap(gatewayHandler),
  ]);
}

/** A method of a class, not yet known to be a handler. */
type Method = Omit<Handler, 'kind' | 'routes' | 'http'>;

function methodsOf(module: NestModule, kind: 'controllers' | 'providers'): Method[] {
  return [...module[kind].values()].flatMap((wrapper) => {
    const { metatype: owner, isNotMetatype } = wrapper;
    if (isNotMetatype || typeof owner !== 'function') return [];
    const prototype = owner.prototype as Record<string, unknown> | undefined;
    if (prototype === undefined) return [];
    return new MetadataScanner().getAllMethodNames(prototype).map((method) => {
      const declared = prototype[method] as Function;
      const instance = wrapper.instance as Readonly<Record<string, unknown>> | undefined;
      const called = instance?.[method];
      return {
        name: `${owner.name}.${method}`,
        owner: owner as Type,
        isScoped: !wrapper.isDependencyTreeStatic(),
        module,
        method,
        declared,
        called: typeof called === 'function' ? called : declared,
      };
    });
  });
}

function httpHandler(method: Method, { config, modules }: AppUnderAudit): Handler[] {
  const { owner, module, declared } = method;
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
  const host = nest.metadata(nest.HOST, owner);
  const routes = http.map(({ method: verb, path, versions }) =>
    [
      `${verb} ${path}`,
      ...(host === undefined ? [] : [`(host ${[host].flat().map(textOf).join(', ')})`]),
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
  const { owner, declared } = method;
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
