import type { ExecutionContext } from '@nestjs/common';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { OnExisting } from '../private-field.js';

/**
 * Parameter decorators have no injection, pipes have: so a decorator hands the execution context to a
 * pipe of ours. Global pipes run in between, and Nest's `ValidationPipe` with
 * `validateCustomDecorators` and `whitelist` would empty any object on its way. A function it leaves alone.
 */
export type ContextCarrier = () => void;

class Carrier extends OnExisting {
  #context: ExecutionContext;

  constructor(carrier: ContextCarrier, context: ExecutionContext) {
    super(carrier);
    this.#context = context;
  }

  static give(carrier: ContextCarrier, context: ExecutionContext): ContextCarrier {
    return new Carrier(carrier, context) as object as ContextCarrier;
  }

  static contextOf(carrier: object): ExecutionContext | undefined {
    return #context in carrier ? carrier.#context : undefined;
  }
}

/** ValidationPipe writes `constructor`: as an enumerable property, `forbidNonWhitelisted` would object to it. */
const HIDDEN = { value: Function, configurable: true, writable: true };

export function carry(context: ExecutionContext): ContextCarrier {
  const carrier: ContextCarrier = () => undefined;
  Object.defineProperty(carrier, 'constructor', HIDDEN);
  return Carrier.give(carrier, context);
}

/** @throws HankoConfigurationError if a pipe in between replaced it: nobody is let in on its word. */
export function unpack(carrier: unknown, decorator: string): ExecutionContext {
  const context = typeof carrier === 'function' ? Carrier.contextOf(carrier) : undefined;
  if (context !== undefined) return context;
  throw new HankoConfigurationError([
    {
      path: decorator,
      hint: 'was changed by a global pipe: let that pipe pass on what has metadata.type "custom".',
    },
  ]);
}
