import type { ExecutionContext } from '@nestjs/common';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import type { HankoCall } from '../transports/transport.js';
import { endedInstead, withoutMessage } from '../transports/unknown-errors.js';
import { isPromise } from '../util/maybe-promise.js';
import type { AuthenticationLog } from './authentication-log.js';
import { isAuthError } from './token-authenticator.js';

/** Throws what ends a call, in the form of the way it came. */
export class RefusedCalls {
  constructor(private readonly log: AuthenticationLog) {}

  /**
   * @param name of the handler, for the log.
   * @returns a promise where a transport has ended the call by itself, and nothing may be thrown.
   */
  refuse(
    error: unknown,
    call: HankoCall,
    name: string | undefined,
    context: ExecutionContext | undefined,
  ): Promise<never> {
    if (!isAuthError(error)) return this.end(this.hidden(error, context), context);
    const told = this.toldTo(call, error, name, context);
    return isPromise(told) ? this.endWhenTold(told, context) : this.end(told, context);
  }

  private async endWhenTold(
    told: Promise<unknown>,
    context: ExecutionContext | undefined,
  ): Promise<never> {
    return this.end(await told, context);
  }

  private end(thrown: unknown, context: ExecutionContext | undefined): Promise<never> {
    const ended = endedInstead(thrown, context);
    if (ended === undefined) throw thrown;
    this.log.failed(thrown);
    return ended;
  }

  /** What is thrown in place of an error that is not for callers. */
  hidden(error: unknown, context: ExecutionContext | undefined): unknown {
    const thrown = withoutMessage(error, context);
    // Nest logs what it does not know, and this one it knows.
    if (thrown !== error) this.log.failed(error);
    return thrown;
  }

  private toldTo(
    call: HankoCall,
    error: HankoAuthError,
    name: string | undefined,
    context: ExecutionContext | undefined,
  ): unknown {
    try {
      call.setHeaders?.(error.headers);
      return call.refusal?.(error) ?? error;
    } catch (broken) {
      this.log.refused({}, broken, name, call);
      return this.hidden(broken, context);
    }
  }
}
