import type { ModulesContainer } from '@nestjs/core';
import { routeMarks } from '../auth/route-marks.js';
import { hostsIn, type Method, methodsOf } from '../discovery/app-classes.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';

/** @throws HankoConfigurationError if a route wants Hanko to be called, and there is no address. */
export function refuseSessionsWithoutApi(
  { apiUrl }: ResolvedHankoOptions,
  modules: ModulesContainer,
): void {
  if (apiUrl !== null) return;
  const callsHanko = ({ called, host }: Method): boolean => {
    const { session } = routeMarks(called, host.type).demands;
    return (session ?? 'offline') !== 'offline';
  };
  const names = hostsIn(modules, 'controllers', 'providers')
    .filter((host) => host.isMadeByNest && methodsOf(host).some(callsHanko))
    .map(({ type }) => type.name);
  const faults = [...new Set(names)].map((path) => ({
    path,
    hint: 'has @RequireAuth({ session }), which calls Hanko. Set apiUrl or HANKO_API_URL.',
  }));
  if (faults.length > 0) throw new HankoConfigurationError(faults);
}
