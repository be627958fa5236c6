import type { Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { ROUTE_DEMANDS, ROUTE_MODE } from '../hanko.constants.js';
import { isObject } from '../util/value-checks.js';
import type { RequireAuthOptions } from './require-auth-options.js';

/** What a route asks of its caller. */
export type RouteMode = 'public' | 'optional' | 'required';

const reflector = new Reflector();

/** The demands of a handler and its class, merged: the handler's win, one by one. */
export function routeDemands(handler: object, owner: object): RequireAuthOptions {
  return merge(demandsOf(owner), demandsOf(handler));
}

/** The demands of a handler, or of a class and those that it extends: what is nearer wins. */
export function demandsOf(target: object | null): RequireAuthOptions {
  if (target === null) return {};
  return merge(demandsOf(Object.getPrototypeOf(target) as object | null), ownDemands(target) ?? {});
}

const ownDemands = (target: object): RequireAuthOptions | undefined =>
  Reflect.getOwnMetadata(ROUTE_DEMANDS, target) as RequireAuthOptions | undefined;

/** The latter's win, claim by claim; null takes back. */
const merge = (before: RequireAuthOptions, demands: RequireAuthOptions): RequireAuthOptions => ({
  ...before,
  ...demands,
  ...(before.claims && demands.claims && { claims: { ...before.claims, ...demands.claims } }),
});

/** The handler's own mark beats its class's. Unmarked routes are `required`. */
export function routeMode(handler: Function, owner: Type): RouteMode {
  const mode = reflector.getAllAndOverride<RouteMode | undefined>(ROUTE_MODE, [handler, owner]);
  return mode === 'public' || mode === 'optional' ? mode : 'required';
}

/**
 * Marks a class or handler.
 * @throws HankoConfigurationError if it bears another mark already: which of the two holds would
 * depend on the order of decorators.
 */
export function markRoute(
  mode: RouteMode,
  target: object,
  property?: string | symbol,
  descriptor?: PropertyDescriptor,
): void {
  const marked = descriptor === undefined ? target : (descriptor.value as object);
  const before = Reflect.getOwnMetadata(ROUTE_MODE, marked) as RouteMode | undefined;
  if (before !== undefined && before !== mode) {
    const owner = typeof target === 'function' ? target.name : target.constructor.name;
    throw new HankoConfigurationError([
      {
        path: property === undefined ? owner : `${owner}.${String(property)}`,
        hint: `is marked both ${before} and ${mode}: keep one of @Public(), @OptionalAuth() and @RequireAuth().`,
      },
    ]);
  }
  Reflect.defineMetadata(ROUTE_MODE, mode, marked);
}

/**
 * Adds to the demands of a class or handler; compositions of decorators may each add some.
 * @throws HankoConfigurationError if it has another value for one already: which of the two holds would
 * depend on the order of decorators.
 */
export function markDemands(demands: RequireAuthOptions, marked: object): void {
  const before = ownDemands(marked) ?? {};
  const faults = saidTwice(before, demands, '@RequireAuth()');
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  Reflect.defineMetadata(ROUTE_DEMANDS, merge(before, demands), marked);
}

function saidTwice(own: object, demands: object, path: string): ConfigurationFault[] {
  const before = new Map<string, unknown>(Object.entries(own));
  return Object.entries(demands).flatMap(([name, demand]: [string, unknown]) => {
    const other = before.get(name);
    if (other === undefined) return [];
    if (name === 'claims' && isObject(other) && isObject(demand))
      return saidTwice(other, demand, `${path}.claims`);
    if (isSame(other, demand)) return [];
    return [{ path: `${path}.${name}`, hint: 'is said twice on one target: keep one of them.' }];
  });
}

/** Functions are the same only if they are one. */
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a !== 'function' && JSON.stringify(a) === JSON.stringify(b));
