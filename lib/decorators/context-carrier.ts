import { type ExecutionContext, Logger } from '@nestjs/common';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { internalError } from '../transports/unknown-errors.js';

/**
 * Parameter decorators have no injection, pipes have: so a decorator hands the execution context to a
 * pipe of ours. Global pipes run in between, and Nest's `ValidationPipe` with
 * `validateCustomDecorators` and `whitelist` would empty any object on its way. A function it leaves alone.
 */
export type ContextCarrier = () => void;

/** What the carrier that was called last holds: only the ones made here can set it. */
let handedOver: ExecutionContext | undefined;

/** ValidationPipe writes `constructor`: as an enumerable property, `forbidNonWhitelisted` would object to it. */
const prototype: object = Object.create(Function.prototype, {
  constructor: {
    get: () => Function,
    set(this: ContextCarrier, value: unknown) {
      Object.defineProperty(this, 'constructor', { value, configurable: true, writable: true });
    },
  },
});

export function carry(context: ExecutionContext): ContextCarrier {
  const carrier: ContextCarrier = () => {
    handedOver = context;
  };
  return Object.setPrototypeOf(carrier, prototype) as ContextCarrier;
}

/**
 * If a pipe in between replaced it, nobody is let in on its word. Nor is the caller told so: without the context it is not
 * known whether Nest would hide the message.
 * @throws InternalServerErrorException, caused by the HankoConfigurationError that the log has.
 */
export function unpack(carrier: unknown, decorator: string): ExecutionContext {
  const isCarrier = typeof carrier === 'function' && Object.getPrototypeOf(carrier) === prototype;
  if (isCarrier) (carrier as ContextCarrier)();
  const context = handedOver;
  handedOver = undefined;
  if (isCarrier && context !== undefined) return context;
  const error = new HankoConfigurationError([
    {
      path: decorator,
      hint: 'was changed by a global pipe: make that pipe return values whose metadata.type is "custom" unchanged.',
    },
  ]);
  new Logger('HankoAuth').error(error.message);
  throw internalError(error);
}
