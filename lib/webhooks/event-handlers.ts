import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type EventHandler, findEventHandlers } from './find-event-handlers.js';
import { type HankoEvent, isUnder } from './hanko-events.js';

/** Finds the methods that bear `@OnHankoEvent()`, and calls them. */
@Injectable()
export class EventHandlers implements OnApplicationBootstrap {
  private readonly logger = new Logger('HankoWebhooks');
  private handlers: readonly EventHandler[] = [];
  /** How many modules there were when handlers were searched. */
  private searched = 0;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** @throws HankoConfigurationError for a handler that has no instance to be called on. */
  onApplicationBootstrap(): void {
    this.find();
  }

  /**
   * Calls all that want the event, at the same time.
   * @returns whether all went well. It never rejects.
   */
  async call(event: HankoEvent): Promise<boolean> {
    const isComplete = this.findAgain();
    const wanted = this.handlers.filter(({ subscriptions }) =>
      subscriptions.some((subscription) => isUnder(event.name, subscription)),
    );
    const results = await Promise.all(wanted.map((handler) => this.callOne(handler, event)));
    return isComplete && results.every(Boolean);
  }

  private find(): void {
    this.handlers = findEventHandlers(this.modules);
    this.searched = this.modules.size;
  }

  /** Modules may have been loaded since, by LazyModuleLoader. */
  private findAgain(): boolean {
    if (this.modules.size === this.searched) return true;
    try {
      this.find();
      return true;
    } catch (error) {
      this.logger.error(`A module was loaded whose handlers cannot be called: ${String(error)}`);
      return false;
    }
  }

  private async callOne({ name, call }: EventHandler, event: HankoEvent): Promise<boolean> {
    try {
      await call(event);
      return true;
    } catch (error) {
      this.logger.error(`${name} failed for ${event.name}: ${whereFrom(error)}`);
      return false;
    }
  }
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
