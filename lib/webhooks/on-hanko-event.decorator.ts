import { markedBy, ownMark, setMark } from '../discovery/mark-storage.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_EVENTS } from '../hanko.constants.js';
import type { HankoEvent, HankoEventGroup, HankoEventName } from './hanko-events.js';

/** Letters, digits and underscores, in parts that are joined by dots. */
const EVENT_NAME = /^\w+(?:\.\w+)*$/;

/**
 * Calls a method of a provider or controller for each event of this name or below it: `session.delete` gets
 * `session.delete.admin.revoke`, and not `session.deleted`. Without a name it gets every event.
 *
 * The method receives one {@link HankoEvent} and may return a promise. Guards, pipes, interceptors and filters do
 * not run. What it throws is logged without its message, and Hanko is answered 500; other handlers still run.
 *
 * The decorator belongs to the name of the method: whatever other decorators, the constructor or a subclass put in its
 * place is called. An override with an `@OnHankoEvent()` of its own gets the events of that one alone.
 *
 * @example
 * @OnHankoEvent('user.delete')
 * remove({ data }: HankoEvent<'user.delete'>) {}
 *
 * @param event name of an event or of a group of events. Default: every event.
 * @throws HankoConfigurationError `configuration_invalid` for an invalid name and for what is no method, when the class
 * is loaded; and when the app starts, for a class that has no single instance: one with a scope, or a guard, pipe,
 * interceptor or filter.
 */
export function OnHankoEvent<
  Subscription extends HankoEventName | HankoEventGroup | (string & NonNullable<unknown>) = string,
>(
  event?: Subscription,
): <Handler extends (event: HankoEvent<Subscription>) => unknown>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void {
  const subscription: string = event ?? '';
  const isName = typeof event === 'string' && EVENT_NAME.test(event);
  if (event !== undefined && !isName) {
    throw new HankoConfigurationError([
      {
        path: '@OnHankoEvent()',
        hint: "takes the name of an event or of a group, such as 'user.delete' or 'session.delete'.",
      },
    ]);
  }
  return (target, property, descriptor) => {
    const marked = markedBy('@OnHankoEvent()', target, property, descriptor);
    const before = ownMark(HANKO_EVENTS, marked) as readonly string[] | undefined;
    setMark(HANKO_EVENTS, [...(before ?? []), subscription], marked);
  };
}
