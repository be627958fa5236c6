import { parameter, parameterPipe } from './hanko-parameter.js';

const pipe = parameterPipe('@SessionSignal()', (hanko, context) => hanko.sessionSignal(context));

/**
 * Injects an `AbortSignal` that aborts when the caller's session ends: when the token expires, when the session is revoked,
 * and when Hanko says that it is over, if the session policy of the route asks. `signal.reason` is the error: a
 * `HankoTokenError`, or a `HankoUnavailableError` where nobody could say for too long whether the session is alive.
 *
 * Example: `export(@SessionSignal() signal: AbortSignal)`
 *
 * It is forgotten once the response has been sent, or the socket has closed; in messages of microservices and unary calls of
 * gRPC, which do not tell when they are over, once the session ends. Like `@CurrentUser()` it authenticates by itself where
 * no guard ran, and is null only on `@Public()` and `@OptionalAuth()` routes.
 */
export function SessionSignal(): ParameterDecorator {
  return parameter(pipe);
}
