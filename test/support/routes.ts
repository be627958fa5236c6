import type { INestApplication } from '@nestjs/common';
import { describeRoutes, type HankoRouteDescription } from 'nestjs-hanko/testing';
import type { RunningApp } from './app.js';

/** Descriptions by route: what a test wants to know of each. */
export const routesOf = (app: INestApplication): ReadonlyMap<string, HankoRouteDescription> =>
  new Map(describeRoutes(app).map((description) => [description.route, description]));

/** `access` by route. */
export const accessOf = (app: INestApplication): Readonly<Record<string, string>> =>
  Object.fromEntries(describeRoutes(app).map(({ route, access }) => [route, access]));

/** A path that a route serves: parameters and wildcards get a value. */
const callable = (path: string): string => path.replaceAll(/:\w+|\*\w*/g, 'x');

/**
 * Asks each HTTP route without a credential.
 * @returns whether it was refused with 401, by route; routes that are not there are an error.
 */
export async function refusals(
  running: RunningApp,
): Promise<Readonly<Record<string, 'refused' | 'let in'>>> {
  const found: [string, 'refused' | 'let in'][] = [];
  for (const { kind, route } of describeRoutes(running.app)) {
    if (kind !== 'http') continue;
    const [, method = '', path = '', version] =
      /^(\S+) (\S+)(?: \(version (\S+)\))?/.exec(route) ?? [];
    const { status, text } = await running.request(
      method === 'ALL' ? 'PATCH' : method,
      callable(path),
      version === undefined ? {} : { 'X-Version': version },
    );
    if (status === 404 || status >= 500) throw new Error(`${route} answers ${status} ${text}`);
    found.push([route, status === 401 ? 'refused' : 'let in']);
  }
  return Object.fromEntries(found);
}

/** What {@link refusals} must find, by what the audit says. */
export const promised = (app: INestApplication): Readonly<Record<string, 'refused' | 'let in'>> =>
  Object.fromEntries(
    describeRoutes(app)
      .filter(({ kind }) => kind === 'http')
      .map(({ route, access }) => [route, access === 'required' ? 'refused' : 'let in']),
  );
