import { HttpException, Logger } from '@nestjs/common';
import { describeError } from '../util/describe-error.js';

/** What a client is told whose connection was refused. */
export interface ConnectionRefusal {
  readonly status: number;
  readonly body: { readonly message: string };
  readonly headers: Readonly<Record<string, string>>;
}

const logger = new Logger('HankoAuth');

/** What is no refusal of ours is not for clients. */
export function connectionRefusal(error: unknown): ConnectionRefusal {
  if (error instanceof HttpException) {
    const { headers = {} } = error as { readonly headers?: Readonly<Record<string, string>> };
    const body = error.getResponse();
    const told = typeof body === 'string' ? { statusCode: error.getStatus(), message: body } : body;
    return { status: error.getStatus(), body: told as { message: string }, headers };
  }
  logger.error(error instanceof Error ? (error.stack ?? error.message) : describeError(error));
  const body = { statusCode: 500, message: 'Internal server error' };
  return { status: 500, body, headers: {} };
}
