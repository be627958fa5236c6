import { Logger } from '@nestjs/common';
import type { HankoRouteDescription } from './route-description.js';

const LOGGER = 'HankoRoutes';

/** One line a route, then what the list cannot tell. */
export function logRoutes(routes: readonly HankoRouteDescription[]): void {
  const logger = new Logger(LOGGER);
  for (const line of [...routeLines(routes), ...linesOf(routes, 'notes'), ADAPTER]) {
    logger.log(line);
  }
}

/** Each problem once, as a warning. */
export function logProblems(routes: readonly HankoRouteDescription[]): void {
  const logger = new Logger(LOGGER);
  for (const line of linesOf(routes, 'problems')) logger.warn(line);
}

const ADAPTER =
  'Not listed, because no guard runs for it: middleware, and what is mounted on the HTTP adapter itself, such as ' +
  'static files, Swagger UI, Bull Board or metrics. hankoMiddleware() protects it.';

/** Columns: access, route, handler, what is demanded, which other guards run. */
function routeLines(routes: readonly HankoRouteDescription[]): string[] {
  const width = Math.max(0, ...routes.map(({ route }) => route.length));
  return routes.map(({ access, route, handler, demands, otherGuards }) => {
    const details = [...Object.keys(demands), ...otherGuards];
    const line = `${access.padEnd('unguarded'.length)}  ${route.padEnd(width)}  ${handler}`;
    return details.length === 0 ? line : `${line} (${details.join(', ')})`;
  });
}

/** Each sentence once, with the handlers that it is about. */
function linesOf(routes: readonly HankoRouteDescription[], kind: 'problems' | 'notes'): string[] {
  const handlers = new Map<string, Set<string>>();
  for (const { handler, [kind]: sentences } of routes) {
    for (const sentence of sentences) {
      const known = handlers.get(sentence) ?? new Set();
      handlers.set(sentence, known.add(handler));
    }
  }
  return [...handlers].map(([sentence, names]) => `${[...names].join(', ')}: ${sentence}`);
}
