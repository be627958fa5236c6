import type { INestApplicationContext } from '@nestjs/common';
import { describeRoutes } from './describe-routes.js';
import { BIND } from './problems.js';
import type { HankoRouteDescription } from './route-description.js';

/** What {@link expectNoOpenRoutes} leaves out. */
export interface ExpectNoOpenRoutesOptions {
  /** Routes that are open on purpose, by `route` or by `handler`: `['GET /health', 'AppController.home']`. */
  readonly except?: readonly string[];
}

/**
 * For a test of yours: fails if anyone without a session can reach a handler that you have not named.
 * ```ts
 * expectNoOpenRoutes(app, { except: ['GET /health', 'AppController.home'] });
 * ```
 * Open is all that is not `required`: `@Public()`, `@OptionalAuth()`, and where no `HankoAuthGuard` runs, whatever
 * other guards do. An exception that names no route, or a closed one, fails as well: lists rot.
 *
 * @param app as for `describeRoutes`.
 * @throws Error that lists every such route with its reason and cure; and for an app without a single route.
 */
export function expectNoOpenRoutes(
  app: INestApplicationContext,
  { except = [] }: ExpectNoOpenRoutesOptions = {},
): void {
  const routes = describeRoutes(app);
  if (routes.length === 0) {
    throw new Error('The app has no route at all: hand over the app whose routes are meant.');
  }
  const isOpen = ({ access }: HankoRouteDescription): boolean => access !== 'required';
  const open = routes.filter(
    (route) => isOpen(route) && !except.some((name) => names(name, route)),
  );
  const stale = except.flatMap((name) => {
    const named = routes.filter((route) => names(name, route));
    if (named.some(isOpen)) return [];
    return [
      `  ${name}: ${named.length === 0 ? 'there is no such route or handler' : 'it is closed'}`,
    ];
  });
  const lines = [
    ...(open.length === 0
      ? []
      : [
          `${open.length === 1 ? '1 route is' : `${open.length} routes are`} open:`,
          ...open.map(openLine),
          'Close them, or name them in `except` if that is meant.',
        ]),
    ...(stale.length === 0
      ? []
      : [
          'Take these out of `except`, or write them as the list of describeRoutes() does:',
          ...stale,
        ]),
  ];
  if (lines.length > 0) throw new Error(lines.join('\n'));
}

const names = (name: string, { route, handler }: HankoRouteDescription): boolean =>
  name === route || name === handler;

function openLine({
  route,
  handler,
  access,
  otherGuards,
  problems,
}: HankoRouteDescription): string {
  const reasons = {
    public: '@Public() lets everybody in.',
    optional: '@OptionalAuth() lets anonymous callers in.',
    unguarded:
      `no HankoAuthGuard runs${otherGuards.length === 0 ? '' : `, only ${otherGuards.join(', ')}`}. ` +
      `Bind it: ${BIND}.`,
    required: '',
  };
  const details = problems.map((problem) => `\n    ${problem}`).join('');
  return `  ${route} (${handler}): ${reasons[access]}${details}`;
}
