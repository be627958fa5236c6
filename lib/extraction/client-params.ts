import { isObject } from '../util/value-checks.js';
import { headerValues, type IncomingRequest } from './request.js';

/**
 * The request as extractors see it where the client said more beside its header fields (`connectionParams` and the
 * like): what it said of a bearer token counts as further `Authorization` fields. So all the rules of those hold: two
 * different bearers contradict each other, and a bad one never falls through to the cookie.
 */
export function withParams(request: IncomingRequest, params: unknown): IncomingRequest {
  const said = authorizationsIn(params);
  if (said.length === 0) return request;
  const authorization = [...headerValues(request, 'authorization'), ...said];
  return {
    method: request.method,
    headers: { ...request.headers, authorization },
    rawHeaders: request.rawHeaders ?? request.raw?.rawHeaders,
    cookies: request.cookies,
  };
}

/** Its own fields only: one that stands on every object's prototype was said by nobody. */
function authorizationsIn(params: unknown): readonly string[] {
  if (!isObject(params)) return [];
  const token = ownField(params, 'token');
  const headers = ownField(params, 'headers');
  return [
    ...(isNothing(token) ? [] : [typeof token === 'string' ? `Bearer ${token}` : NO_BEARER]),
    ...authorizationFields(params),
    ...(isObject(headers) ? authorizationFields(headers) : []),
  ];
}

const authorizationFields = (fields: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(fields)
    .filter((name) => name.toLowerCase() === 'authorization')
    .flatMap((name): unknown => fields[name])
    .filter((value) => !isNothing(value))
    .map((value) => (typeof value === 'string' ? value : NO_BEARER));

const ownField = (fields: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

const isNothing = (value: unknown): boolean => value === undefined || value === null;

/** What is no text is a bad bearer, and must not pass for none. */
const NO_BEARER = 'Bearer ';
