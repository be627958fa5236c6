import { type HankoAuthError, HankoConfigurationError } from '../errors/hanko.errors.js';
import { describeError } from '../util/describe-error.js';

/**
 * Makes Nest's exception of one kind of handler, with our error as its `cause`. It must be Nest's own class: from any other
 * error a caller learns "Internal server error". Where the app has no such handlers, it is our error.
 */
export type ExceptionOf = (body: object, cause: HankoAuthError) => unknown;

/** For apps without such handlers, which need not have the package. */
export const NO_EXCEPTION: ExceptionOf = (_body, cause) => cause;

/** For handlers that the modules of the app do not show when it starts: the class is loaded at the first refusal. */
export function atFirstRefusal(load: () => Promise<ExceptionOf>): ExceptionOf {
  let loading: Promise<ExceptionOf> | undefined;
  return async (body, cause) => {
    loading ??= load().catch(() => NO_EXCEPTION);
    return (await loading)(body, cause);
  };
}

/**
 * For gateways.
 * @throws HankoConfigurationError `configuration_invalid` if the package cannot be loaded.
 */
export async function loadWsException(): Promise<ExceptionOf> {
  try {
    const { WsException } = await import('@nestjs/websockets');
    return (body, cause) => causedBy(new WsException(body), cause);
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
    return (body, cause) => causedBy(new RpcException(body), cause);
  } catch (error) {
    throw cannotLoad('@nestjs/microservices', 'message handlers', error);
  }
}

/** For exception filters of the app. Not enumerable: no serializer takes it along. */
const causedBy = (exception: Error, cause: HankoAuthError): Error =>
  Object.defineProperty(exception, 'cause', { value: cause, configurable: true, writable: true });

const cannotLoad = (name: string, handlers: string, error: unknown): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: name,
      hint:
        `cannot be loaded from nestjs-hanko, and the app has ${handlers}, whose callers learn of a refusal by its ` +
        `exception: ${describeError(error)}. Install it beside nestjs-hanko, in the version of @nestjs/core.`,
    },
  ]);
