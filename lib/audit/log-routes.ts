import { Logger } from '@nestjs/common';
import type { HankoRouteDescription } from './route-description.js';

/** One line a route; each problem once, as a warning. */
export function logRoutes(routes: readonly HankoRouteDescription[]): void {
  const logger = new Logger('HankoRoutes');
  for (const line of routeLines(routes)) logger.log(line);
  for (const line of problemLines(routes)) logger.warn(line);
}

/** Columns: access, route, handler, what is demanded, which other guards run. */
function routeLines(routes: readonly HankoRouteDescription[]): string[] {
  const width = Math.max(0, ...routes.map(({ route }) => route.length));
  return routes.map(({ access, route, handler, demands, otherGuards }) => {
    const notes = [...Object.keys(demands), ...otherGuards];
    const line = `${access.padEnd('unguarded'.length)}  ${route.padEnd(width)}  ${handler}`;
    return notes.length === 0 ? line : `${line} (${notes.join(', ')})`;
  });
}

/** Each problem once, with the handlers that have it. */
function problemLines(routes: readonly HankoRouteDescription[]): string[] {
  const handlers = new Map<string, Set<string>>();
  for (const { handler, problems } of routes) {
    for (const problem of problems) {
      const known = handlers.get(problem) ?? new Set();
      handlers.set(problem, known.add(handler));
    }
  }
  return [...handlers].map(([problem, names]) => `${[...names].join(', ')}: ${problem}`);
}
