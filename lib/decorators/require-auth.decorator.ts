import { applyDecorators, UseGuards } from '@nestjs/common';
import type { RequireAuthOptions } from '../auth/require-auth-options.js';
import { markDemands, markRoute } from '../auth/route-marks.js';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { HankoAuthGuard } from '../guards/hanko-auth.guard.js';
import { sessionPolicyFaults } from '../options/session-policy.js';
import { isObject } from '../util/value-checks.js';
import { plainCopy, requirementFaults } from '../requirements/requirements.js';

/**
 * Closes a class or handler: it binds the guard, and beats a `@Public()` or `@OptionalAuth()` on the class.
 * Demands of the handler and its class are merged, one by one, `claims` claim by claim; the handler's win:
 * ```ts
 * @RequireAuth({ mfa: true, maxAgeSeconds: 300, verifiedEmail: true, claims: { role: 'admin' } })
 * ```
 * Callers that do not meet them are answered 401 `step_up_required` where a new login can help, else 403
 * `requirement_not_met`.
 *
 * @param options default: nothing beyond a good session token.
 * @throws HankoConfigurationError `configuration_invalid` for a wrong option, and if the same class or
 * handler bears another mark, when the class is loaded.
 */
export function RequireAuth(options: RequireAuthOptions = {}): ClassDecorator & MethodDecorator {
  const demands = checkedDemands(options, '@RequireAuth()', { isMerged: true });
  return applyDecorators(
    (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
      markRoute('required', target, property, descriptor);
      markDemands(demands, descriptor === undefined ? target : (descriptor.value as object));
    },
    UseGuards(HankoAuthGuard),
  );
}

/**
 * A copy of what somebody demands: what is read later must be what was checked.
 * @param path where it is written, for the error.
 * @throws HankoConfigurationError for a wrong option.
 */
export function checkedDemands(
  written: RequireAuthOptions,
  path: string,
  { isMerged = false } = {},
): RequireAuthOptions {
  const demands = plainCopy<unknown>(written);
  const session = isObject(demands) ? demands.session : undefined;
  const faults: ConfigurationFault[] = [
    ...requirementFaults(demands, { path, besides: ['session'], isMerged }),
    ...(session === undefined || session === null
      ? []
      : sessionPolicyFaults(session, `${path}.session`)),
  ];
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  return demands as RequireAuthOptions;
}
