import { andThen } from '../util/maybe-promise.js';
import { parameter, parameterPipe } from './hanko-parameter.js';

const pipe = parameterPipe('@SessionToken()', (hanko, context) =>
  andThen(hanko.authenticateRoute(context), (found) => found?.token ?? null),
);

/**
 * Injects the verified session token (a JWT in compact form), to call Hanko or another service on the
 * user's behalf. It is a credential: do not log or store it.
 *
 * Example: `logout(@SessionToken() token: string)`
 *
 * Like `@CurrentUser()` it authenticates by itself where no guard ran, and is null only on
 * `@Public()` and `@OptionalAuth()` routes.
 */
export function SessionToken(): ParameterDecorator {
  return parameter(pipe);
}
