import { markRoute } from '../auth/route-marks.js';

/**
 * Lets anonymous callers in, and says who the others are: `@CurrentUser()` is null without a
 * credential, and with a cookie that has merely expired. Any other bad credential is refused.
 *
 * @throws HankoConfigurationError `configuration_invalid` if the same class or handler bears another mark, when
 * the class is loaded.
 */
export function OptionalAuth(): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    markRoute('optional', target, property, descriptor);
  };
}
