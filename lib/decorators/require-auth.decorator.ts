import { applyDecorators, UseGuards } from '@nestjs/common';
import { markRoute } from '../auth/route-mode.js';
import { HankoAuthGuard } from '../guards/hanko-auth.guard.js';

/**
 * Closes a class or handler: it binds the guard, and beats a `@Public()` or `@OptionalAuth()` on the class.
 *
 * @throws HankoConfigurationError `configuration_invalid` if the same class or handler bears another mark, when
 * the class is loaded.
 */
export function RequireAuth(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
      markRoute('required', target, property, descriptor);
    },
    UseGuards(HankoAuthGuard),
  );
}
