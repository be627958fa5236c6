import type { AuditedApp } from '../audit/audited-app.js';
import type { DescribedHandler } from '../audit/describe-routes.js';
import { resolverIn } from '../audit/graphql.js';
import { isHandler } from '../audit/handlers.js';
import { skipProblem } from '../audit/problems.js';
import {
  bindsOurs,
  isOverridden,
  type RunningGuards,
  runningGuards,
} from '../audit/running-guards.js';
import { type RouteMarks, routeMarks, type RouteMode } from '../auth/route-marks.js';
import { type Host, hostsIn, type Method, methodsOf } from '../discovery/app-classes.js';
import {
  classNameOf,
  declaringPrototype,
  notedMark,
  notedMethods,
  prototypesOf,
} from '../discovery/mark-storage.js';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { ROUTE_MODE } from '../hanko.constants.js';

/**
 * Every mark takes effect, or the app does not start.
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
    description.access === 'unguarded' ||
    (description.access === 'parent' && isMarkedItself(handler, marks))
      ? lostGuard(handler, marks, guards)
      : [],
  );
  // Bots and the like find their handlers by decorators of their own, and go through Nest's ExternalContextCreator.
  const others = hosts
    .filter(({ kind }) => kind === 'providers')
    .flatMap(methodsOf)
    .filter((method) => !isHandler(method) && isCalledByOthers(method))
    .flatMap((method) => {
      const guards = runningGuards({ ...method, kind: 'other' }, app);
      return guards.ours
        ? []
        : lostGuard(method, routeMarks(method.called, method.host.type), guards);
    });
  return [...listed, ...others];
}

/** A mark on a class of resolvers counts for its queries and mutations. Its fields then have a warning, and start. */
const isMarkedItself = ({ called }: Method, { place }: RouteMarks): boolean =>
  place?.on === 'method' || bindsOurs(called);

/** The error of a handler that is marked closed and has no guard of ours. */
function lostGuard(method: Method, marks: RouteMarks, guards: RunningGuards): ConfigurationFault[] {
  if (marks.mode !== 'required') return [];
  const skipped = guards.skipped.find(({ isOurs, cause }) => isOurs && cause !== 'replaced');
  const reason = skipped === undefined ? lostBy(method, marks) : skipProblem(skipped);
  if (reason === undefined) return [];
  const demands = Object.keys(marks.demands);
  const unchecked =
    demands.length === 0 ? '' : ` Its demands (${demands.join(', ')}) are not checked either.`;
  return [{ path: method.name, hint: reason + unchecked }];
}

/** Why no guard runs for a handler that is marked closed; undefined if it is not marked closed. */
function lostBy({ method, host }: Method, { place }: RouteMarks): string | undefined {
  if (place === undefined) return undefined;
  const owner = classNameOf(place.prototype);
  if (place.on === 'class') {
    return (
      `is closed by @RequireAuth() on ${owner}, and Nest does not see the guard there: a decorator put another ` +
      'class in its place. Write @RequireAuth() above that decorator, or bind APP_GUARD.'
    );
  }
  return declaringPrototype(host.type, method) === place.prototype
    ? 'is marked @RequireAuth(), and no HankoAuthGuard runs for it: a decorator above it, the constructor or a ' +
        'hook such as onModuleInit() put another function in place of the method, which does not have its guards. Write @RequireAuth() above ' +
        'that decorator, or bind the guard to the class or with APP_GUARD.'
    : `overrides ${owner}.${method}, which is marked @RequireAuth(), and no HankoAuthGuard runs for the override. Mark ` +
        'it @RequireAuth() as well, or bind the guard to the class or with APP_GUARD. If it is meant to be open, mark ' +
        'it @Public().';
}

/** Marks of methods and classes that are no handlers, as far as their decorators show. */
function idleMarks(hosts: readonly Host[]): ConfigurationFault[] {
  const marks = new Map<object, Map<string, IdleMark>>();
  const note = (prototype: object, method: string, isUsed: boolean): void => {
    const ofClass = marks.get(prototype) ?? new Map<string, IdleMark>();
    marks.set(prototype, ofClass);
    const name = classNameOf(prototype) + (method === '' ? '' : `.${method}`);
    const mode = notedMark(ROUTE_MODE, prototype, method === '' ? undefined : method);
    ofClass.set(method, {
      name,
      mode: mode as RouteMode,
      isUsed: isUsed || ofClass.get(method)?.isUsed === true,
    });
  };
  // A mark of a base class is used if any class that extends it has a handler there, or overrides the method: without a
  // route decorator an override takes the route away, as is usual in Nest.
  for (const host of hosts) {
    const called = new Set(
      methodsOf(host)
        .filter((method) => isHandler(method) || isCalledByOthers(method))
        .map(({ method }) => method),
    );
    const hasHandlers = host.kind === 'controllers' || called.size > 0 || bearsOthers(host.listed);
    for (const prototype of prototypesOf(host.type)) {
      if (notedMark(ROUTE_MODE, prototype) !== undefined) note(prototype, '', hasHandlers);
      for (const method of notedMethods(ROUTE_MODE, prototype)) {
        const isOverride = declaringPrototype(host.type, method) !== prototype;
        note(prototype, method, called.has(method) || isOverride);
      }
    }
  }
  return [...marks.values()]
    .flatMap((ofClass) => [...ofClass.values()])
    .filter(({ isUsed }) => !isUsed)
    .map(({ name, mode }) => ({
      path: name,
      hint:
        `is marked ${DECORATORS[mode]} and is no handler: nothing calls it from outside, so the mark has no effect. If it ` +
        'is meant to be one, its route decorator (@Get() …) must stand above every decorator that replaces the method. ' +
        'Otherwise remove the mark.',
    }));
}

interface IdleMark {
  readonly name: string;
  readonly mode: RouteMode;
  readonly isUsed: boolean;
}

const DECORATORS: Readonly<Record<RouteMode, string>> = {
  public: '@Public()',
  optional: '@OptionalAuth()',
  required: '@RequireAuth()',
};

/** Whether a method has decorators of other packages, which may make it a handler. */
function isCalledByOthers(it: Method): boolean {
  const { declared, called, host, method } = it;
  if (resolverIn(it)?.part === 'type') return false;
  return (
    bearsOthers(declared) ||
    bearsOthers(called) ||
    prototypesOf(host.type).some((prototype) => bearsOthers(prototype, method))
  );
}

const bearsOthers = (target: object, property?: string): boolean =>
  (property === undefined
    ? Reflect.getMetadataKeys(target)
    : Reflect.getOwnMetadataKeys(target, property)
  ).some((key: unknown) =>
    typeof key === 'symbol'
      ? !isOurs(key)
      : ![OF_NEST, WITHOUT_GUARDS].some((keys) => keys.test(String(key))),
  );

const isOurs = (key: symbol): boolean => key.description?.startsWith('nestjs-hanko:') === true;

/** Metadata that Nest and TypeScript leave on any method or class, handler or not. */
const OF_NEST =
  /^(?:design:|self:|optional:|swagger\/|scope:options$|imports$|providers$|controllers$|exports$|__(?:injectable|guards|interceptors|pipes|exceptionFilters|module.*|global.*)__$)/;

/** On jobs and listeners: `@nestjs/schedule`, `event-emitter`, `bull` and `bullmq` call them without guards. */
const WITHOUT_GUARDS =
  /^(?:SCHEDULER_(?:TYPE|NAME)$|SCHEDULE_(?:CRON|INTERVAL|TIMEOUT)_OPTIONS$|EVENT_LISTENER_METADATA$|bull(?:mq)?:)/;
