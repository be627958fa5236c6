import type { Provider, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { HankoEvent } from 'nestjs-hanko/webhooks';
import { EventHandlers } from '../../lib/webhooks/event-handlers.js';
import { writeLogTo } from './log.js';
import { START } from './revocation.js';

export const event = (name: string, data: unknown = {}): HankoEvent => ({
  name,
  data,
  issuedAt: new Date(START),
});

export interface Parts {
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type[];
  readonly imports?: readonly object[];
}

/** The handlers of an app of these parts that has started. @param log takes the lines of its log. */
export async function startHandlers(
  { providers = [], controllers = [], imports = [] }: Parts,
  log: string[] = [],
): Promise<EventHandlers> {
  const app = await Test.createTestingModule({
    imports: imports as Type[],
    providers: [EventHandlers, ...providers],
    controllers: [...controllers],
  }).compile();
  // The testing module has brought a log of its own.
  writeLogTo(log);
  await app.init();
  return app.get(EventHandlers);
}

/** Calls each handler that wants the event. @returns whether all went well. */
export async function callAll(handlers: EventHandlers, sent: HankoEvent): Promise<boolean> {
  const { handlers: wanted, isComplete } = handlers.wanting(sent);
  const results = await Promise.all(wanted.map((handler) => handlers.call(handler, sent)));
  return isComplete && results.every(Boolean);
}
