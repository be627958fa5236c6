import type { INestApplicationContext } from '@nestjs/common';
import { type RouteMarks, routeMarks } from '../auth/route-marks.js';
import { describeConnections } from './connections.js';
import { auditedApp, type AuditedApp } from './audited-app.js';
import { type Handler, handlersOf, ourParameters } from './handlers.js';
import { notesOf, problemsOf } from './problems.js';
import type { HankoRouteDescription } from './route-description.js';
import { globalCount, type RunningGuards, runningGuards } from './running-guards.js';
import { isCachedByUrl } from './url-cache.js';

/** A handler with everything that is known about it. */
export interface DescribedHandler {
  readonly handler: Handler;
  readonly guards: RunningGuards;
  readonly marks: RouteMarks;
  readonly description: Omit<HankoRouteDescription, 'route'>;
}

/**
 * Lists every handler of an app that the outside can call, and what protects it, as Nest calls it:
 * ```ts
 * console.table(describeRoutes(app)); // in a test, or in main.ts after NestFactory.create()
 * ```
 * What is `required` is closed by a `HankoAuthGuard` that really runs, bound by `APP_GUARD`, `useGlobalGuards()`,
 * `@UseGuards()` or `@RequireAuth()`. A subclass counts; one with a `canActivate()` of its own has a note that says so.
 *
 * Handlers are those of controllers (requests, messages, events, gRPC), gateways and GraphQL resolvers. Each gateway is listed
 * once more as a whole, for its connections (`CONNECT /chat`): `hankoSockets()` closes those. What middleware
 * answers, what is mounted on the HTTP adapter itself (static files, Swagger UI, Bull Board, metrics), and `resolvers`
 * among the options of `GraphQLModule` are not listed: guards never run for them.
 *
 * @param app once it has its prefix, versioning, global guards and microservices; it need not listen.
 * @returns one entry for each way to call a handler, in the order in which Nest finds them; then one for each gateway.
 * @throws Error for a testing module: the app that it makes has the routes.
 */
export function describeRoutes(app: INestApplicationContext): readonly HankoRouteDescription[] {
  const audited = auditedApp(app);
  return [
    ...descriptionsOf(describeHandlers(audited)),
    ...describeConnections(audited).map(({ description }) => description),
  ];
}

/** Describes every handler as Nest would call it. */
export function describeHandlers(app: AuditedApp): DescribedHandler[] {
  const count = globalCount(app);
  return handlersOf(app).map((handler) => {
    const guards = runningGuards(handler, app);
    const marks = routeMarks(handler.called, handler.host.type);
    const access = accessOf(handler, marks, guards);
    return {
      handler,
      guards,
      marks,
      description: {
        kind: handler.kind,
        handler: handler.name,
        access,
        demands: access === 'required' ? marks.demands : {},
        otherGuards: guards.others,
        problems: problemsOf({
          handler,
          guards,
          access,
          marks,
          parameters: ourParameters(handler),
          isCachedByUrl: isCachedByUrl(handler, app),
          globalCount: count,
        }),
        notes: access === 'public' ? [] : notesOf(guards),
      },
    };
  });
}

function accessOf(
  { graphql }: Handler,
  { mode }: RouteMarks,
  { ours }: RunningGuards,
): HankoRouteDescription['access'] {
  if (mode === 'public') return 'public';
  if (ours) return mode;
  return graphql?.part === 'field' && !graphql.runsGuards ? 'parent' : 'unguarded';
}

/** One description for each way to call a handler. */
export const descriptionsOf = (handlers: readonly DescribedHandler[]): HankoRouteDescription[] =>
  handlers.flatMap(({ handler, description: { kind, ...rest } }) =>
    handler.routes.map((route) => ({ kind, route, ...rest })),
  );
