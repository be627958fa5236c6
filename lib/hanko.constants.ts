/**
 * Injection tokens and metadata keys. `Symbol.for`, so that two copies of this package in one process
 * (say, its ES module and its CommonJS build) still mean the same thing by them.
 */

/**
 * Injection token of the {@link JwksProvider} in use. Read it, or replace it in a test with
 * `overrideProvider(HANKO_JWKS)`; an app brings its own keys through the option `jwks`.
 */
export const HANKO_JWKS = Symbol.for('nestjs-hanko:jwks');

/** What the user wrote in `forRoot` / `forRootAsync`, unchecked. */
export const HANKO_MODULE_OPTIONS = Symbol.for('nestjs-hanko:module-options');

/** Token of the checked options, with environment and defaults: `ResolvedHankoOptions`. */
export const HANKO_OPTIONS = Symbol.for('nestjs-hanko:options');

/** Reads one environment variable: `HankoEnvironment`. */
export const HANKO_ENVIRONMENT = Symbol.for('nestjs-hanko:environment');

/** The ways in which calls reach the app: `HankoTransport[]`. */
export const HANKO_TRANSPORTS = Symbol.for('nestjs-hanko:transports');

/** Metadata of a class or handler: its `RouteMode`. */
export const ROUTE_MODE = Symbol.for('nestjs-hanko:route-mode');

/** Metadata of a class or handler: its `RequireAuthOptions`. */
export const ROUTE_DEMANDS = Symbol.for('nestjs-hanko:route-demands');

/** Metadata of a method: the names given to `@OnHankoEvent()`. */
export const HANKO_EVENTS = Symbol.for('nestjs-hanko:events');

/** What the user wrote in `HankoWebhooksModule.forRoot`, unchecked; and the same with defaults. */
export const HANKO_WEBHOOKS_MODULE_OPTIONS = Symbol.for('nestjs-hanko:webhooks-module-options');
export const HANKO_WEBHOOKS_OPTIONS = Symbol.for('nestjs-hanko:webhooks-options');

/** Brand of a WebSocket adapter that `hankoSockets()` was given. */
export const HANKO_SOCKETS = Symbol.for('nestjs-hanko:sockets');

/** Brand of the guard, on its prototype. */
export const HANKO_GUARD = Symbol.for('nestjs-hanko:guard');

/** Brand of the pipes behind our parameter decorators, on their prototypes: how the decorator is written. */
export const HANKO_PARAMETER = Symbol.for('nestjs-hanko:parameter');

/** Brand of every error this package makes. */
export const HANKO_ERROR = Symbol.for('nestjs-hanko:error');

/** The instrumentation of OpenTelemetry that is enabled in this process, on `globalThis`. */
export const HANKO_INSTRUMENTATION = Symbol.for('nestjs-hanko:instrumentation');

/** The apps that run in this process: a `Set` of `WeakRef`s of their `HankoHealth` on `globalThis`. */
export const RUNNING_APPS = Symbol.for('nestjs-hanko:running-apps');

/** Which builds and versions of this package this process has loaded: a `Map` of `LoadedCopy` on `globalThis`. */
export const LOADED_COPIES = Symbol.for('nestjs-hanko:copies');
