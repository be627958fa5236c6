import type { ModulesContainer } from '@nestjs/core';
import { classMarks, type RouteMarks, routeMarks } from '../auth/route-marks.js';
import { hostsIn, type Method, methodsOf } from '../discovery/app-classes.js';
import { gatewaysIn } from '../discovery/gateways.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { canAskHanko, type ResolvedHankoOptions } from '../options/hanko-options.js';

/** @throws HankoConfigurationError if a route wants Hanko to be called, and there is no address. */
export function refuseSessionsWithoutApi(
  options: ResolvedHankoOptions,
  modules: ModulesContainer,
): void {
  if (canAskHanko(options)) return;
  const asks = ({ demands }: RouteMarks): boolean => (demands.session ?? 'offline') !== 'offline';
  const callsHanko = ({ called, host }: Method): boolean => asks(routeMarks(called, host.type));
  const gateways = new Set(gatewaysIn(modules).map(({ type }) => type));
  const names = hostsIn(modules, 'controllers', 'providers')
    .filter(
      (host) =>
        host.isMadeByNest &&
        (methodsOf(host).some(callsHanko) ||
          // Whoever connects is asked for what its class demands.
          (gateways.has(host.type) && asks(classMarks(host.type)))),
    )
    .map(({ type }) => type.name);
  const faults = [...new Set(names)].map((path) => ({
    path,
    hint: 'has @RequireAuth({ session }), which calls Hanko. Set apiUrl or HANKO_API_URL.',
  }));
  if (faults.length > 0) throw new HankoConfigurationError(faults);
}
