import { markRoute } from '../auth/route-marks.js';
import { markedBy } from '../discovery/mark-storage.js';

/**
 * Allows anonymous callers and authenticates the rest: `@CurrentUser()` is null without a
 * credential, and with a cookie that gets 401 on any other route. An invalid bearer token gets 401.
 *
 * Example: `@OptionalAuth()` on a handler `feed(@CurrentUser() user: HankoUser | null)`
 *
 * Inherited methods stay optional. A method that overrides one does not: mark it again.
 *
 * @throws HankoConfigurationError `configuration_invalid` if the same class or handler has another mark, and on what is
 * neither a class nor a method, when the class is loaded; and when the app starts, on a method that is no handler.
 */
export function OptionalAuth(): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    markRoute('optional', markedBy('@OptionalAuth()', target, property, descriptor));
  };
}
