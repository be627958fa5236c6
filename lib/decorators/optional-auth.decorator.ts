import { markRoute } from '../auth/route-marks.js';
import { markedBy } from '../discovery/mark-storage.js';

/**
 * Allows anonymous callers and authenticates the rest: `@CurrentUser()` is null without a
 * credential, and with a cookie that any other route would answer 401. A bad bearer is refused.
 *
 * Methods that a subclass inherits stay optional; a method that overrides one does not: mark it again.
 *
 * @example
 * @OptionalAuth()
 * @Get('feed')
 * feed(@CurrentUser() user: HankoUser | null) {}
 *
 * @throws HankoConfigurationError `configuration_invalid` if the same class or handler has another mark, and on what is
 * neither a class nor a method, when the class is loaded; and when the app starts, on a method that is no handler.
 */
export function OptionalAuth(): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    markRoute('optional', markedBy('@OptionalAuth()', target, property, descriptor));
  };
}
