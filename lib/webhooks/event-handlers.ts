import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { whereThrown } from '../util/where-thrown.js';
import { type EventHandler, findEventHandlers } from './find-event-handlers.js';
import { type HankoEvent, isUnder } from './hanko-events.js';

/** A handler, with an id that is the same after a restart and on each instance. */
export interface Handler extends EventHandler {
  /** `Mailer.send`; with a number if several have that name. */
  readonly id: string;
}

/** Finds the methods that are marked `@OnHankoEvent()`, and calls them. */
@Injectable()
export class EventHandlers implements OnApplicationBootstrap {
  private readonly logger = new Logger('HankoWebhooks');
  private handlers: readonly Handler[] = [];
  /** The number of modules when handlers were last searched. */
  private searched = 0;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** @throws HankoConfigurationError for a handler that has no instance to be called on. */
  onApplicationBootstrap(): void {
    this.find();
  }

  /** Handlers whose subscriptions the event belongs to, and whether there is none that cannot be called. */
  wanting({ name }: HankoEvent): {
    readonly handlers: readonly Handler[];
    readonly isComplete: boolean;
  } {
    const isComplete = this.findAgain();
    const handlers = this.handlers.filter(({ subscriptions }) =>
      subscriptions.some((subscription) => isUnder(name, subscription)),
    );
    return { handlers, isComplete };
  }

  /** @returns whether all went well. It never rejects. */
  async call({ name, call }: Handler, event: HankoEvent): Promise<boolean> {
    try {
      await call(event);
      return true;
    } catch (error) {
      this.logger.error(`${name} failed for ${event.name}: ${whereThrown(error)}`);
      return false;
    }
  }

  private find(): void {
    this.handlers = withIds(findEventHandlers(this.modules));
    this.searched = this.modules.size;
  }

  /** LazyModuleLoader may have loaded more modules since. */
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
}

/** Nest keeps modules and providers in the order in which the app names them. */
function withIds(handlers: readonly EventHandler[]): readonly Handler[] {
  const counts = new Map<string, number>();
  return handlers.map((handler) => {
    const count = (counts.get(handler.name) ?? 0) + 1;
    counts.set(handler.name, count);
    return { ...handler, id: count === 1 ? handler.name : `${handler.name} (${count})` };
  });
}
