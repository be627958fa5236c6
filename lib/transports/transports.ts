import type { ExecutionContext } from '@nestjs/common';
import { HankoContextError } from '../errors/hanko.errors.js';
import { handlerName } from '../extraction/request.js';
import { httpTransport } from './http.js';
import type { HankoCall, HankoTransport } from './transport.js';

/** All there are: a new one is one file, and one line here. */
export const TRANSPORTS: readonly HankoTransport[] = [httpTransport];

export function isExecutionContext(source: unknown): source is ExecutionContext {
  return (
    typeof source === 'object' &&
    source !== null &&
    'switchToHttp' in source &&
    typeof source.switchToHttp === 'function'
  );
}

/**
 * The call behind an execution context.
 * @throws HankoContextError if no transport knows it.
 */
export function openCall(
  context: ExecutionContext,
  transports: readonly HankoTransport[],
): HankoCall {
  // Contexts that code makes by hand say anything.
  const type: unknown = context.getType();
  for (const transport of transports) {
    const call = transport.type === type ? transport.open(context) : undefined;
    if (call !== undefined) return call;
  }
  const known = new Set(transports.map((transport) => transport.type));
  throw new HankoContextError(String(type), handlerName(context), [...known]);
}
