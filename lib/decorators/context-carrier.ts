import type { ExecutionContext } from '@nestjs/common';
import { HankoConfigurationError } from '../errors/hanko.errors.js';

/**
 * Parameter decorators have no injection, pipes have: so a decorator hands the execution context to a
 * pipe of ours. Global pipes run in between, and Nest's `ValidationPipe` with
 * `validateCustomDecorators` and `whitelist` would empty any object on its way. A function it leaves alone.
 */
export type ContextCarrier = () => ExecutionContext;

const carriers = new WeakSet<object>();

export function carry(context: ExecutionContext): ContextCarrier {
  const carrier: ContextCarrier = () => context;
  // ValidationPipe writes `constructor`: hidden, or `forbidNonWhitelisted` would object to it.
  Object.defineProperty(carrier, 'constructor', {
    value: Function,
    configurable: true,
    writable: true,
  });
  carriers.add(carrier);
  return carrier;
}

/** @throws HankoConfigurationError if a pipe in between replaced it: nobody is let in on its word. */
export function unpack(carrier: unknown, decorator: string): ExecutionContext {
  if (typeof carrier === 'function' && carriers.has(carrier)) return (carrier as ContextCarrier)();
  throw new HankoConfigurationError([
    {
      path: decorator,
      hint: 'was changed by a global pipe: let that pipe pass on what has metadata.type "custom".',
    },
  ]);
}
