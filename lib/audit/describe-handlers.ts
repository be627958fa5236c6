import { routeDemands, routeMode } from '../auth/route-marks.js';
import type { AppUnderAudit } from './app-under-audit.js';
import { type Handler, handlersOf } from './handlers.js';
import { ourParameters } from './our-parameters.js';
import { problemsOf } from './problems.js';
import type { HankoRouteDescription } from './route-description.js';
import { globalCount, type RunningGuards, runningGuards } from './running-guards.js';

/** A handler with all that is known of it. */
export interface DescribedHandler {
  readonly handler: Handler;
  readonly guards: RunningGuards;
  readonly description: Omit<HankoRouteDescription, 'route'>;
}

/** Looks at every handler, and judges each as Nest would call it. */
export function describeHandlers(app: AppUnderAudit): DescribedHandler[] {
  const count = globalCount(app);
  return handlersOf(app).map((handler) => {
    const guards = runningGuards(handler, app);
    const mode = routeMode(handler.called, handler.owner);
    const access = accessOf(handler, mode, guards);
    const demands = routeDemands(handler.called, handler.owner);
    const parameters = ourParameters(handler);
    return {
      handler,
      guards,
      description: {
        kind: handler.kind,
        handler: handler.name,
        access,
        demands: access === 'required' ? demands : {},
        otherGuards: guards.others,
        problems: problemsOf({
          handler,
          guards,
          access,
          mode,
          demands,
          parameters,
          globalCount: count,
        }),
      },
    };
  });
}

function accessOf(
  { kind }: Handler,
  mode: 'public' | 'optional' | 'required',
  { ours }: RunningGuards,
): HankoRouteDescription['access'] {
  if (mode === 'public') return 'public';
  if (!ours) return 'unguarded';
  // The guard lets nobody through to other kinds, whatever their mark.
  return kind === 'http' ? mode : 'required';
}

/** One description for each way to call a handler. */
export const descriptionsOf = (handlers: readonly DescribedHandler[]): HankoRouteDescription[] =>
  handlers.flatMap(({ handler, description: { kind, ...rest } }) =>
    handler.routes.map((route) => ({ kind, route, ...rest })),
  );
