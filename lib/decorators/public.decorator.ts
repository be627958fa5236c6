import { markRoute } from '../auth/route-marks.js';
import { markedBy } from '../discovery/mark-storage.js';

/**
 * Opens a class or handler to everyone. No credential is read and no network call is made, so the route works while
 * Hanko is down, too. `@CurrentUser()` and `@SessionToken()` are null.
 *
 * Example: `@Public()` above `@Get('health')`
 *
 * Inherited methods stay open. A method that overrides one does not: mark it again.
 *
 * @throws HankoConfigurationError `configuration_invalid` if the same class or handler has another mark, and on what is
 * neither a class nor a method, when the class is loaded; and when the app starts, on a method that is no handler.
 */
export function Public(): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    markRoute('public', markedBy('@Public()', target, property, descriptor));
  };
}
