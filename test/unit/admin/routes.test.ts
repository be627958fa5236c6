import { describe, expect, it } from 'vitest';
import { adminRoutes } from '../../../fake-hanko/src/api/admin-routes.js';
import type { AdminServices } from '../../../fake-hanko/src/api/admin-services.js';
import { HEALTH_ROUTES } from '../../../fake-hanko/src/api/health-routes.js';
import {
  managementRoutes,
  type TenantKeeper,
} from '../../../fake-hanko/src/api/management-routes.js';
import type { Route } from '../../../fake-hanko/src/server/route.js';
import { ADMIN_ROUTES, callsOf, MANAGEMENT_ROUTES } from '../../contract/routes.js';

const namesOf = (routes: readonly Route[]): readonly string[] =>
  routes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':id')}`).toSorted();

/** Routes are only looked at, not called. */
const nothing = { settings: { sessionEvents: 'on' } } as unknown as AdminServices & TenantKeeper;

describe('HankoAdmin has a method for every route', () => {
  it('of the Admin API', () => {
    const served = namesOf([...adminRoutes(nothing), ...HEALTH_ROUTES]);
    expect(Object.keys(callsOf(ADMIN_ROUTES)).toSorted()).toEqual(served);
    expect(served).toHaveLength(32);
  });

  it('of the management API', () => {
    const health = namesOf(HEALTH_ROUTES);
    const served = namesOf(managementRoutes(nothing)).filter((name) => !health.includes(name));
    expect(Object.keys(callsOf(MANAGEMENT_ROUTES)).toSorted()).toEqual(served);
    expect(served).toHaveLength(10);
  });
});
