import { type ExecutionContext, InternalServerErrorException } from '@nestjs/common';

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
