import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { noteAlias, noteReplacement } from './mark-storage.js';
import * as nest from './nest-metadata.js';

export type NestModule = ModulesContainer extends Map<string, infer Module> ? Module : never;

/** A class of an app with methods that something may call. */
export interface Host {
  readonly kind: 'controllers' | 'providers' | 'injectables';
  readonly module: NestModule;
  /** The class that Nest reads the decorators of. */
  readonly type: Type;
  /** The class as the module lists it: another one only if its constructor returns instances of `type`. */
  readonly listed: Type;
  /** For a class with a scope this is a placeholder, whose constructor never ran. */
  readonly instance: object | undefined;
  /** Whether Nest makes an instance for each request. */
  readonly isScoped: boolean;
  /** Whether Nest makes an instance for each class that injects it. */
  readonly isTransient: boolean;
  /** False for what the app made by itself: `useValue` and `useFactory`. */
  readonly isMadeByNest: boolean;
}

/** A method of a class, not yet known to be a handler. */
export interface Method {
  readonly host: Host;
  /** `NotesController.list` */
  readonly name: string;
  readonly method: string;
  /** The function as the class has it, where Nest looks for routes. */
  readonly declared: Function;
  /** The function that Nest calls, and reads guards from. */
  readonly called: Function;
}

/** Every class of an app's modules, in the order in which Nest finds them. */
export const hostsIn = (modules: ModulesContainer, ...kinds: readonly Host['kind'][]): Host[] =>
  [...modules.values()].flatMap((module) => kinds.flatMap((kind) => hostsOf(module, kind)));

function hostsOf(module: NestModule, kind: Host['kind']): Host[] {
  return [...module[kind].values()].flatMap((wrapper) => {
    const { metatype, isNotMetatype, isTransient } = wrapper;
    const instance = asObject(wrapper.instance);
    const isMadeByNest = !isNotMetatype && typeof metatype === 'function';
    const listed: unknown = isMadeByNest ? metatype : instance?.constructor;
    if (typeof listed !== 'function' || listed.prototype === undefined) return [];
    const isOwn = instance === undefined || Object.getPrototypeOf(instance) === listed.prototype;
    const type = (isOwn ? listed : instance.constructor) as Type;
    if (isMadeByNest && instance !== undefined && instance.constructor !== type) {
      noteAlias(instance.constructor, type);
    }
    return [
      {
        kind,
        module,
        type,
        listed: listed as Type,
        instance,
        isScoped: !wrapper.isDependencyTreeStatic(),
        isTransient,
        isMadeByNest,
      },
    ];
  });
}

/** Whether the app has a gateway. */
export const hasGateways = (modules: ModulesContainer): boolean =>
  hostsIn(modules, 'providers').some(({ listed }) => nest.metadata(nest.GATEWAY, listed) === true);

/** Whether the app has a handler of messages or events. */
export const hasMessageHandlers = (modules: ModulesContainer): boolean =>
  hostsIn(modules, 'controllers')
    .flatMap(methodsOf)
    .some(({ declared }) => nest.metadata(nest.PATTERN_HANDLER, declared) !== undefined);

const asObject = (value: unknown): object | undefined =>
  typeof value === 'object' && value !== null ? value : undefined;

/** The methods of a class, as Nest's own scanner finds them: also those that it inherits. */
export function methodsOf(host: Host): Method[] {
  const { type, instance, isMadeByNest } = host;
  const prototype = type.prototype as Readonly<Record<string, unknown>>;
  return new MetadataScanner().getAllMethodNames(prototype).map((method) => {
    const declared = prototype[method] as Function;
    const own = isMadeByNest
      ? (instance as Readonly<Record<string, unknown>> | undefined)?.[method]
      : declared;
    const called = typeof own === 'function' ? own : declared;
    if (called !== declared) noteReplacement(type, method, called);
    return { host, name: `${type.name}.${method}`, method, declared, called };
  });
}
