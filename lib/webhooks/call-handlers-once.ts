import { Logger } from '@nestjs/common';
import { ofTenant, publishWebhook } from '../diagnostics/channels.js';
import type { EventHandlers, Handler } from './event-handlers.js';
import type { HankoEvent } from './hanko-events.js';
import type { SharedDeliveries } from './shared-deliveries.js';

/**
 * Calls the handlers of a delivery: at least once each, and as a rule once. One that has succeeded is not
 * called again when another one failed and the delivery comes again.
 */
export class HandlerCalls {
  private readonly logger = new Logger('HankoWebhooks');

  /**
   * @param shared null if there is no store.
   * @param timeoutMs how long the handlers of one event may take together, in milliseconds.
   */
  constructor(
    private readonly handlers: EventHandlers,
    private readonly shared: SharedDeliveries | null,
    private readonly timeoutMs: number,
  ) {}

  /**
   * @param id of the delivery.
   * @param done ids of handlers that have succeeded; those that do so now are added.
   * @returns whether all have. It never rejects.
   */
  async run(id: string, event: HankoEvent, done: Set<string>): Promise<boolean> {
    const isLeft = (handler: Handler): boolean => !done.has(handler.id);
    const { handlers, isComplete } = this.handlers.wanting(event);
    const wanted = handlers.filter(isLeft);
    const claim = await this.claim(id, wanted);
    for (const handler of claim?.done ?? []) done.add(handler);
    const left = wanted.filter(isLeft);
    if (left.length === 0 && wanted.length > 0 && isComplete) {
      publishWebhook({ outcome: 'replay', ...ofTenant(event.tenantId), event: event.name });
      return true;
    }
    const isDone = claim !== null && (await this.callAll(id, left, event, done)) && isComplete;
    if (claim?.isOurs) await this.release(id, done);
    publishWebhook({
      outcome: isDone ? 'done' : 'failed',
      ...ofTenant(event.tenantId),
      event: event.name,
    });
    return isDone;
  }

  private async callAll(
    id: string,
    handlers: readonly Handler[],
    event: HankoEvent,
    done: Set<string>,
  ): Promise<boolean> {
    let isLate = false;
    const calls = handlers.map(async (handler) => {
      const isGood = await this.handlers.call(handler, event);
      if (isGood) done.add(handler.id);
      if (isGood && isLate) await this.release(id, [handler.id]);
      return isGood;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        this.logger.error(`Handlers of ${event.name} did not finish within ${this.timeoutMs} ms`);
        resolve(false);
      }, this.timeoutMs);
    });
    const isDone = await Promise.race([
      Promise.all(calls).then((results) => results.every(Boolean)),
      timeout,
    ]);
    clearTimeout(timer);
    return isDone;
  }

  /** Where the store fails handlers are called all the same: twice is better than never. */
  private async claim(
    id: string,
    handlers: readonly Handler[],
  ): Promise<{ readonly done: readonly string[]; readonly isOurs: boolean } | null> {
    const unshared = { done: [], isOurs: false };
    if (this.shared === null || handlers.length === 0) return unshared;
    const ids = handlers.map((handler) => handler.id);
    return this.shared.claim(id, ids).catch(() => unshared);
  }

  private async release(id: string, done: Iterable<string>): Promise<void> {
    // If the store does not take it, the claim lapses.
    await this.shared?.release(id, done).catch(() => undefined);
  }
}
