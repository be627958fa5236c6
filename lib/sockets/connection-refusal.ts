import { HttpException, Logger } from '@nestjs/common';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { isHankoError } from '../errors/hanko.errors.js';
import { describeError } from '../util/describe-error.js';

/** What a client is told whose connection was refused. */
export interface ConnectionRefusal {
  readonly status: number;
  readonly body: { readonly message: string };
  readonly headers: Readonly<Record<string, string>>;
}

const logger = new Logger('HankoAuth');
const failures = new LimitedLog((line) => logger.error(line), 'connections failed');

/** What is no refusal of ours is not for clients, but for the log. */
export function connectionRefusal(error: unknown): ConnectionRefusal {
  if (error instanceof HttpException) {
    const { headers = {} } = error as { readonly headers?: Readonly<Record<string, string>> };
    const status = error.getStatus();
    const body = error.getResponse();
    const told = typeof body === 'string' ? { statusCode: status, message: body } : body;
    return { status, body: told as { message: string }, headers };
  }
  // Wrong options are in the log already.
  if (!isHankoError(error)) logFailure(error);
  return {
    status: 500,
    body: { statusCode: 500, message: 'Internal server error' } as never,
    headers: {},
  };
}

/** @param error of code of the app, which Nest would not log. */
export const logFailure = (error: unknown): void =>
  failures.write(() => `A client could not connect: ${describeError(error)}`);
