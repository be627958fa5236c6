import { applyDecorators, UseGuards } from '@nestjs/common';
import { markDemands, markRoute, type RouteDemands } from '../auth/route-mode.js';
import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { HankoAuthGuard } from '../guards/hanko-auth.guard.js';
import { type HankoSessionPolicy, sessionPolicyFaults } from '../options/session-policy.js';

/** What a route demands of its callers. */
export interface RequireAuthOptions {
  /** Whether Hanko is asked if the session is still alive. Default: the class's, else the module's `session`. */
  readonly session?: HankoSessionPolicy;
}

/**
 * Closes a class or handler: it binds the guard, and beats a `@Public()` or `@OptionalAuth()` on the class.
 * Demands of the handler and its class are merged, one by one; the handler's win.
 *
 * @param options default: nothing beyond a good session token.
 * @throws HankoConfigurationError `configuration_invalid` for a wrong option, and if the same class or
 * handler bears another mark, when the class is loaded.
 */
export function RequireAuth(options: RequireAuthOptions = {}): ClassDecorator & MethodDecorator {
  const faults = faultsIn(options);
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  // A copy: what is changed later was never checked.
  const { session } = options;
  const demands: RouteDemands = session === undefined ? {} : { session: structuredClone(session) };
  return applyDecorators(
    (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
      markRoute('required', target, property, descriptor);
      markDemands(demands, descriptor === undefined ? target : (descriptor.value as object));
    },
    UseGuards(HankoAuthGuard),
  );
}

function faultsIn(options: RequireAuthOptions): ConfigurationFault[] {
  const { session, ...unknown } = options;
  const names = Object.keys(unknown);
  return [
    ...names.map((name) => ({
      path: `@RequireAuth().${name}`,
      hint: 'is not an option: there is session.',
    })),
    ...(session === undefined ? [] : sessionPolicyFaults(session, '@RequireAuth().session')),
  ];
}
