import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { describeError } from '../util/describe-error.js';

/**
 * Makes Nest's exception of one kind of handler. It must be Nest's own class: from any other error a caller learns
 * "Internal server error". Undefined where the app has no such handlers.
 */
export type ExceptionOf = (body: object) => unknown;

/** For apps without such handlers, which need not have the package. */
export const NO_EXCEPTION: ExceptionOf = () => undefined;

/**
 * For gateways.
 * @throws HankoConfigurationError `configuration_invalid` if the package cannot be loaded.
 */
export async function loadWsException(): Promise<ExceptionOf> {
  try {
    const { WsException } = await import('@nestjs/websockets');
    return (body) => new WsException(body);
  } catch (error) {
    throw cannotLoad('@nestjs/websockets', 'gateways', error);
  }
}

/**
 * For message handlers.
 * @throws HankoConfigurationError `configuration_invalid` if the package cannot be loaded.
 */
export async function loadRpcException(): Promise<ExceptionOf> {
  try {
    const { RpcException } = await import('@nestjs/microservices');
    return (body) => new RpcException(body);
  } catch (error) {
    throw cannotLoad('@nestjs/microservices', 'message handlers', error);
  }
}

const cannotLoad = (name: string, handlers: string, error: unknown): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: name,
      hint:
        `cannot be loaded from nestjs-hanko, and the app has ${handlers}, whose callers learn of a refusal by its ` +
        `exception: ${describeError(error)}. Install it beside nestjs-hanko, in the version of @nestjs/core.`,
    },
  ]);
