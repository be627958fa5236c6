import { markedBy, ownMark, setMark } from '../discovery/mark-storage.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_EVENTS } from '../hanko.constants.js';
import type { HankoEvent, HankoEventGroup, HankoEventName } from './hanko-events.js';

/** Letters, digits and underscores, in parts that are joined by dots. */
const EVENT_NAME = /^\w+(?:\.\w+)*$/;

/**
 * Calls a method of a provider or controller for each webhook event of this name or below it: `session.delete` gets
 * `session.delete.admin.revoke`, and not `session.deleted`. Without a name it gets every event.
 *
 * Example: `@OnHankoEvent('user.delete')` on a method `remove(event: HankoEvent<'user.delete'>)`
 *
 * The method receives one {@link HankoEvent} and may return a promise. Guards, pipes, interceptors and filters do
 * not run. If it throws, the error is logged without its message and Hanko gets 500; other handlers still run.
 *
 * The decorator belongs to the name of the method. If another decorator, the constructor or a subclass replaces the
 * method, the replacement is called. An override with its own `@OnHankoEvent()` gets the events of that one alone.
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
