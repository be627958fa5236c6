import { type ExecutionContext, InternalServerErrorException } from '@nestjs/common';
import { isFunction, isObject } from '../util/value-checks.js';
import { argsOf, endRawCall, isRawCall } from './grpc.js';

/** Kinds of handlers whose callers learn from Nest that something failed, and not what. */
const HIDDEN_BY_NEST: ReadonlySet<string> = new Set(['http', 'ws', 'rpc']);

/**
 * What is thrown in place of an error that callers must not read. What calls handlers of any other kind, GraphQL for one,
 * tells callers the message of any error.
 * @returns the error itself where Nest hides what it says.
 */
export function withoutMessage(error: unknown, context: ExecutionContext | undefined): unknown {
  return context === undefined || HIDDEN_BY_NEST.has(context.getType())
    ? error
    : internalError(error);
}

/** An exception that says nothing, in the form of all that answer callers. Nest does not log it. */
export function internalError(cause: unknown): InternalServerErrorException {
  const body = { statusCode: 500, message: 'Internal server error' };
  const exception = new InternalServerErrorException(body, { cause });
  // For GraphQL, in the form of all our errors.
  const extensions = { code: 'INTERNAL_SERVER_ERROR', status: 500, originalError: body };
  return Object.defineProperty(exception, 'extensions', { value: extensions });
}

/**
 * Ends a call for whose exceptions Nest lets the process end: a bug in an extractor must not be a way to do so.
 * @returns a promise that stays pending; undefined where the error is to be thrown.
 */
export function endedInstead(
  thrown: unknown,
  context: ExecutionContext | undefined,
): Promise<never> | undefined {
  if (context?.getType() !== 'rpc') return undefined;
  const args = argsOf(context);
  return isRawCall(args) ? endRawCall(args, statusOf(thrown)) : undefined;
}

/** What Nest answers other calls of gRPC with: what an RpcException says, and of other errors nothing. */
function statusOf(thrown: unknown): object {
  const said: unknown =
    isObject(thrown) && isFunction(thrown.getError) ? thrown.getError() : undefined;
  return isObject(said) ? said : { code: 2, details: 'Internal server error' };
}
