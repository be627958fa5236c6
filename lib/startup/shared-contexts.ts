import type { ModulesContainer } from '@nestjs/core';
import type { NestModule } from '../discovery/app-classes.js';
import { GRAPHQL_OPTIONS } from '../discovery/nest-metadata.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { isFunction, isObject } from '../util/value-checks.js';

/**
 * Drivers of `@nestjs/graphql` write the request into the object that `GraphQLModule` got as `context`, and some of them
 * write it once and into that very object: every caller would then pass for the first one.
 * @throws HankoConfigurationError for each such object.
 */
export function refuseSharedContexts(modules: ModulesContainer): void {
  if (![...modules.values()].some(sharesItsContext)) return;
  throw new HankoConfigurationError([
    {
      path: 'GraphQLModule.forRoot(), context',
      hint:
        'is one object for all requests, and this driver leaves the first request in it: every caller would pass for the ' +
        'first one. Make it a function that returns a new object each time: context: () => ({ … }).',
    },
  ]);
}

/**
 * Where `context` is a function that returns one object for all, those drivers do the same, and nobody can see it at start.
 * From the second request on, such an object is copied, as Nest 12 does with Apollo.
 */
export function separateContexts(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    if (!providers.has(GRAPHQL_OPTIONS)) continue;
    for (const { instance } of providers.values()) {
      if (writesIntoIts(instance)) separateContextsOf(instance as WritingDriver);
    }
  }
}

interface WritingDriver {
  assignReqProperty(context: unknown, request: unknown): unknown;
}

function separateContextsOf(driver: WritingDriver): void {
  const assign = driver.assignReqProperty.bind(driver);
  const requestOf = new WeakMap<object, unknown>();
  driver.assignReqProperty = (context, request) => {
    if (!isObject(context)) return assign(context, request);
    const first = requestOf.get(context);
    if (first !== undefined && first !== request) {
      const copy: object = Object.create(Object.getPrototypeOf(context) as object | null) as object;
      return Object.assign(copy, context, { req: request });
    }
    const assigned = assign(context, request);
    if (context.req === request) requestOf.set(context, request);
    return assigned;
  };
}

function sharesItsContext({ providers }: NestModule): boolean {
  const options: unknown = providers.get(GRAPHQL_OPTIONS)?.instance;
  if (!isObject(options) || !isObject(options.context)) return false;
  return [...providers.values()].some(({ instance }) => writesIntoIts(instance));
}

/** Tried on an object of ours: which driver does so depends on its version. */
function writesIntoIts(driver: unknown): boolean {
  if (!isObject(driver) || !isFunction(driver.assignReqProperty)) return false;
  const context = {};
  return driver.assignReqProperty(context as never, {} as never) === context;
}
