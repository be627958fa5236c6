import { RequestMethod } from '@nestjs/common';
import * as nest from '../discovery/nest-metadata.js';
import type { AuditedApp } from './audited-app.js';
import type { Handler } from './handlers.js';

/**
 * Whether `CacheInterceptor` of `@nestjs/cache-manager` keeps what a handler answers under its URL, or under one
 * `@CacheKey()`: the same for every user. Known by its shape, so that the package need not be installed.
 */
export function isCachedByUrl(handler: Handler, { config }: AuditedApp): boolean {
  if (handler.kind !== 'http') return false;
  const key = nest.metadata(nest.CACHE_KEY, handler.called);
  // `@CacheKey((context) => …)`: a key of the app's own, as a trackBy() of its own makes one.
  if (typeof key === 'function') return false;
  const isCacheable =
    handler.http.some(({ method }) => CACHED.includes(method)) || key !== undefined;
  if (!isCacheable) return false;
  const bound = [handler.host.type, handler.called].flatMap(
    (target) => (nest.metadata(nest.INTERCEPTORS, target) ?? []) as readonly unknown[],
  );
  const scoped = config.getGlobalRequestInterceptors().map(({ metatype }) => metatype);
  return [...config.getGlobalInterceptors(), ...scoped, ...bound].some(keepsByUrl);
}

const CACHED = [RequestMethod[RequestMethod.GET], RequestMethod[RequestMethod.ALL]];

/** False where a subclass has a `trackBy` of its own. */
function keepsByUrl(interceptor: unknown): boolean {
  const target = (typeof interceptor === 'function' ? interceptor.prototype : interceptor) as
    { readonly trackBy?: unknown } | null | undefined;
  let base: object | null | undefined = target;
  while (base && !isCacheInterceptor(base)) base = Object.getPrototypeOf(base) as object | null;
  return (
    base !== null &&
    base !== undefined &&
    target?.trackBy === (base as { readonly trackBy?: unknown }).trackBy
  );
}

/** By name, or by its own methods where a bundler has changed the name. */
const isCacheInterceptor = (prototype: object): boolean =>
  Object.hasOwn(prototype, 'trackBy') &&
  ((Object.hasOwn(prototype, 'constructor') && prototype.constructor.name === 'CacheInterceptor') ||
    Object.hasOwn(prototype, 'isRequestCacheable'));
