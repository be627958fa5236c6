import type { ModulesContainer } from '@nestjs/core';
import { type Host, hostsIn, type Method, methodsOf } from '../discovery/app-classes.js';
import { notedMark, prototypesOf } from '../discovery/mark-storage.js';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_EVENTS } from '../hanko.constants.js';
import type { HankoEvent } from './hanko-events.js';

/** A method that bears `@OnHankoEvent()`, on the one instance that has it. */
export interface EventHandler {
  /** `Mailer.send` */
  readonly name: string;
  /** Names of events and groups; empty for every event. */
  readonly subscriptions: readonly string[];
  readonly call: (event: HankoEvent) => unknown;
}

/**
 * Every event handler of an app, each once, however many modules know its provider.
 * @throws HankoConfigurationError for each that has no instance to be called on.
 */
export function findEventHandlers(modules: ModulesContainer): EventHandler[] {
  const handlers: EventHandler[] = [];
  const faults: ConfigurationFault[] = [];
  const called = new Set<unknown>();
  const types = new Set<unknown>();
  for (const host of hostsIn(modules, 'providers', 'controllers')) {
    const found = methodsOf(host).filter((method) => subscriptionsOf(method) !== undefined);
    if (found.length === 0 || called.has(host.instance)) continue;
    types.add(host.type);
    if (host.isScoped || host.isTransient) {
      faults.push({ path: host.type.name, hint: SCOPED });
      continue;
    }
    called.add(host.instance);
    handlers.push(...found.map(handlerOf));
  }
  // Nest makes one of these for each module that uses it.
  const enhancers = hostsIn(modules, 'injectables').filter(
    (host) =>
      !types.has(host.type) &&
      methodsOf(host).some((method) => subscriptionsOf(method) !== undefined),
  );
  for (const type of new Set(enhancers.map((host: Host) => host.type))) {
    faults.push({ path: type.name, hint: ENHANCER });
  }
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  return handlers;
}

const SCOPED =
  'has @OnHankoEvent() and is request-scoped or transient, but webhooks are handled outside of requests. Move the method to a provider of default scope.';

const ENHANCER =
  'has @OnHankoEvent() and is a guard, pipe, interceptor or filter, and Nest makes one of those for each module. Move the method to a provider.';

function handlerOf(method: Method): EventHandler {
  const target = method.host.instance as Record<string, (event: HankoEvent) => unknown>;
  return {
    name: method.name,
    subscriptions: subscriptionsOf(method) ?? [],
    call: (event) => target[method.method]?.(event),
  };
}

/** The mark of the nearest class that has one for the method; for a copied function, its own mark. */
function subscriptionsOf({ host, method, declared }: Method): readonly string[] | undefined {
  const noted = prototypesOf(host.type)
    .map((prototype) => notedMark(HANKO_EVENTS, prototype, method))
    .find((subscriptions) => subscriptions !== undefined);
  return (noted ?? Reflect.getMetadata(HANKO_EVENTS, declared)) as readonly string[] | undefined;
}
