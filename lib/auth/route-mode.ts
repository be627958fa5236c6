import type { ExecutionContext, Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { handlerName } from '../extraction/request.js';
import { ROUTE_MODE } from '../hanko.constants.js';

/** What a route asks of its caller. */
export type RouteMode = 'public' | 'optional' | 'required';

/** What does not change from one request of a handler to the next. */
export interface Route {
  readonly mode: RouteMode;
  /** `NotesController.list` */
  readonly name: string;
}

const reflector = new Reflector();

/** Reads the marks of handlers, once each. */
export class Routes {
  /** By class, then handler: classes that inherit a handler share the function, not the mark. */
  private readonly known = new WeakMap<object, WeakMap<object, Route>>();

  of(context: ExecutionContext): Route {
    const handler = context.getHandler();
    const owner = context.getClass();
    let handlers = this.known.get(owner);
    if (handlers === undefined) this.known.set(owner, (handlers = new WeakMap()));
    let route = handlers.get(handler);
    if (route === undefined) {
      route = { mode: routeMode(handler, owner), name: handlerName(context) };
      handlers.set(handler, route);
    }
    return route;
  }
}

/** The handler's own mark beats its class's. Unmarked routes are `required`. */
function routeMode(handler: Function, owner: Type): RouteMode {
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
