import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_EVENTS } from '../hanko.constants.js';
import type { HankoEvent, HankoEventGroup, HankoEventName } from './hanko-events.js';

/** Letters, digits and underscores, in parts that are joined by dots. */
const EVENT_NAME = /^\w+(?:\.\w+)*$/;

/**
 * Calls a method of any provider or controller for each event of this name or below it: `session.delete`
 * gets `session.delete.admin.revoke`, and not `session.deleted`. Without a name it gets every event.
 *
 * The method gets one {@link HankoEvent} and may return a promise. Guards, pipes, interceptors and filters do
 * not run. What it throws is logged without its message, and Hanko is answered 500; other handlers still run.
 *
 * @throws HankoConfigurationError `configuration_invalid` for what is no name, when the class is loaded; and
 * when the app starts, on a request-scoped provider.
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
  return (_target, _property, descriptor) => {
    const handler = descriptor.value as unknown as object;
    const before = Reflect.getOwnMetadata(HANKO_EVENTS, handler) as readonly string[] | undefined;
    Reflect.defineMetadata(HANKO_EVENTS, [...(before ?? []), subscription], handler);
  };
}
