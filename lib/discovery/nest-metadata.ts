/**
 * What Nest's decorators leave behind. `@nestjs/websockets`, `@nestjs/microservices` and `@nestjs/graphql` may not
 * be installed, and those of the core are not exported.
 */
export const PATH = 'path';
export const METHOD = 'method';
export const VERSION = '__version__';
export const HOST = 'host';
export const MODULE_PATH = '__module_path__';
export const GUARDS = '__guards__';
export const INTERCEPTORS = '__interceptors__';
export const PARAMETERS = '__routeArguments__';

export const GATEWAY = 'websockets:is_gateway';
export const GATEWAY_PORT = 'port';
export const GATEWAY_OPTIONS = 'websockets:gateway_options';
export const IS_SUBSCRIPTION = 'websockets:message_mapping';
export const MESSAGE = 'message';

export const PATTERN = 'microservices:pattern';
export const PATTERN_HANDLER = 'microservices:handler_type';
/** The value of `PATTERN_HANDLER` for events; the other value is for messages that get a reply. */
export const EVENT_HANDLER = 2;

/** 4 for gRPC. */
export const TRANSPORT = 'microservices:transport';
export const GRPC = 4;

/** `@Sse()` sets it. */
export const SSE = '__sse__';

export const RESOLVER_TYPE = 'graphql:resolver_type';
export const RESOLVER_NAME = 'graphql:resolver_name';
/** `@ResolveField()` sets it. */
export const RESOLVER_PROPERTY = 'graphql:resolve_property';
export const RESOLVER_REFERENCE = 'graphql:resolve_reference';
/** Token of what `GraphQLModule.forRoot()` got, or `forRootAsync()` made. */
export const GRAPHQL_OPTIONS = 'GqlModuleOptions';

/** Metadata of `@CacheKey()` in `@nestjs/cache-manager`. */
export const CACHE_KEY = 'cache_module:cache_key';

export const metadata = (key: string, target: object, property?: string): unknown =>
  property === undefined
    ? Reflect.getMetadata(key, target)
    : Reflect.getMetadata(key, target, property);
