import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { ROUTE_MODE } from '../hanko.constants.js';

/** What a route asks of its caller. */
export type RouteMode = 'public' | 'optional' | 'required';

const reflector = new Reflector();

/** The handler's own mark beats its class's. Unmarked routes are `required`. */
export function routeMode(context: ExecutionContext): RouteMode {
  const mode = reflector.getAllAndOverride<RouteMode | undefined>(ROUTE_MODE, [
    context.getHandler(),
    context.getClass(),
  ]);
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
