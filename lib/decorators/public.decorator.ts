import { markRoute } from '../auth/route-marks.js';
import { markedBy } from '../discovery/mark-storage.js';

/**
 * Opens a class or handler to everyone: no credential is read, no network call is made, `@CurrentUser()` and
 * `@SessionToken()` are null. It also answers while Hanko is down.
 *
 * Methods that a subclass inherits stay open; a method that overrides one does not: mark it again.
 *
 * @example
 * @Public()
 * @Get('health')
 * health() {}
 *
 * @throws HankoConfigurationError `configuration_invalid` if the same class or handler has another mark, and on what is
 * neither a class nor a method, when the class is loaded; and when the app starts, on a method that is no handler.
 */
export function Public(): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    markRoute('public', markedBy('@Public()', target, property, descriptor));
  };
}
