import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import {
  type Marked,
  methodsCalledBy,
  notedMark,
  notedMethods,
  ownersOf,
  ownMark,
  prototypesOf,
  setMark,
} from '../discovery/mark-storage.js';
import { ROUTE_DEMANDS, ROUTE_MODE } from '../hanko.constants.js';
import { isObject } from '../util/value-checks.js';
import type { RequireAuthOptions } from './require-auth-options.js';

/** What a route asks of its caller. */
export type RouteMode = 'public' | 'optional' | 'required';

/** What decorators say about a handler and its class. */
export interface RouteMarks {
  /** `required` where nothing is marked. */
  readonly mode: RouteMode;
  /** Where that is marked; undefined where nothing is. */
  readonly place: MarkPlace | undefined;
  /** The demands of handler and class, merged one by one: the handler's override its class's. */
  readonly demands: RequireAuthOptions;
}

/** The class, or the method of a class, that bears a mark. */
export interface MarkPlace {
  readonly on: 'class' | 'method';
  readonly prototype: object;
}

/** What one class or method says. */
interface Level {
  readonly place: MarkPlace;
  readonly mode: RouteMode | undefined;
  readonly demands: RequireAuthOptions | undefined;
}

/**
 * Reads what decorators say about a handler: the marks on the function, and those that are written down under its
 * class and name, should another function have taken its place.
 *
 * A method that overrides one of a base class inherits what closes (`required` and its demands), and nothing that opens.
 */
export function routeMarks(handler: Function, owner: Function): RouteMarks {
  const found = ownersOf(owner, handler).flatMap((candidate) => {
    const methods = methodsCalledBy(candidate, handler);
    return methods.length === 0
      ? [marksOf(handler, candidate)]
      : methods.map((method) => marksOf(handler, candidate, method));
  });
  return {
    ...(found.find(({ mode }) => mode === strictest(found)) as RouteMarks),
    demands: found.reduce<RequireAuthOptions>((all, { demands }) => merge(all, demands), {}),
  };
}

const NO_HANDLER = (): void => undefined;

/** Reads what decorators say about a class, for what concerns none of its handlers alone. */
export const classMarks = (owner: Function): RouteMarks => routeMarks(NO_HANDLER, owner);

function marksOf(handler: Function, owner: Function, method?: string): RouteMarks {
  const prototypes = prototypesOf(owner);
  const ofClass = classLevels(owner, prototypes);
  const ofMethod = method === undefined ? [] : methodLevels(prototypes, method);
  const declaring = prototypes.findIndex(
    (prototype) => method !== undefined && Object.hasOwn(prototype, method),
  );
  const isInherited = ({ place }: Level): boolean =>
    declaring !== -1 && prototypes.indexOf(place.prototype) > declaring;
  const own = ofMethod.filter((level) => !isInherited(level));
  const inherited = ofMethod.filter(isInherited);
  const onFunction: Level = {
    place: { on: 'method', prototype: prototypes[Math.max(declaring, 0)] ?? owner },
    mode: Reflect.getMetadata(ROUTE_MODE, handler) as RouteMode | undefined,
    demands: Reflect.getMetadata(ROUTE_DEMANDS, handler) as RequireAuthOptions | undefined,
  };
  const nearest = [own.find(({ mode }) => mode !== undefined), onFunction].filter(
    (level): level is Level => level?.mode !== undefined,
  );
  const marked =
    nearest.find(({ mode }) => mode === strictest(nearest)) ??
    inherited.find(({ mode }) => mode === 'required') ??
    ofClass.find(({ mode }) => mode !== undefined);
  const farthestFirst = [...ofClass.toReversed(), ...inherited.toReversed(), onFunction];
  return {
    mode: marked?.mode ?? 'required',
    place: marked?.place,
    demands: [...farthestFirst, ...own.toReversed()].reduce<RequireAuthOptions>(
      (all, { demands = {} }) => merge(all, demands),
      {},
    ),
  };
}

const strictest = (
  marks: readonly { readonly mode: RouteMode | undefined }[],
): RouteMode | undefined =>
  (['required', 'optional', 'public'] as const).find((mode) =>
    marks.some((mark) => mark.mode === mode),
  );

/** Nearest first. A mark may stand on the class alone, where a decorator copied it to a class of its own. */
const classLevels = (owner: Function, prototypes: readonly object[]): Level[] =>
  prototypes.map((prototype, index) => {
    const named = prototype.constructor;
    const classes = [
      ...(index === 0 ? [owner] : []),
      ...(named.prototype === prototype ? [named] : []),
    ];
    const read = (key: symbol): unknown =>
      notedMark(key, prototype) ??
      classes.map((type) => Reflect.getOwnMetadata(key, type) as unknown).find(Boolean);
    return levelOf({ on: 'class', prototype }, read);
  });

/** Nearest first. */
const methodLevels = (prototypes: readonly object[], method: string): Level[] =>
  prototypes.map((prototype) =>
    levelOf({ on: 'method', prototype }, (key) => notedMark(key, prototype, method)),
  );

const levelOf = (place: MarkPlace, read: (key: symbol) => unknown): Level => ({
  place,
  mode: read(ROUTE_MODE) as RouteMode | undefined,
  demands: read(ROUTE_DEMANDS) as RequireAuthOptions | undefined,
});

/**
 * A request-scoped controller may put functions in place of its methods that nobody saw when the app started.
 * @throws HankoConfigurationError for a function that the class does not have, where one of its methods is marked
 * closed: nobody can tell whether it is that one.
 */
export function refuseUnknown(handler: Function, owner: Function): void {
  if (ownersOf(owner, handler).some((type) => methodsCalledBy(type, handler).length > 0)) return;
  const isClosedSomewhere = ownersOf(owner, handler)
    .flatMap(prototypesOf)
    .some((prototype) =>
      notedMethods(ROUTE_MODE, prototype).some(
        (method) => notedMark(ROUTE_MODE, prototype, method) === 'required',
      ),
    );
  if (!isClosedSomewhere) return;
  throw new HankoConfigurationError([
    {
      path: `${owner.name}.${handler.name || '(anonymous)'}`,
      hint:
        `is called as a handler and is no method of ${owner.name}, so its marks are unknown. Let the ` +
        'constructor leave methods as they are, or mark the class in place of its methods.',
    },
  ]);
}

/** The latter's override the former's, claim by claim; null takes back. */
const merge = (before: RequireAuthOptions, demands: RequireAuthOptions): RequireAuthOptions => ({
  ...before,
  ...demands,
  ...(before.claims && demands.claims && { claims: { ...before.claims, ...demands.claims } }),
});

/**
 * Marks a class or handler.
 * @throws HankoConfigurationError if it has another mark already: which of the two holds would depend on the order of
 * decorators.
 */
export function markRoute(mode: RouteMode, marked: Marked): void {
  const before = ownMark(ROUTE_MODE, marked) as RouteMode | undefined;
  if (before !== undefined && before !== mode) {
    throw new HankoConfigurationError([
      {
        path: marked.name,
        hint: `is marked both ${before} and ${mode}: keep one of @Public(), @OptionalAuth() and @RequireAuth().`,
      },
    ]);
  }
  setMark(ROUTE_MODE, mode, marked);
}

/**
 * Adds to the demands of a class or handler; compositions of decorators may each add some.
 * @throws HankoConfigurationError if it has another value for one already: which of the two holds would depend on the
 * order of decorators.
 */
export function markDemands(demands: RequireAuthOptions, marked: Marked): void {
  const before = (ownMark(ROUTE_DEMANDS, marked) ?? {}) as RequireAuthOptions;
  const faults = saidTwice(before, demands, '@RequireAuth()');
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  setMark(ROUTE_DEMANDS, merge(before, demands), marked);
}

function saidTwice(own: object, demands: object, path: string): ConfigurationFault[] {
  const before = new Map<string, unknown>(Object.entries(own));
  return Object.entries(demands).flatMap(([name, demand]: [string, unknown]) => {
    const other = before.get(name);
    if (other === undefined) return [];
    if (name === 'claims' && isObject(other) && isObject(demand))
      return saidTwice(other, demand, `${path}.claims`);
    if (isSame(other, demand)) return [];
    return [
      { path: `${path}.${name}`, hint: 'is set to two values on one target: keep one of them.' },
    ];
  });
}

/** Functions are the same only if they are one. */
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a !== 'function' && JSON.stringify(a) === JSON.stringify(b));
