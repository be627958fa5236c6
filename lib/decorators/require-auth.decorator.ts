import { UseGuards } from '@nestjs/common';
import type { RequireAuthOptions } from '../auth/require-auth-options.js';
import { markDemands, markRoute } from '../auth/route-marks.js';
import { markedBy } from '../discovery/mark-storage.js';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { HankoAuthGuard } from '../guards/hanko-auth.guard.js';
import { sessionPolicyFaults } from '../options/session-policy.js';
import { isObject } from '../util/value-checks.js';
import { plainCopy, requirementFaults } from '../requirements/requirement-faults.js';

const DECORATOR = '@RequireAuth()';

/**
 * Requires authentication for a class or handler: it binds the guard, and overrides a `@Public()` or `@OptionalAuth()`
 * on the class.
 *
 * Example: `@RequireAuth({ mfa: true, maxAgeSeconds: 300, verifiedEmail: true, claims: { role: 'admin' } })`
 *
 * Demands of the handler and its class are merged one by one, and `claims` claim by claim; the handler's override the
 * class's. A method that overrides one of a base class inherits its demands. Callers that do not meet them get 401
 * `step_up_required` where a new login can help, else 403 `requirement_not_met`.
 *
 * Write it above every decorator that replaces the method (timing, transactions, retries, caches): Nest reads guards
 * from the function that it calls. If the guard is lost, the app does not start.
 *
 * @param options demands beyond a valid session token. Default: none.
 * @throws HankoConfigurationError `configuration_invalid` for a wrong option, if the same class or handler has another
 * mark, and on what is neither a class nor a method, when the class is loaded; and when the app starts, if no
 * `HankoAuthGuard` runs for the handler, or if it stands on a method that is no handler.
 */
export function RequireAuth(options: RequireAuthOptions = {}): ClassDecorator & MethodDecorator {
  const demands = checkedDemands(options, DECORATOR, { isMerged: true });
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    const marked = markedBy(DECORATOR, target, property, descriptor);
    markRoute('required', marked);
    markDemands(demands, marked);
    UseGuards(HankoAuthGuard)(marked.target as Function);
  };
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
