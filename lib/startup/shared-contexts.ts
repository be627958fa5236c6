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
