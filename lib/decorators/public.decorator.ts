import { markRoute } from '../auth/route-marks.js';

/**
 * Opens a class or handler to everyone: no credential is read, no call is made, `@CurrentUser()` and
 * `@SessionToken()` are null. It answers also while Hanko is down.
 *
 * @throws HankoConfigurationError `configuration_invalid` if the same class or handler bears another mark, when
 * the class is loaded.
 */
export function Public(): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    markRoute('public', target, property, descriptor);
  };
}
