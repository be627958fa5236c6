import type { AuditedApp } from '../audit/audited-app.js';
import type { DescribedHandler } from '../audit/describe-routes.js';
import { isHandler } from '../audit/handlers.js';
import { skipProblem } from '../audit/problems.js';
import { isOverridden, type RunningGuards, runningGuards } from '../audit/running-guards.js';
import { type RouteMarks, routeMarks } from '../auth/route-marks.js';
import { type Host, hostsIn, type Method, methodsOf } from '../discovery/hosts.js';
import { classNameOf, notedMark, notedMethods, prototypesOf } from '../discovery/marks.js';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { ROUTE_MODE } from '../hanko.constants.js';

/**
 * A mark that was written counts, or the app does not start.
 * @throws HankoConfigurationError that names each handler that is marked closed and for which no guard of ours runs,
 * and each mark that stands where nothing is called from outside.
 */
export function refuseLostMarks(app: AuditedApp, handlers: readonly DescribedHandler[]): void {
  const hosts = hostsIn(app.modules, 'controllers', 'providers', 'injectables').filter(
    ({ isMadeByNest }) => isMadeByNest,
  );
  const faults = [
    ...(isOverridden(app) ? [] : unguarded(app, handlers, hosts)),
    ...idleMarks(hosts),
  ];
  const byText = new Map(faults.map((fault) => [`${fault.path} ${fault.hint}`, fault]));
  if (byText.size > 0) throw new HankoConfigurationError([...byText.values()]);
}

function unguarded(
  app: AuditedApp,
  handlers: readonly DescribedHandler[],
  hosts: readonly Host[],
): ConfigurationFault[] {
  const listed = handlers.flatMap(({ handler, guards, marks, description }) =>
    description.access === 'unguarded' ? lostGuard(handler, marks, guards) : [],
  );
  // GraphQL and the like find their handlers by decorators of their own.
  const others = hosts
    .filter(({ kind }) => kind === 'providers')
    .flatMap(methodsOf)
    .filter((method) => !isHandler(method) && isCalledByOthers(method))
    .flatMap((method) => {
      const guards = runningGuards(method, 'other', app);
      return guards.ours
        ? []
        : lostGuard(method, routeMarks(method.called, method.host.type), guards);
    });
  return [...listed, ...others];
}

/** The fault of a handler without our guard, if it is marked closed. */
function lostGuard(method: Method, marks: RouteMarks, guards: RunningGuards): ConfigurationFault[] {
  const { mode, place, demands } = marks;
  const skipped = guards.skipped.find(({ isOurs, cause }) => isOurs && cause !== 'replaced');
  if (mode !== 'required') return [];
  if (skipped !== undefined)
    return [{ path: method.name, hint: lost(skipProblem(skipped), demands) }];
  if (place === undefined) return [];
  const marker =
    place.on === 'class'
      ? classNameOf(place.prototype)
      : `${classNameOf(place.prototype)}.${method.method}`;
  if (place.on === 'class') {
    return [
      {
        path: method.name,
        hint: lost(
          `is closed by @RequireAuth() on ${marker}, and Nest does not see the guard there: a decorator put another ` +
            'class in its place. Write @RequireAuth() above that decorator, or bind APP_GUARD.',
          demands,
        ),
      },
    ];
  }
  const isOverride = !Object.hasOwn(place.prototype, method.method)
    ? false
    : prototypesOf(method.host.type).findIndex((prototype) =>
        Object.hasOwn(prototype, method.method),
      ) < prototypesOf(method.host.type).indexOf(place.prototype);
  return [
    {
      path: method.name,
      hint: lost(
        isOverride
          ? `overrides ${marker}, which is marked @RequireAuth(), and no HankoAuthGuard runs for the override. Mark it ` +
              '@RequireAuth() as well, or bind the guard to the class or with APP_GUARD. If it is meant to be open, mark it @Public().'
          : 'is marked @RequireAuth(), and no HankoAuthGuard runs for it: a decorator above it, or the constructor, put ' +
              'another function in place of the method, and Nest reads guards from that one. Write @RequireAuth() above ' +
              'that decorator, or bind the guard to the class or with APP_GUARD.',
        demands,
      ),
    },
  ];
}

const lost = (hint: string, demands: object): string => {
  const names = Object.keys(demands);
  return names.length === 0
    ? hint
    : `${hint} Its demands (${names.join(', ')}) are not checked either.`;
};

/** Marks of methods and classes that nothing calls from outside, as far as their decorators tell. */
function idleMarks(hosts: readonly Host[]): ConfigurationFault[] {
  const used = new Set<string>();
  const marked = new Map<string, string>();
  const ids = new Map<object, number>();
  const keyOf = (prototype: object, method = ''): string => {
    if (!ids.has(prototype)) ids.set(prototype, ids.size);
    return `${ids.get(prototype)} ${method}`;
  };
  for (const host of hosts) {
    const methods = methodsOf(host);
    const isCalled = (method: string): boolean =>
      methods.some(
        (candidate) =>
          candidate.method === method && (isHandler(candidate) || isCalledByOthers(candidate)),
      );
    const isUsed =
      host.kind === 'controllers' ||
      bearsOthers(host.listed) ||
      methods.some(({ method }) => isCalled(method));
    for (const prototype of prototypesOf(host.type)) {
      if (notedMark(ROUTE_MODE, prototype) !== undefined) {
        marked.set(keyOf(prototype), classNameOf(prototype));
        if (isUsed) used.add(keyOf(prototype));
      }
      for (const method of notedMethods(ROUTE_MODE, prototype)) {
        marked.set(keyOf(prototype, method), `${classNameOf(prototype)}.${method}`);
        if (isCalled(method)) used.add(keyOf(prototype, method));
      }
    }
  }
  return [...marked].filter(([key]) => !used.has(key)).map(([, path]) => ({ path, hint: IDLE }));
}

const IDLE =
  'is marked @Public(), @OptionalAuth() or @RequireAuth() and is no handler: nothing calls it from outside, so the mark ' +
  'has no effect. If it is meant to be one, its route decorator (@Get() …) must stand above every decorator that ' +
  'replaces the method. Otherwise remove the mark.';

/** Whether decorators of other packages stand on a method: they may make a handler of it. */
const isCalledByOthers = ({ declared, called, host, method }: Method): boolean =>
  bearsOthers(declared) ||
  bearsOthers(called) ||
  prototypesOf(host.type).some((prototype) => bearsOthers(prototype, method));

const bearsOthers = (target: object, property?: string): boolean =>
  (property === undefined
    ? Reflect.getMetadataKeys(target)
    : Reflect.getOwnMetadataKeys(target, property)
  ).some((key: unknown) => !(typeof key === 'symbol' ? isOurs(key) : OF_NEST.test(String(key))));

const isOurs = (key: symbol): boolean => key.description?.startsWith('nestjs-hanko:') === true;

/** What decorators of Nest leave on any method or class, handler or not; and TypeScript. */
const OF_NEST =
  /^(?:design:|self:|optional:|swagger\/|scope:options$|imports$|providers$|controllers$|exports$|__(?:injectable|guards|interceptors|pipes|exceptionFilters|module.*|global.*)__$)/;
