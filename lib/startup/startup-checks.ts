import * as common from '@nestjs/common';
import {
  type AbstractHttpAdapter,
  type ApplicationConfig,
  MetadataScanner,
  type ModulesContainer,
} from '@nestjs/core';
import { demandsOf } from '../auth/route-mode.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HankoAuthGuard } from '../guards/hanko-auth.guard.js';
import { ROUTE_MODE } from '../hanko.constants.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { loadedCopies } from '../loaded-copies.js';

/** Metadata that decorators leave behind; `@nestjs/websockets` and `@nestjs/microservices` are not imported. */
const GATEWAY_METADATA = 'websockets:is_gateway';
const PATTERN_METADATA = 'microservices:pattern';
const GUARDS_METADATA = '__guards__';

/** @throws HankoConfigurationError if the module was imported without `forRoot`. */
export function refuseBareModule(options: ResolvedHankoOptions | undefined): void {
  if (options !== undefined) return;
  throw new HankoConfigurationError([
    {
      path: 'HankoModule',
      hint: 'is imported as it is. Import what HankoModule.forRoot() or forRootAsync() returns.',
    },
  ]);
}

/**
 * @throws HankoConfigurationError if `forRoot` was called twice: each would have keys and caches
 * of its own, and which one a controller gets would depend on the order of imports.
 */
export function refuseSecondModule(modules: ModulesContainer, hankoModule: common.Type): void {
  const count = [...modules.values()].filter(({ metatype }) => metatype === hankoModule).length;
  if (count > 1) {
    throw new HankoConfigurationError([
      {
        path: 'HankoModule',
        hint:
          `is set up ${count} times. Call forRoot() or forRootAsync() once, in the root module; it is ` +
          'global. To share it otherwise, keep its result in a constant or export it from a module.',
      },
    ]);
  }
}

/** @throws HankoConfigurationError if a route wants Hanko to be asked, and there is no address. */
export function refuseSessionsWithoutApi(
  { apiUrl }: ResolvedHankoOptions,
  modules: ModulesContainer,
): void {
  if (apiUrl !== null) return;
  const asks = (target: object): boolean => {
    const { session = 'offline' } = demandsOf(target);
    return session !== 'offline';
  };
  const types = [...classesOf(modules, 'controllers'), ...classesOf(modules, 'providers')];
  const faults = types
    .filter((type) => asks(type) || methodsOf(type).some(asks))
    .map(({ name }) => ({
      path: name,
      hint: 'has @RequireAuth({ session }), which needs apiUrl or HANKO_API_URL: there is nobody to ask.',
    }));
  if (faults.length > 0) throw new HankoConfigurationError(faults);
}

/** What an operator should know once, at start-up. */
export function startupWarnings(
  options: ResolvedHankoOptions,
  modules: ModulesContainer,
  config: ApplicationConfig,
  httpAdapter: AbstractHttpAdapter | undefined,
): readonly string[] {
  const warnings: string[] = [];
  if (options.audience === null && !options.isAudienceOff) {
    warnings.push(
      'No audience is configured: a session token that this Hanko made for any other service is accepted. ' +
        'Set the option audience or HANKO_AUDIENCE to what stands in the "aud" claim, ' +
        'or audience: null if that is what you want.',
    );
  }
  if (
    options.apiUrl !== null &&
    process.env.NODE_ENV === 'production' &&
    isExposed(options.apiUrl)
  ) {
    warnings.push(
      'apiUrl begins with http:// and is not on this machine: who sits in between can replace the keys. Use https://.',
    );
  }
  const gateways = uncoveredGateways(modules, config);
  if (gateways.length > 0) {
    warnings.push(
      `On Nest 11 APP_GUARD does not reach gateways: ${gateways.join(', ')} ` +
        'can be called by anyone. Put @UseGuards(HankoAuthGuard) on them to close them.',
    );
  }
  const messageControllers = uncoveredMessageControllers(modules, config, httpAdapter);
  if (messageControllers.length > 0) {
    warnings.push(
      `APP_GUARD reaches message handlers only if connectMicroservice(…, { inheritAppConfig: true }) says so; ` +
        `otherwise ${messageControllers.join(', ')} can be called by anyone. Put @UseGuards(HankoAuthGuard) on them to close them.`,
    );
  }
  const copies = loadedCopies();
  if (copies.length > 1) {
    warnings.push(
      `${copies.length} copies of nestjs-hanko are loaded: ${copies.join(', ')}. ` +
        "One's guard does not see another's module. Import it the same way everywhere, and install it once.",
    );
  }
  return warnings;
}

function isExposed(apiUrl: string): boolean {
  const { protocol, hostname } = new URL(apiUrl);
  const isLoopback =
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === 'http:' && !isLoopback;
}

/** Gateways that look protected by an APP_GUARD and are not. */
function uncoveredGateways(modules: ModulesContainer, config: ApplicationConfig): string[] {
  // Nest 12, the first with this pipe, runs global guards for gateways.
  if ('StandardSchemaValidationPipe' in common) return [];
  if (!config.getGlobalGuards().some(isOurGuard)) return [];
  return classesOf(modules, 'providers')
    .filter((type) => Reflect.hasMetadata(GATEWAY_METADATA, type) && !isMarked(type))
    .map(({ name }) => name);
}

/** Controllers whose message handlers look protected by an APP_GUARD, and in a hybrid app may not be. */
function uncoveredMessageControllers(
  modules: ModulesContainer,
  config: ApplicationConfig,
  httpAdapter: AbstractHttpAdapter | undefined,
): string[] {
  // A pure microservice has an adapter without a type, and its global guards do run.
  if (!httpAdapter?.getType() || !config.getGlobalGuards().some(isOurGuard)) return [];
  return classesOf(modules, 'controllers')
    .filter((type) => !isMarked(type) && handlersOf(type).some((handler) => !isMarked(handler)))
    .map(({ name }) => name);
}

function classesOf(modules: ModulesContainer, kind: 'providers' | 'controllers'): common.Type[] {
  return [...modules.values()]
    .flatMap((module) => [...module[kind].values()].map(({ metatype }) => metatype))
    .filter((type): type is common.Type => typeof type === 'function');
}

const handlersOf = (type: common.Type): object[] =>
  methodsOf(type).filter((method) => Reflect.hasMetadata(PATTERN_METADATA, method));

function methodsOf(type: common.Type): object[] {
  const prototype = type.prototype as Record<string, unknown> | undefined;
  if (prototype === undefined) return [];
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map((name) => prototype[name] as object);
}

/** Open on purpose, or closed by our guard itself. */
const isMarked = (target: object): boolean =>
  Reflect.getMetadata(ROUTE_MODE, target) === 'public' || hasOurGuard(target);

function hasOurGuard(type: object): boolean {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, type) ?? []) as readonly unknown[];
  return guards.some(isOurGuard);
}

/** The guard, as a class or an instance, or one that extends it. */
function isOurGuard(guard: unknown): boolean {
  return (
    guard === HankoAuthGuard ||
    guard instanceof HankoAuthGuard ||
    (typeof guard === 'function' && guard.prototype instanceof HankoAuthGuard)
  );
}
