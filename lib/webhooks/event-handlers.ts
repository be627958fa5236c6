import { Inject, Injectable, Logger, type OnApplicationBootstrap, Scope } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_EVENTS } from '../hanko.constants.js';
import { type HankoEvent, isUnder } from './hanko-events.js';

interface Handler {
  /** `Mailer.send` */
  readonly name: string;
  readonly subscriptions: readonly string[];
  readonly call: (event: HankoEvent) => unknown;
}

/** Finds the methods that bear `@OnHankoEvent()`, and calls them. */
@Injectable()
export class EventHandlers implements OnApplicationBootstrap {
  private readonly logger = new Logger('HankoWebhooks');
  private handlers: readonly Handler[] = [];

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** @throws HankoConfigurationError for a handler that has no instance to be called on. */
  onApplicationBootstrap(): void {
    const handlers: Handler[] = [];
    const faults: ConfigurationFault[] = [];
    const seen = new Set<unknown>();
    for (const module of this.modules.values()) {
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
        const { metatype, instance, scope } = wrapper;
        const type: unknown = instance?.constructor ?? metatype;
        if (typeof type !== 'function') continue;
        const found = handlersOf(type);
        if (found.length === 0 || seen.has(instance)) continue;
        if (!wrapper.isDependencyTreeStatic() || scope === Scope.TRANSIENT) {
          faults.push({
            path: type.name,
            hint: 'has @OnHankoEvent() and is request-scoped or transient: a webhook is no request of a user. Move the method to a provider of default scope.',
          });
          continue;
        }
        seen.add(instance);
        const target = instance as Record<string, (event: HankoEvent) => unknown>;
        for (const { method, subscriptions } of found) {
          handlers.push({
            name: `${type.name}.${method}`,
            subscriptions,
            call: (event) => target[method]?.(event),
          });
        }
      }
    }
    if (faults.length > 0) throw new HankoConfigurationError(faults);
    this.handlers = handlers;
  }

  /**
   * Calls all that want the event, at the same time.
   * @returns whether all went well. It never rejects.
   */
  async call(event: HankoEvent): Promise<boolean> {
    const wanted = this.handlers.filter(({ subscriptions }) =>
      subscriptions.some((subscription) => isUnder(event.name, subscription)),
    );
    const results = await Promise.all(wanted.map((handler) => this.callOne(handler, event)));
    return results.every(Boolean);
  }

  private async callOne({ name, call }: Handler, event: HankoEvent): Promise<boolean> {
    try {
      await call(event);
      return true;
    } catch (error) {
      this.logger.error(`${name} failed for ${event.name}: ${whereFrom(error)}`);
      return false;
    }
  }
}

function handlersOf(
  type: Function,
): readonly { readonly method: string; readonly subscriptions: readonly string[] }[] {
  const prototype = type.prototype as Record<string, unknown> | undefined;
  if (prototype === undefined) return [];
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((method) => {
    const handler = prototype[method] as object;
    const subscriptions = Reflect.getMetadata(HANKO_EVENTS, handler) as
      readonly string[] | undefined;
    return subscriptions === undefined ? [] : [{ method, subscriptions }];
  });
}

/**
 * Name and stack of an error without its message, which may repeat what the event holds: a passcode, say.
 * Where the message does not stand in the stack as it is, nobody knows which lines are its own.
 */
function whereFrom(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `a ${typeof error} was thrown`;
  try {
    const { name, message, stack } = error as Readonly<Record<string, unknown>>;
    const kind = typeof name === 'string' && /^\w{1,64}$/.test(name) ? name : 'an error';
    return `${kind}, whose message is left out${framesOf(stack, message)}`;
  } catch {
    return 'an error that cannot be read';
  }
}

function framesOf(stack: unknown, message: unknown): string {
  if (typeof stack !== 'string' || typeof message !== 'string') return '';
  const at = stack.indexOf(message);
  if (at === -1) return '';
  const lines = stack.slice(at + message.length).split('\n');
  return lines
    .filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
    .map((line) => `\n${line}`)
    .join('');
}
