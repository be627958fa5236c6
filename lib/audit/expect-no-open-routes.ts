import type { INestApplicationContext } from '@nestjs/common';
import { auditedApp } from './audited-app.js';
import { describeConnections } from './connections.js';
import { type DescribedHandler, describeHandlers, descriptionsOf } from './describe-routes.js';
import { BIND } from './problems.js';
import type { HankoRouteDescription } from './route-description.js';

/** Options of {@link expectNoOpenRoutes}. */
export interface ExpectNoOpenRoutesOptions {
  /**
   * Routes that are open on purpose, by `route` or by `handler`: `['GET /health', 'AppController.home']`. Default: none.
   * A handler's name that fits several classes is refused: write the route.
   */
  readonly except?: readonly string[];
}

/**
 * Fails a test of yours if anyone without a session can reach a handler that you have not named.
 * ```ts
 * expectNoOpenRoutes(app, { except: ['GET /health', 'AppController.home'] });
 * ```
 * A route is open unless its access is `required` or `parent`: `@Public()`, `@OptionalAuth()`, and routes for which no
 * `HankoAuthGuard` runs, whatever other guards do. Connections to gateways (`CONNECT /chat`) are open without `hankoSockets()`. An exception fails too if it names no route, a closed one, or handlers
 * of several classes.
 *
 * @param app as for `describeRoutes`.
 * @throws Error that lists every such route with its reason and cure; and for an app without a single route.
 */
export function expectNoOpenRoutes(
  app: INestApplicationContext,
  { except = [] }: ExpectNoOpenRoutesOptions = {},
): void {
  const audited = auditedApp(app);
  const routes = [
    ...describeHandlers(audited).flatMap((described) =>
      descriptionsOf([described]).map((route) => ({
        ...route,
        owner: described.handler.host.type as Function,
        isConnection: false,
        isBindable: isReachedByGuards(described),
      })),
    ),
    ...describeConnections(audited).map(({ owner, description }) => ({
      ...description,
      owner,
      isConnection: true,
      isBindable: false,
    })),
  ];
  if (routes.length === 0) {
    throw new Error('The app has no routes. Pass the initialized application under test.');
  }
  const open = routes.filter(
    (route) => isOpen(route) && !except.some((name) => names(name, route)),
  );
  const wrong = except.flatMap((name) => {
    const fault = faultOf(
      name,
      routes.filter((route) => names(name, route)),
    );
    return fault === undefined ? [] : [`  ${name}: ${fault}`];
  });
  const lines = [
    ...(open.length === 0
      ? []
      : [
          `${open.length === 1 ? '1 route is' : `${open.length} routes are`} open:`,
          ...open.map(openLine),
          'Protect them, or list them in `except` if they are open on purpose.',
        ]),
    ...(wrong.length === 0
      ? []
      : ['Remove these from `except`, or write them as describeRoutes() lists them:', ...wrong]),
  ];
  if (lines.length > 0) throw new Error(lines.join('\n'));
}

const isOpen = ({ access }: HankoRouteDescription): boolean =>
  access !== 'required' && access !== 'parent';

const names = (name: string, { route, handler }: HankoRouteDescription): boolean =>
  name === route || name === handler;

/** Why an exception that names these handlers is invalid. */
function faultOf(
  name: string,
  named: readonly (HankoRouteDescription & { readonly owner: Function })[],
): string | undefined {
  if (named.length === 0) return 'no route or handler has this name';
  // Classes of one name in several modules are common, and only one of them may be meant.
  const owners = new Set(named.filter(({ handler }) => handler === name).map(({ owner }) => owner));
  if (owners.size > 1) {
    const routes = [...new Set(named.map(({ route }) => route))];
    return `it fits ${owners.size} classes. Name one of their routes instead: ${routes.join(', ')}`;
  }
  return named.some(isOpen) ? undefined : 'it is not open';
}

function openLine({
  route,
  handler,
  access,
  otherGuards,
  problems,
  isConnection,
  isBindable,
}: HankoRouteDescription & {
  readonly isConnection: boolean;
  readonly isBindable: boolean;
}): string {
  const reasons = {
    public: '@Public() allows everyone.',
    optional: '@OptionalAuth() allows anonymous callers.',
    unguarded: isConnection
      ? 'nothing asks who connects.'
      : `no HankoAuthGuard runs${otherGuards.length === 0 ? '' : `, only ${otherGuards.join(', ')}`}.` +
        (isBindable ? ` Bind it: ${BIND}.` : ''),
    required: '',
    parent: '',
  };
  const details = problems.map((problem) => `\n    ${problem}`).join('');
  return `  ${route} (${handler}): ${reasons[access]}${details}`;
}

/** False where the guard is bound already, or could not run: the problems say what else is to be done. */
const isReachedByGuards = ({ guards, handler }: DescribedHandler): boolean =>
  !guards.missesGlobal && handler.graphql?.runsGuards !== false;
