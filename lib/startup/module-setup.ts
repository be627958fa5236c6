import type {
  DynamicModule,
  FactoryProvider,
  InjectionToken,
  Provider,
  Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { isPromise } from '../util/maybe-promise.js';
import { isFunction, isObject, kindOf } from '../util/value-checks.js';

/** A module of ours that is set up by `forRoot()`. */
export interface RootModule {
  readonly name: string;
  readonly type: () => Type;
  /** The token that only `forRoot()` and `forRootAsync()` provide. */
  readonly optionsToken: symbol;
  /** The method that `useClass` and `useExisting` must have. */
  readonly factoryMethod: string;
  /** Options that may be written beside the factory in `forRootAsync()`. */
  readonly extras: readonly string[];
  /** Why feature modules need not import it. */
  readonly reach: string;
}

const ASYNC_NAMES = ['imports', 'inject', 'useFactory', 'useClass', 'useExisting'];

/** Nest's own, undocumented: extra modules to resolve `inject` from. */
const ASYNC_NAMES_OF_NEST = ['provideInjectionTokensFrom'];

/**
 * Providers of the module without `forRoot()`. They throw an error that says so, before Nest reports that it cannot
 * resolve a dependency. Those of `forRoot()` replace them.
 */
export const bareProviders = (module: RootModule, tokens: readonly InjectionToken[]): Provider[] =>
  tokens.map((provide) => ({
    provide,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => refuseBare(module, modules),
  }));

/**
 * @throws HankoConfigurationError if the module is imported without `forRoot()`, or set up more than once: each would
 * have keys, caches and routes of its own, and which one a controller gets would depend on the order of imports.
 */
export function refuseSecond(module: RootModule, modules: ModulesContainer): void {
  const found = modulesOf(module, modules);
  if (found.length < 2) return;
  if (found.some((it) => isBare(it, module))) refuseBare(module, modules);
  throw new HankoConfigurationError([
    {
      path: module.name,
      hint:
        `is set up ${found.length} times, by ${importersOf(found, modules)}. Call forRoot() or forRootAsync() once, ` +
        `in the root module. ${module.reach}`,
    },
  ]);
}

function refuseBare(module: RootModule, modules: ModulesContainer): never {
  const bare = modulesOf(module, modules).filter((it) => isBare(it, module));
  throw new HankoConfigurationError([
    {
      path: module.name,
      hint:
        `is imported without forRoot(), by ${importersOf(bare, modules)}. Call ${module.name}.forRoot() or ` +
        `forRootAsync() once, in the root module. ${module.reach}`,
    },
  ]);
}

type NestModule = ReturnType<ModulesContainer['get']> & object;

const modulesOf = ({ type }: RootModule, modules: ModulesContainer): NestModule[] =>
  [...modules.values()].filter(({ metatype }) => metatype === type());

const isBare = ({ providers }: NestModule, { optionsToken }: RootModule): boolean =>
  !providers.has(optionsToken);

/** By name. A global module is among the imports of all, so for it what `@Module()` says counts. */
const importersOf = (found: readonly NestModule[], modules: ModulesContainer): string =>
  [...modules.values()]
    .filter((module) => found.some((it) => module.imports.has(it) && isWrittenIn(module, it)))
    .map(({ name }) => name)
    .join(' and ') || 'a dynamic module';

function isWrittenIn({ metatype }: NestModule, { metatype: type, isGlobal }: NestModule): boolean {
  if (!isGlobal) return true;
  const imports = (Reflect.getMetadata('imports', metatype) ?? []) as readonly unknown[];
  return imports.some((entry) => entry === type || (isObject(entry) && entry.module === type));
}

/** @throws HankoConfigurationError if what `forRoot()` got can hold no options. */
export function refuseNoOptions({ name }: RootModule, written: unknown): void {
  if (isPromise(written)) {
    throw fault(
      `${name}.forRoot()`,
      'got a promise. Use forRootAsync({ useFactory }), which waits for it.',
    );
  }
  if (isObject(written)) return;
  throw fault(`${name}.forRoot()`, `takes an object with options, got ${kindOf(written)}.`);
}

/** @throws HankoConfigurationError with everything that is wrong with what `forRootAsync()` got. */
export function refuseWrongAsyncOptions({ name, extras }: RootModule, written: unknown): void {
  const path = `${name}.forRootAsync()`;
  if (!isObject(written)) {
    throw fault(
      path,
      `takes exactly one of useFactory, useClass and useExisting, got ${kindOf(written)}.`,
    );
  }
  const { inject, useFactory, useClass, useExisting } = written;
  const faults: ConfigurationFault[] = [];
  if ([useFactory, useClass, useExisting].filter((way) => way != null).length !== 1) {
    faults.push({ path, hint: 'takes exactly one of useFactory, useClass and useExisting.' });
  }
  if (useFactory != null && !isFunction(useFactory)) {
    faults.push({
      path: `${path}.useFactory`,
      hint: `must be a function that returns the options, got ${kindOf(useFactory)}.`,
    });
  }
  if (useClass != null && !isFunction(useClass)) {
    faults.push({ path: `${path}.useClass`, hint: `must be a class, got ${kindOf(useClass)}.` });
  }
  if (inject !== undefined && useFactory == null) {
    faults.push({
      path: `${path}.inject`,
      hint: 'has no effect without useFactory: inject into the constructor of the class.',
    });
  }
  for (const option of Object.keys(written)) {
    if ([...ASYNC_NAMES, ...ASYNC_NAMES_OF_NEST, ...extras].includes(option)) continue;
    faults.push({
      path: `${path}.${option}`,
      hint: `has no effect beside the factory: return it from the factory. forRootAsync() takes ${[...ASYNC_NAMES, ...extras].join(', ')}.`,
    });
  }
  if (faults.length > 0) throw new HankoConfigurationError(faults);
}

/** The module with a `useClass` or `useExisting` that says what it lacks, where Nest throws a `TypeError`. */
export function withCheckedFactory(
  module: DynamicModule,
  { useFactory: ofApp }: { readonly useFactory?: unknown },
  root: RootModule,
): DynamicModule {
  if (ofApp !== undefined) return module;
  const { name, optionsToken, factoryMethod } = root;
  const providers = module.providers?.map((provider) => {
    if (!isOptionsFactory(provider, optionsToken)) return provider;
    const useFactory = (factory: Record<string, unknown> | undefined): unknown => {
      const method = factory?.[factoryMethod];
      if (typeof method === 'function') return method.call(factory) as unknown;
      throw fault(
        `${name}.forRootAsync()`,
        `got a class without the method ${factoryMethod}(), which returns the options.`,
      );
    };
    return { ...provider, useFactory };
  });
  return providers === undefined ? module : { ...module, providers };
}

const isOptionsFactory = (provider: Provider, token: symbol): provider is FactoryProvider =>
  typeof provider === 'object' && provider.provide === token && 'useFactory' in provider;

const fault = (path: string, hint: string): HankoConfigurationError =>
  new HankoConfigurationError([{ path, hint }]);
