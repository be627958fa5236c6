import type { Route } from '../server/route.js';

/** Hanko does not look at its database either (hanko backend/handler/health.go). */
export const HEALTH_ROUTES: readonly Route[] = ['alive', 'ready'].map((state) => ({
  method: 'GET',
  path: `/health/${state}`,
  handle: () => ({ status: 200, body: { [state]: true } }),
}));
